"""Whole messages that steer a form, such as `skip` or `जमा करें`; the lists are in `locale/grievance_words.toml`."""

from functools import cache

import regex

from actions.parsing.phrases import command_lists
from actions.parsing.text import fold, plain

_SPARE = regex.compile(r"[^\p{L}\p{M}\p{N}']+")
_POLITE = frozenset({"please", "pls", "plz", "kripya", "कृपया", "ji", "जी", "sir", "ok", "bhai", "भाई"})


def _bare(text: str) -> str:
    words = _SPARE.sub(" ", fold(plain(text))).split()
    return " ".join(word for word in words if word not in _POLITE)


@cache
def _commands() -> dict[str, str]:
    return {_bare(phrase): name for name, listed in command_lists().items() for phrase in listed}


def command_in(text: str) -> str | None:
    """What a whole message orders: skip, go_back, cancel, submit or done; None when it is something else."""
    return _commands().get(_bare(text)) if text else None
