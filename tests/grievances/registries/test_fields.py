"""What is told to a registry: everything that matters, within its limits, in the contact's language."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from grievances.registries.fields import MOST_TEXT, closing_reasons, cut, prepare
from grievances.schemas import GrievanceView, Particulars, Place
from tests.grievances.conftest import REASONS, Ledger


def changed(view: GrievanceView, place: Place | None = None, **told: Any) -> GrievanceView:
    assert view.particulars is not None
    particulars = view.particulars.model_copy(update=told)
    return view.model_copy(update={"particulars": particulars, "place": place or view.place})


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "Date: 07.03.2026"), ("hi", "तारीख: 07.03.2026"), ("hi-Latn", "Tareekh: 07.03.2026")],
)
async def test_facts_follow_the_story_in_the_contacts_language(ledger: Ledger, language: str, line: str) -> None:
    view = await ledger.filed(language=language, told={"happened_on": date(2026, 3, 7)})
    assert line in prepare(view).description.splitlines()


async def test_a_story_without_facts_stands_alone(ledger: Ledger) -> None:
    view = (await ledger.filed()).model_copy(
        update={"particulars": Particulars(what_happened="Just this.", complainant_name="Meera Devi")}
    )
    assert prepare(view).description == "Just this."


@given(story=st.text(alphabet="कख अबc\n", min_size=1, max_size=4000), name=st.text(min_size=1, max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_description_is_never_too_long_and_facts_are_never_cut(ledger: Ledger, story: str, name: str) -> None:
    view = getattr(ledger, "_one", None) or await ledger.filed()
    ledger._one = view  # type: ignore[attr-defined]
    description = prepare(changed(view, what_happened=story, against_name=name)).description
    assert 1 <= len(description) <= MOST_TEXT
    assert name in description
    assert "UDYAM-MH-01-0000123" in description


def test_a_cut_is_seen() -> None:
    assert cut("x" * MOST_TEXT) == "x" * MOST_TEXT
    assert cut("x" * 4001).endswith("x …")
    assert len(cut("x" * 4001)) == MOST_TEXT


async def test_the_state_may_follow_from_the_pin_code(ledger: Ledger) -> None:
    view = await ledger.filed()
    assert prepare(changed(view, Place(pincode="800001"))).complainant.state == "BR"
    for place in (Place(), Place(pincode="999999"), Place(district="Pune")):
        with pytest.raises(InvalidInput) as missing:
            prepare(changed(view, place))
        assert missing.value.field == "state"


async def test_the_enterprise_may_stand_for_the_person(ledger: Ledger) -> None:
    view = await ledger.filed()
    assert prepare(changed(view, complainant_name=None)).complainant.name == "Lakshmi Textiles"
    with pytest.raises(InvalidInput) as missing:
        prepare(view.model_copy(update={"particulars": None}))
    assert missing.value.field == "particulars"


def test_reasons_for_closing() -> None:
    assert closing_reasons("redressed", REASONS, "hi") == REASONS
    assert "withdrawn" in closing_reasons("withdrawn", None, "en")
    assert "erased" in closing_reasons("redressed", None, "en")
    for language in ("en", "hi", "hi-Latn"):
        assert all(len(closing_reasons(outcome, None, language)) >= 20 for outcome in ("withdrawn", "redressed"))
