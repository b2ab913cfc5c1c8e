"""How a grievance stands: one's own at once, another's by number and code, nothing to those who guess."""

import pytest

from grievances.drafts.schemas import Kind
from tests.actions.grieving import CODE, REFERENCE, TRIES, Chat, Ledger, chat, closed, standing

NOBODYS = "26111111113"


def _looking(ledger: Ledger) -> Chat:
    return chat(ledger, "status_form")


async def test_ones_own_are_told_at_once() -> None:
    ledger = Ledger()
    ledger.mine = [standing()]
    talk = _looking(ledger)
    assert await talk.says("meri shikayat ka kya hua", "grievance_status") == ["utter_status_list"]
    assert "26-7497-74968" in talk.said[0]["list"]
    assert talk.loop is None
    assert await talk.says(REFERENCE, "grievance_status") == ["utter_status_list"]
    assert ledger.tries == 0


async def test_a_caller_is_not_proven_and_needs_number_and_code() -> None:
    ledger = Ledger()
    ledger.mine = [standing()]
    ledger.everybodys = [(standing(), CODE)]
    talk = _looking(ledger)
    assert await talk.says("status", "grievance_status", channel="ivr") == ["utter_status_ask_reference"]
    assert await talk.says(REFERENCE, channel="ivr") == ["utter_status_ask_code"]
    assert await talk.says(CODE, channel="ivr") == ["utter_status_list"]


async def test_somebody_elses_is_told_for_its_code_only() -> None:
    ledger = Ledger()
    ledger.everybodys = [(standing(contact_id="another"), CODE)]
    talk = _looking(ledger)
    assert await talk.says(f"{REFERENCE} ka status", "grievance_status") == ["utter_status_ask_code"]
    assert await talk.says("000000") == ["utter_status_no_match"]
    assert await talk.says(f"{CODE[:3]} {CODE[3:]}") == ["utter_status_list"]
    both = _looking(ledger)
    assert await both.says(f"status {REFERENCE} {CODE}", "grievance_status") == ["utter_status_list"]


async def test_a_number_that_is_none_and_one_that_is_are_answered_alike() -> None:
    from grievances.reference import check_digit

    nobodys = NOBODYS[:10] + check_digit(NOBODYS[:10])
    heard = []
    for reference in (REFERENCE, nobodys):
        ledger = Ledger()
        ledger.everybodys = [(standing(contact_id="another"), CODE)]
        talk = _looking(ledger)
        said = [await talk.says(f"{reference} ka status", "grievance_status")]
        asked = talk.said
        said += [await talk.says("123456"), await talk.says("status", "grievance_status")]
        heard.append((said, asked, talk.said))
    assert heard[0] == heard[1]


async def test_a_reference_in_words_that_are_not_understood_is_looked_up() -> None:
    ledger = Ledger()
    ledger.mine = [standing()]
    talk = _looking(ledger)
    said = await talk.says(
        f"{REFERENCE} ??", "nlu_fallback", {"grievance_reference": REFERENCE}, action="action_fallback"
    )
    assert said == ["utter_status_list"]


async def test_guessing_is_stopped_and_says_for_how_long() -> None:
    ledger = Ledger()
    ledger.everybodys = [(standing(contact_id="another"), CODE)]
    talk = _looking(ledger)
    await talk.says(f"{REFERENCE} status", "grievance_status")
    for guess in range(TRIES):
        assert await talk.says(f"{guess:06}") == ["utter_status_no_match"]
    assert await talk.says(CODE) == ["utter_status_too_many"]  # the right one, too late
    assert talk.said[0]["minutes"] == 30
    assert talk.loop is None


async def test_a_slip_in_the_number_is_said() -> None:
    talk = _looking(Ledger())
    wrong = REFERENCE[:-1] + str((int(REFERENCE[-1]) + 1) % 10)
    assert await talk.says(f"{wrong} status", "grievance_status") == ["utter_status_reference_wrong"]


@pytest.mark.parametrize(("text", "intent"), [("cancel", "cancel"), ("rehne do", "deny")])
async def test_leaving_the_look_up(text: str, intent: str) -> None:
    ledger = Ledger()
    talk = _looking(ledger)
    await talk.says("status", "grievance_status")
    assert talk.loop == "status_form"
    assert await talk.says(text, intent) == ["utter_status_left"]
    assert talk.loop is None
    kept = ledger.drafts[Kind.STATUS]
    assert kept.content is None


async def test_another_wish_ends_the_look_up_and_is_answered() -> None:
    talk = _looking(Ledger())
    await talk.says("status", "grievance_status")
    said = await talk.says("PMEGP kya hai", "ask_scheme", {"scheme": "pmegp"})
    assert said[0].startswith("utter_answer")
    assert talk.loop is None


async def test_a_closed_one_offers_to_reopen_it() -> None:
    ledger = Ledger()
    ledger.mine = [closed()]
    talk = _looking(ledger)
    await talk.says("status", "grievance_status")
    assert "button.reopen" in [offer.get("title") for offer in talk.said[0]["offers"]]
