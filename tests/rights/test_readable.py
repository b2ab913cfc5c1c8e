"""The copy for people: in words, in their language, with no code of ours left in it."""

import pytest
import regex

from actions.filing.draft import Draft
from core.events import Kind as MessageKind
from core.i18n import LANGUAGES, sentence
from grievances.drafts.schemas import Kind as DraftKind
from grievances.schemas import PRIVATE_KINDS, Kind, Outcome, Particulars, Place, Status
from rights import copies, readable
from tests.rights.conftest import World


async def told(world: World, language: str) -> str:
    conversation_id = await world.everything()
    contact_id = (await world.view(conversation_id)).contact_id
    async with world.db.reading() as session:
        copy = await copies.read(session, contact_id, language=language, now=world.clock.now())
    return copy.as_text().decode("utf-8-sig")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_code_of_ours_is_left(world: World, language: str) -> None:
    lines = [line for line in (await told(world, language)).splitlines() if "marker" not in line.lower()]
    # What was sent to a portal is shown as it was sent; its own words have capitals.
    assert not [line for line in lines if regex.search(r"\b[a-z]+_[a-z]+\b", line)]
    assert not [line for line in lines if "{" in line or "None" in line]


async def test_hindi_is_told_in_hindi(world: World) -> None:
    text = await told(world, "hi")
    assert "विषय: " + sentence("ledger", "category.delayed_payment", "hi") in text
    assert "स्थिति: " + sentence("ledger", "status.closed", "hi") in text
    assert "क्या हुआ: marker-what-happened since March" in text
    assert "अधिकारी: जवाब दिया\r\n    marker-reply to you" in text
    assert "रकम, रुपये में: 4711" in text
    assert "उद्देश्य: आपको जवाब देना" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_be_told_has_a_word(language: str) -> None:
    fields = [
        *Particulars.model_fields,
        *Place.model_fields,
        *(name for one in readable.SECTIONS.values() for name in one),
    ]
    assert [field for field in fields if not readable._name_of(field, language)] == []
    for prefix, codes in (
        ("privacy.event_", set(Kind) - PRIVATE_KINDS),
        ("privacy.kind_", [*DraftKind, "whatsapp"]),
        ("privacy.message_", set(MessageKind) - {MessageKind.TEXT}),
        ("privacy.language_", [one.lower().replace("-", "_") for one in LANGUAGES]),
    ):
        for code in codes:
            assert sentence("privacy", f"{prefix}{code}", language)
    for code in (*Status, *Outcome):
        assert readable.told("status" if isinstance(code, Status) else "outcome", code.value, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_an_unfinished_complaint_only_what_the_contact_told_is_shown(language: str) -> None:
    content = Draft(id="d", language="hi", started="2026-11-24", what="story", amount=5, put=3, failures=1, told=True)
    lines = readable._facts(content.model_dump(mode="json"), language, only_named=True)
    assert any(line.endswith(": story") for line in lines)
    assert len(lines) == 3
