"""``make story``: follows one invented grievance through breach, hub, closing, poor feedback, appeal and final closing.

On a database of its own in a temporary folder; nothing is made up but the people, their words and the clock. Printed is
day by day every event of the ledger, and every message exactly as the contact gets it.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import structlog
from babel.dates import format_date

from core.clock import INDIA
from core.i18n import LANGUAGES
from grievances import reference
from grievances import service as grievances
from tools.story.tale import FILED_ON, Line, Tale, opened

_WHO = {"system": "clocks", "officer": "officer", "contact": "contact"}
_SHOWN = ("deadline", "from_level", "to_level", "because", "outcome", "rating", "until")


def printed(lines: Sequence[Line]) -> Iterator[str]:
    """The story as text."""
    for day, of_day in groupby(lines, key=lambda line: line.at.astimezone(INDIA).date()):
        yield ""
        yield f"── {format_date(day, 'EEEE, d MMMM y', locale='en_IN')}, day {(day - FILED_ON).days} " + "─" * 30
        for line in of_day:
            yield from _one(line)


def _one(line: Line) -> Iterator[str]:
    hour = f"{line.at.astimezone(INDIA):%H:%M}"
    if line.event is not None:
        details = line.event.details or {}
        more = ", ".join(f"{name} {details[name]}" for name in _SHOWN if name in details)
        what = f"{line.event.kind.value} by {_WHO[line.event.actor.value]} -> {line.event.to_status.value}"
        yield f"{hour}  · {what}{f' ({more})' if more else ''}"
    elif line.content is None:
        yield f"{hour}  contact writes:"
        yield from _box(line.text, [])
    else:
        yield f"{hour}  contact gets:"
        yield from _box(line.content.text, [button.title for button in line.content.buttons])


def _box(text: str, buttons: Sequence[str]) -> Iterator[str]:
    yield from (f"         │ {row}".rstrip() for row in text.split("\n"))
    if buttons:
        yield "         │ " + " ".join(f"[ {title} ]" for title in buttons)


async def told(language: str) -> list[Line]:
    """Live through the story in a temporary folder.

    Raises:
        RuntimeError: The ledger does not fit at the end.
    """
    with tempfile.TemporaryDirectory(prefix="story-") as folder:
        async with opened(Path(folder)) as db:
            tale = Tale(db, language)
            lines = await tale.tell()
            async with db.reading() as session:
                if await grievances.verify(session) is not None:
                    raise RuntimeError("the ledger of the story does not fit")
            shown = reference.shown((await tale.view()).reference)
    print(f"Grievance {shown}, told in {language}. Everybody in it is invented; the clock is moved by the hour.")
    return lines


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", nargs="?", default="hi", choices=LANGUAGES, help="in which the contact is told")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print("\n".join(printed(asyncio.run(told(options.language)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
