"""Prints tables that fit a terminal and can be pasted into Markdown."""

import math
from collections.abc import Sequence
from typing import Any


def number(value: float, digits: int = 1, unit: str = "") -> str:
    """Write a number, or a dash for none."""
    return "-" if math.isnan(value) else f"{value:,.{digits}f}{unit}"


def times(value: float) -> str:
    """Write a ratio."""
    return number(value, 2, "x")


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> str:
    """Lay out a titled table; the first column is words, the others are set right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = (
        "|" + "|".join("-" * (width + 1) + ("-" if column == 0 else ":") for column, width in enumerate(widths)) + "|"
    )
    lines = ["", f"### {title}", "", line(cells[0]), rule, *(line(row) for row in cells[1:])]
    return "\n".join([*lines, "", note] if note else lines)


def show(*texts: str) -> None:
    """Print at once."""
    for text in texts:
        print(text, flush=True)


def progress(text: str) -> None:
    """Say what is being done, so that a long step is seen to live."""
    print(f"  … {text}", flush=True)
