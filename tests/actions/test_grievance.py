"""The complaint form as an action: consent, filing once, resuming, what the ledger refuses, what the tracker knows."""

import pytest

from actions.grievance import GrievanceForm
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from grievances.drafts.schemas import Kind
from tests.actions.grieving import Chat, Ledger, chat

STORY = "mera buyer Gupta Stores 3 lakh nahi de raha 5 mahine se, bar bar tarka raha hai"
PLACE = {"district": "Pune", "state": "Maharashtra"}


async def _at_summary(ledger: Ledger) -> Chat:
    talk = chat(ledger)
    await talk.says(STORY, "file_grievance", PLACE)
    await talk.says("haan", "affirm")
    await talk.says("Asha Tailors")
    assert await talk.says("ho gaya") == ["utter_form_check"]
    return talk


async def test_a_complaint_is_filed_with_everything_that_was_told() -> None:
    ledger = Ledger()
    talk = await _at_summary(ledger)
    assert await talk.presses("button.submit") == ["utter_grievance_filed"]
    assert talk.loop is None
    [filing] = ledger.filed
    told = filing.particulars
    assert (filing.category, told.against_name, told.amount_rupees) == ("delayed_payment", "Gupta Stores", 300_000)
    assert (told.enterprise_name, told.complainant_name) == ("Asha Tailors", "Asha Example")
    assert filing.place.district == "Pune"


async def test_a_repeated_turn_says_the_same_and_files_nothing_more() -> None:
    ledger = Ledger()
    talk = await _at_summary(ledger)
    await talk.says("bhej do")
    first = talk.said
    talk.loop = "grievance_form"  # the tracker never learned of the answer
    await talk.says("bhej do", again=True)
    assert talk.said == first
    assert len(ledger.filed) == 1


async def test_pressing_submit_of_a_filed_complaint_files_nothing() -> None:
    ledger = Ledger()
    talk = await _at_summary(ledger)
    summary = talk.said
    await talk.presses("button.submit")
    talk.said = summary
    assert await talk.presses("button.submit") == ["utter_form_nothing_open"]
    assert len(ledger.filed) == 1


async def test_consent_is_asked_once_and_kept() -> None:
    ledger = Ledger()
    ledger.consent = False
    talk = chat(ledger)
    assert await talk.says(STORY, "file_grievance", PLACE) == ["utter_form_consent"]
    assert await talk.says("haan", "affirm") == ["utter_form_intro", "utter_form_category_guess"]
    assert ledger.consent
    refusing = Ledger()
    refusing.consent = False
    talk = chat(refusing)
    await talk.says(STORY, "file_grievance")
    assert await talk.says("nahi", "deny") == ["utter_form_needs_consent"]
    assert talk.loop is None
    kept = refusing.drafts[Kind.FILING]
    assert kept.content is None


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (NotPermitted("withdrawn"), ["utter_form_consent"]),
        (InvalidInput("happened_on", "too old"), ["utter_form_amount_and_day"]),
        (InvalidInput("udyam_number", "unknown"), ["utter_form_enterprise_and_udyam"]),
        (InvalidInput("what_happened", "?"), ["utter_form_not_filed", "utter_form_check"]),
        (NotFound("file"), ["utter_form_files"]),
        (Conflict("meanwhile"), ["utter_form_again_later"]),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_the_ledger_refuses_is_asked_again_and_loses_nothing(refusal: Exception, said: list[str]) -> None:
    ledger = Ledger()
    talk = await _at_summary(ledger)
    ledger.refusal = refusal
    assert await talk.says("submit") == said
    draft = ledger.drafts[Kind.FILING]
    assert draft.content is not None
    assert (draft.content["what"], draft.content["category"]) == (STORY, "delayed_payment")
    ledger.refusal = None


async def test_the_problem_that_was_told_before_is_taken_with_its_place() -> None:
    ledger = Ledger()
    talk = chat(ledger)
    await talk.says(STORY, "delayed_payment", PLACE, action="action_delayed_payment")
    ledger.words["turn-1"] = STORY
    assert await talk.says("complaint karni hai", "file_grievance") == ["utter_form_intro", "utter_form_category_guess"]
    await talk.says("haan", "affirm")
    await talk.says("Asha Tailors")
    assert await talk.says("ho gaya") == ["utter_form_check"]


async def test_a_problem_told_with_the_wish_to_file_it_is_taken_down_at_once() -> None:
    ledger = Ledger()
    talk = chat(ledger)
    said = await talk.says(f"{STORY}, complaint karo", "delayed_payment", action="action_delayed_payment")
    assert said == ["utter_form_intro", "utter_form_category_guess"]  # and no reminder of what was begun just now
    assert talk.loop == "grievance_form"


async def test_an_open_complaint_is_offered_in_a_new_session_and_taken_up() -> None:
    ledger = Ledger()
    talk = chat(ledger)
    await talk.says(STORY, "file_grievance", PLACE)
    await talk.says("haan", "affirm")
    later = chat(ledger)
    later.turns = 100
    assert await later.says("namaste", "greet", action="action_greet") == ["utter_greet", "utter_form_resume"]
    later.events.append({"event": "bot", "text": "...", "metadata": {"key": "utter_form_resume", "params": {}}})
    assert await later.says("haan", "affirm", action="action_affirm") == ["utter_form_enterprise_and_udyam"]
    assert later.loop == "grievance_form"


async def test_two_complaints_are_filed_one_after_the_other() -> None:
    ledger = Ledger()
    talk = chat(ledger)
    text = "mera khareedar 2 lakh nahi de raha 5 mahine se aur bank mera loan bhi bina karan reject kar raha hai"
    said = await talk.says(text, "file_grievance", PLACE)
    assert said == ["utter_form_intro", "utter_form_two", "utter_form_category_guess"]
    for answer in (
        ("haan", "affirm"),
        ("Gupta Stores", "nlu_fallback"),
        ("Asha Tailors", "nlu_fallback"),
        ("bas", "deny"),
    ):
        await talk.says(*answer)
    assert await talk.says("bhej do") == ["utter_grievance_filed", "utter_form_next"]
    await talk.says("haan", "affirm")
    for _ in range(6):
        if "utter_form_check" in [one["response"] for one in talk.said]:
            break
        await talk.says("skip", "skip")
    await talk.says("bhej do")
    assert [filing.category for filing in ledger.filed] == ["delayed_payment", "credit"]
    assert ledger.filed[1].particulars.enterprise_name == "Asha Tailors"


async def test_nothing_that_was_written_stands_in_what_rasa_keeps() -> None:
    ledger = Ledger()
    talk = await _at_summary(ledger)
    slots = [event for event in talk.events if event.get("event") == "slot"]
    assert {event["name"] for event in slots} <= {"requested_slot", "scheme"}
    assert not any("Gupta" in str(event.get("value")) for event in slots)
    assert all(one.get("private") for one in talk.said)


async def test_a_question_in_between_is_answered_by_its_own_action() -> None:
    ledger = Ledger()
    talk = chat(ledger)
    await talk.says(STORY, "file_grievance", PLACE)
    await talk.says("haan", "affirm")
    said = await talk.says("PMEGP kya hai?", "ask_scheme", {"scheme": "pmegp"})
    assert said[0].startswith("utter_answer")
    assert said[-1] == "utter_form_enterprise_and_udyam"
    assert talk.loop == "grievance_form"


async def test_a_button_of_no_complaint_offers_to_begin_one() -> None:
    talk = chat(Ledger())
    entities = {"question": "check", "choice": "submit", "draft": "gone"}
    assert await talk.says("", "grievance_answer", entities) == ["utter_form_nothing_open"]
    assert talk.form == GrievanceForm.FORM
