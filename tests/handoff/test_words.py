"""What pages say: names half hidden, times of India, and a sentence for every key that pages use."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polib
import pytest

from core.i18n import LANGUAGES
from handoff.desk import words

DESK = Path("handoff/desk")
FOLDERS = ("templates", "templates/grievances", "grievances", ".")
NOW = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Meera Devi", "M•• D••"),
        ("मीरा देवी", "मी•• दे••"),
        ("", "?"),
        (None, "?"),
        ("  ", "?"),
        ("a b c d", "a•• b•• c••"),
    ],
)
def test_names_half_hidden(name: str | None, masked: str) -> None:
    assert words.masked_name(name, "?") == masked


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(-5, "just now"), (0.5, "just now"), (1, "1 min"), (61, "1 h 1 min"), (60 * 26, "1 d 2 h")],
)
def test_waiting_times(minutes: float, said: str) -> None:
    assert words.wait(words.speaker("en"), NOW - timedelta(minutes=minutes), NOW) == said


def test_times_are_those_of_india() -> None:
    assert words.clock_time(NOW, NOW, "en") == "01:30"
    assert words.clock_time(NOW - timedelta(hours=3), NOW, "en") == "2 Nov, 22:30"
    assert "नव" in words.clock_time(NOW - timedelta(hours=3), NOW, "hi")


@pytest.mark.parametrize(("value", "masked"), [("+910000000123", "•••• 0123"), ("ab", "••••")])
def test_addresses_half_hidden(value: str, masked: str) -> None:
    assert words.masked_address("", value).strip() == masked


def test_pages_use_every_sentence_and_lack_none() -> None:
    sources = "\n".join(path.read_text("utf-8") for folder in FOLDERS for path in (DESK / folder).glob("*.[hp][ty]*"))
    keys = {entry.msgid.removeprefix("desk.") for entry in polib.pofile("locale/en/desk.po")}
    of_queue = {entry.msgid.removeprefix("queue.") for entry in polib.pofile("locale/en/queue.po")}
    used = set(re.findall(r"""say\(\s*["'](\w+)["'][,)]""", sources))
    assert used <= keys | of_queue
    families = (
        "reason_", "channel_", "language_", "disposition_", "tick_", "media_", "by_", "event_", "because_", "act_",
        "done_", "refused_", "duplicate_", "elsewhere_", "letter_", "clock_", "due_", "room_why_", "history_by_",
    )  # fmt: skip
    quoted = set(re.findall(r"""["'](\w+)["']""", sources))
    assert {key for key in keys - quoted if not key.startswith(families)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_codes_that_have_no_sentence_are_shown_as_they_are(language: str) -> None:
    say = words.speaker(language)
    assert "flood" in words.reason(say, "flood")
    assert words.channel_name(say, "signal") == "signal"
    assert words.language_name(say, None) == say("language_unknown")
