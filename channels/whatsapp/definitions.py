"""The templates that WhatsApp approves beforehand: what each says in each language, for which notice; pure."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.events import OutboundContent
from core.i18n import LANGUAGES, MissingSentence, sentence

FOLDER = Path(__file__).resolve().parent / "templates"
MAX_BODY = 1024
"""Longest text of a template with its variables filled in: https://www.twilio.com/docs/content/whatsapp-limits"""
PREFIX = "sahayak_"
_PARAMETER = re.compile(r"{(\w+)}")
_DIGEST = 8


@dataclass(frozen=True)
class Definition:
    """One template in one language.

    Attributes:
        notice: Key of the sentence that it stands for.
        text: Key of its own words.
        language: One of ours.
        provider_language: The language that the provider is told.
        category: As WhatsApp names it.
        variables: Names of its variables, in the order of their numbers.
        samples: A believable value of each, for those who approve it.
        buttons: Titles of its quick replies.
    """

    notice: str
    text: str
    language: str
    provider_language: str
    category: str
    variables: tuple[str, ...]
    samples: tuple[str, ...]
    buttons: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """Its words with numbered variables."""
        numbers = {name: number for number, name in enumerate(self.variables, start=1)}
        return _PARAMETER.sub(lambda found: f"{{{{{numbers[found[1]]}}}}}", _words(self.text, self.language))

    @property
    def stem(self) -> str:
        """What its name begins with, whatever it says."""
        return f"{PREFIX}{self.notice.replace('.', '_')}_{self.language.lower().replace('-', '_')}_"

    @property
    def name(self) -> str:
        """Its name at the provider: other words make another template, since an approved one cannot be changed."""
        said = "\0".join([self.provider_language, self.category, self.body, *self.buttons])
        return self.stem + hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]

    def is_other_version(self, name: str) -> bool:
        """Whether a name is that of the same template with other words."""
        digest = name.removeprefix(self.stem)
        return name != self.name and name.startswith(self.stem) and re.fullmatch(r"[0-9a-f]{8}", digest) is not None

    def values(self, content: OutboundContent) -> tuple[str, ...] | None:
        """The values of its variables with which it says the whole of a content; None when it cannot.

        It cannot say a part of a notice that was cut in two, words that were changed since, or what is too long for it.
        """
        params = {name: str(value) for name, value in content.params.items()}
        titles = tuple(button.title for button in content.buttons)
        if content.key != self.notice or titles != self.buttons or not set(self.variables) <= set(params):
            return None
        if content.text != _said(self.notice, self.language, params):
            return None
        values = tuple(one_line(params[name]) for name in self.variables)
        return values if all(values) and len(self.filled(values)) <= MAX_BODY else None

    def filled(self, values: tuple[str, ...]) -> str:
        """What the contact reads."""
        given = dict(zip(self.variables, values, strict=True))
        return _PARAMETER.sub(lambda found: given[found[1]], _words(self.text, self.language))


def one_line(value: str) -> str:
    """A value as WhatsApp takes it: without line breaks, tabs and rows of spaces."""
    return " ".join(value.split())


def _words(key: str, language: str) -> str:
    return sentence(key.partition(".")[0], key, language)


def _said(key: str, language: str, params: dict[str, str]) -> str | None:
    try:
        return sentence(key.partition(".")[0], key, language, **params)
    except (MissingSentence, KeyError):
        return None


@cache
def definitions() -> tuple[Definition, ...]:
    """Every template in every language, in the order of the files."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
        for one in listed["template"]:
            for language in LANGUAGES:
                samples = listed["samples"][language]
                found.append(
                    Definition(
                        notice=one["notice"],
                        text=one.get("text", one["notice"]),
                        language=language,
                        provider_language=listed["provider_language"][language],
                        category=listed["category"],
                        variables=tuple(one["variables"]),
                        samples=tuple(samples[name] for name in one["variables"]),
                        buttons=tuple(_words(key, language) for key in one.get("buttons", ())),
                    )
                )
    return tuple(found)


@cache
def _by_notice() -> dict[tuple[str, str], Definition]:
    return {(one.notice, one.language): one for one in definitions()}


def definition_for(content: OutboundContent) -> Definition | None:
    """The template that stands for a notice, whether or not it can say the whole of it."""
    return _by_notice().get((content.key, content.language))
