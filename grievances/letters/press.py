"""Sets letters: PDF for reading and keeping (PDF/A-2b, PDF/UA-1), pictures for looking at them."""

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import typst

from core.errors import SahayakError
from grievances.letters.content import Letter
from grievances.letters.signs import font_folder

_FORM = Path(__file__).with_name("letter.typ")


class LetterFailed(SahayakError):
    """A letter could not be set, such as when the font lacks one of our own signs."""


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])


def _inputs(letter: Letter) -> dict[str, str]:
    told: dict[str, Any] = asdict(letter)
    told.pop("made_at")
    told["lang"] = letter.language.partition("-")[0]
    return {"letter": json.dumps(told, ensure_ascii=False)}


def pdf(letter: Letter) -> bytes:
    """The letter as PDF; the same letter gives the same bytes.

    Raises:
        LetterFailed: It could not be set.
    """
    try:
        made = typst.compile(
            str(_FORM),
            format="pdf",
            font_paths=_fonts(),
            sys_inputs=_inputs(letter),
            # PDF/A needs every sign: a sentence of ours that the font cannot print is an error, never a box.
            pdf_standards=["a-2b", "ua-1"],
            timestamp=letter.made_at.replace(microsecond=0),  # typst takes none
        )
    except typst.TypstError as error:
        raise LetterFailed(str(error)) from error
    return bytes(made)


def pictures(letter: Letter, dots_per_inch: float = 110) -> list[bytes]:
    """The letter's pages as PNG.

    Raises:
        LetterFailed: It could not be set.
    """
    try:
        made = typst.compile(
            str(_FORM), format="png", ppi=dots_per_inch, font_paths=_fonts(), sys_inputs=_inputs(letter)
        )
    except typst.TypstError as error:
        raise LetterFailed(str(error)) from error
    return [bytes(page) for page in made] if isinstance(made, list) else [bytes(made)]
