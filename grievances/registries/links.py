"""Official addresses for contacts and officers, taken from the facts of the schemes, with their source and date."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

_FACTS = Path(__file__).resolve().parents[2] / "knowledge" / "facts" / "schemes.json"


class OfficialLink(BaseModel):
    """An official page, and since when and from where it is known."""

    model_config = ConfigDict(frozen=True)

    url: str
    title: str
    title_hi: str
    source: str
    as_of: str


@cache
def _facts() -> dict[str, dict[str, Any]]:
    return {scheme["id"]: scheme for scheme in json.loads(_FACTS.read_text("utf-8"))}


def fact(scheme_id: str) -> dict[str, Any]:
    """What is known about a scheme or portal.

    Raises:
        KeyError: Nothing is.
    """
    return _facts()[scheme_id]


def official(scheme_id: str) -> OfficialLink:
    """The official page of a scheme or portal.

    Raises:
        KeyError: No sourced address is known.
    """
    known = fact(scheme_id)
    if not known.get("portal") or not known.get("sources"):
        raise KeyError(scheme_id)
    return OfficialLink(
        url=known["portal"],
        title=known["name"],
        title_hi=known["name_hi"],
        source=known["sources"][0],
        as_of=known["as_of"],
    )
