"""Writes the holidays of the control rooms from the package `holidays` (MIT), which is needed for nothing else.

Install the package somewhere for this one run: `pip install --target FOLDER holidays`, then
`PYTHONPATH=FOLDER python -m tools.seed_holidays AS_OF`, with the day of the package's release as AS_OF.
"""

import csv
import importlib
import sys
import warnings
from collections import defaultdict
from datetime import date
from typing import Any

from tools.steps import ROOT

YEARS = range(2025, 2029)
FILE = ROOT / "handoff" / "control_rooms" / "holidays" / "holidays.csv"
COLUMNS = ("date", "state", "name", "kind", "estimated", "source", "as_of")
KINDS = ("public", "government")
COMPUTED = {"Good Friday", "Easter Sunday", "Easter Saturday", "Maundy Thursday"}
"""Kept on days that move and are known for ever."""
FIRST_ESTIMATED = 2027
"""From this year on the governments had published no lists at the time of seeding."""
ESTIMATED = " (estimated)"


def main() -> int:
    """Write the file."""
    if len(sys.argv) != 2:
        print("usage: python -m tools.seed_holidays AS_OF")
        return 2
    as_of = date.fromisoformat(sys.argv[1])
    package = importlib.import_module("holidays")
    warnings.simplefilter("ignore")
    national = _days(package, None)
    rows = _rows("IN", national, set(), package, as_of)
    for state in package.IN.subdivisions:
        rows += _rows(state, _days(package, state), {day for day, _ in national}, package, as_of)
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(rows))
    print(f"{FILE.relative_to(ROOT)}: {len(rows)} days")
    return 0


def _days(package: Any, state: str | None) -> dict[tuple[date, str], str]:
    """Return names by (day, kind); a day that is of both kinds is public."""
    found: dict[tuple[date, str], str] = {}
    for kind in KINDS:
        days = package.IN(subdiv=state, years=YEARS, categories=(kind,), language="en_IN")
        found |= {(day, kind): name for day, name in sorted(days.items()) if (day, KINDS[0]) not in found}
    return found


def _rows(
    state: str, days: dict[tuple[date, str], str], national: set[date], package: Any, as_of: date
) -> list[list[str]]:
    """Return the rows of a State, without what the nation keeps on the same day."""
    fixed = _fixed(days)
    source = f"Python package holidays {package.__version__}"
    rows = []
    for (day, kind), name in days.items():
        parts = name.split("; ")
        moves = all(_plain(part) not in fixed | COMPUTED for part in parts)
        estimated = moves and (day.year >= FIRST_ESTIMATED or all(ESTIMATED in part for part in parts))
        if day not in national:
            plain = "; ".join(map(_plain, parts))
            rows.append([day.isoformat(), state, plain, kind, "yes" if estimated else "no", source, as_of.isoformat()])
    return rows


def _plain(name: str) -> str:
    return name.replace(ESTIMATED, "")


def _fixed(days: dict[tuple[date, str], str]) -> set[str]:
    """Names that stand on the same day of every year."""
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    years: dict[str, set[int]] = defaultdict(set)
    for (day, _kind), name in days.items():
        for part in name.split("; "):
            found[_plain(part)].add((day.month, day.day))
            years[_plain(part)].add(day.year)
    return {name for name, places in found.items() if len(places) == 1 and len(years[name]) == len(YEARS)}


if __name__ == "__main__":
    sys.exit(main())
