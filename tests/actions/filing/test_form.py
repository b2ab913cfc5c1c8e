"""The form's steps: what is asked and what is not, back, skip, cancel, interruptions, resuming, two at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.filing import form
from actions.filing.draft import MAX_QUESTIONS, Question
from actions.filing.taking import Effect
from tests.actions.filing.talking import STORY, Talk, at_summary, heard


def test_a_story_is_not_asked_for_what_it_tells() -> None:
    talk = Talk().begins(STORY, district="Pune", state="Maharashtra")
    assert talk.said == ["utter_form_intro", "utter_form_category_guess"]
    talk.writes("haan", "affirm")
    assert talk.asked() is Question.WHO
    talk.writes("Asha Tailors, UDYAM-MH-26-0123456")
    assert talk.asked() is Question.FILES
    talk.presses("done")
    assert talk.asked() is Question.CHECK
    talk.presses("submit")
    assert talk.effect is Effect.FILE
    assert talk.turns == 5
    answers = talk.answers
    assert (answers.category, answers.against_name, answers.amount) == ("delayed_payment", "Gupta Stores", 300_000)
    assert str(answers.since) == "2026-06-23"
    assert (answers.enterprise, answers.udyam) == ("Asha Tailors", "UDYAM-MH-26-0123456")
    assert (answers.district, answers.state) == ("Pune", "MH")


def test_without_a_story_the_first_question_is_what_happened() -> None:
    talk = Talk().begins("shikayat karni hai")
    assert talk.said == ["utter_form_intro", "utter_form_what"]
    talk.writes("bank mera mudra loan chhah mahine se pass nahi kar raha, bahut chakkar lagwa raha hai", "loan_problem")
    assert talk.said == ["utter_form_category_guess"]
    talk.writes("haan", "affirm")
    assert talk.asked() is Question.AGAINST


def test_a_story_that_says_nothing_of_its_category_is_followed_by_the_list() -> None:
    talk = (
        Talk().begins("complaint").writes("un logon ne mere saath theek vyavhar nahi kiya aur sunte bhi nahi hain bhai")
    )
    assert talk.said == ["utter_form_category_list"]
    talk.writes("wahi jo bataya").writes("kya matlab")
    assert talk.said == ["utter_form_not_understood", "utter_form_category_list"]
    talk.writes("arre wahi sab")
    assert talk.answers.category == "other"
    assert talk.said[0] == "utter_form_left_open"


def test_consent_comes_first_and_nothing_is_filed_without_it() -> None:
    talk = Talk(consent=False).begins(STORY)
    assert talk.said == ["utter_form_consent"]
    talk.writes("haan", "affirm")
    assert talk.effect is Effect.GIVE_CONSENT
    assert talk.asked() is Question.CATEGORY
    refused = Talk(consent=False).begins(STORY).writes("nahi", "deny")
    assert refused.effect is Effect.DECLINE_CONSENT
    assert refused.draft is None
    withdrawn = at_summary()
    withdrawn.consent = False
    withdrawn.presses("submit")
    assert withdrawn.effect is None
    assert withdrawn.said == ["utter_form_consent"]


_NO = "nlu_fallback"
_ANSWERS = [
    ("", "affirm"), ("haan", "affirm"), ("nahi", "deny"), ("skip", "skip"), ("peeche", "go_back"), ("UP", _NO),
    ("2 lakh", _NO), ("3 mahine se", _NO), ("31 feb", _NO), ("Bilaspur", _NO),
    ("Asha Tailors", _NO), ("bank loan nahi de raha", "loan_problem"), ("pata nahi", "deny"), ("😀", _NO),
    ("226001", _NO), ("dubai", _NO), ("submit", "affirm"), ("PMEGP kya hai?", "ask_scheme"),
    ("mere buyer ne paisa nahi diya, char mahine se tarka raha hai, bar bar phone kiya", "delayed_payment"),
    ("udyam certificate galat hai, sudharne ka option nahi mil raha", "registration_problem"), ("chup be", "abuse"),
    ("UDYAM-MH-26-0123456", _NO), ("nahi, amount 4 lakh hai", "correct_previous"), ("ho gaya", "feedback_good"),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_ANSWERS), max_size=25), st.booleans())
def test_whatever_is_answered_the_form_stands_at_a_question_and_puts_at_most_eight(
    answers: list[tuple[str, str]], consent: bool
) -> None:
    talk = Talk(consent=consent).begins("shikayat karni hai")
    for text, intent in answers:
        if talk.draft is None or talk.effect is Effect.FILE:
            break
        before, failed = talk.answers, talk.answers.failures
        talk.writes(text, intent) if text else talk.presses("nothing", Question.WHAT)
        if talk.draft is None:
            break
        assert talk.asked() is not None
        assert talk.said or talk.aside is not None or talk.effect is Effect.FILE
        if intent != "go_back" and before.asked is talk.asked() is not Question.CHECK:
            assert talk.answers.failures in (0, failed, failed + 1)
    if talk.draft is not None and not any(intent == "go_back" for _, intent in answers):
        assert talk.draft.put <= MAX_QUESTIONS


@pytest.mark.parametrize(
    ("place", "follow"), [("Bilaspur", "Himachal Pradesh"), ("UP", "Hapur")], ids=["two-states", "state-first"]
)
def test_the_longest_way_has_eight_questions(place: str, follow: str) -> None:
    """Everything is asked for, everything that can be answered in half is answered in half."""
    talk = Talk().begins("shikayat")
    questions = [talk.asked()]
    for text, intent in (
        ("un logon ne mera kaam bigaad diya hai aur ab meri koi sunwai bhi nahi ho rahi", "nlu_fallback"),
        ("payment nahi mila", "delayed_payment"), ("Gupta Stores", "nlu_fallback"), ("2 lakh", "nlu_fallback"),
    ):  # fmt: skip
        questions.append(talk.writes(text, intent).asked())
    if talk.asked() is Question.MONEY:
        questions.append(talk.writes("5 mahine se").asked())
    questions += [talk.writes(text).asked() for text in ("Asha Tailors", place, follow)]
    assert talk.asked() is Question.CHECK
    assert len(questions) == MAX_QUESTIONS
    assert talk.answers.state in ("HP", "UP")


def test_back_takes_the_last_answer_out_and_asks_again() -> None:
    talk = Talk().begins(STORY, district="Pune", state="Maharashtra").writes("haan", "affirm").writes("Asha Tailors")
    talk.writes("peeche", "go_back")
    assert talk.asked() is Question.WHO
    assert [talk.answers.enterprise] == [None]
    talk.writes("Verma Plastics")
    assert talk.asked() is Question.FILES
    assert [talk.answers.enterprise] == ["Verma Plastics"]
    start = Talk().begins(STORY).writes("back", "go_back")
    assert start.said == ["utter_form_no_way_back", "utter_form_category_guess"]


@pytest.mark.parametrize("text", ["skip", "chhodo", "chhodein", "छोड़ें", "आगे बढ़ो", "pata nahi", "Skip!"])
def test_what_is_not_needed_can_be_left_out_in_any_words(text: str) -> None:
    # "chhodo" resembles "cancel", which would throw everything away.
    talk = Talk().begins(STORY).writes("haan", "affirm").writes(text, "cancel" if text == "chhodo" else "nlu_fallback")
    assert talk.draft is not None
    assert talk.asked() is Question.PLACE
    assert talk.answers.enterprise is None


def test_what_is_needed_is_not_left_out() -> None:
    talk = Talk().begins("shikayat").writes("skip", "skip")
    assert talk.said == ["utter_form_needed_what", "utter_form_what"]
    talk = Talk().begins(STORY).writes("haan", "affirm").writes("Asha Tailors").writes("skip", "skip")
    assert talk.said == ["utter_form_needed_place", "utter_form_place"]


@pytest.mark.parametrize(
    ("text", "intent", "confidence", "dropped"),
    [
        ("cancel", "cancel", 0.95, True),
        ("रद्द करो", "nlu_fallback", 0.5, True),
        ("mujhe nahi karni complaint", "file_grievance", 0.9, True),
        ("isko yahi khatam karo", "cancel", 0.97, True),
        ("aage badho", "cancel", 0.74, False),
        ("Radha Steel", "cancel", 0.62, False),
    ],
)
def test_only_a_plain_cancel_drops_the_complaint(text: str, intent: str, confidence: float, dropped: bool) -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes(text, intent, confidence=confidence)
    assert (talk.draft is None) is dropped
    assert (talk.said == ["utter_form_dropped"]) is dropped


def test_a_question_in_between_is_answered_and_the_question_comes_again() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes("PMEGP kya hai?", "ask_scheme", scheme="pmegp")
    assert talk.aside == "ask_scheme"
    assert talk.said == ["utter_form_enterprise_and_udyam"]
    talk.writes("Asha Tailors")
    assert (talk.answers.enterprise, talk.asked()) == ("Asha Tailors", Question.PLACE)


@pytest.mark.parametrize(
    ("text", "intent", "first"),
    [
        ("tum sab chor ho", "abuse", "form_abuse"),
        ("aaj mausam kaisa hai", "chitchat_out_of_scope", "chitchat_out_of_scope"),
        ("help", "help", "form_help"),
        ("meri complaint ka kya hua", "grievance_status", "grievance_status"),
        ("hindi me likho", "change_language", "change_language"),
    ],
)
def test_abuse_chatter_and_other_wishes_leave_the_complaint_as_it_was(text: str, intent: str, first: str) -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm")
    before = talk.answers
    talk.writes(text, intent)
    assert talk.aside == first
    assert talk.answers == before
    assert talk.said == ["utter_form_enterprise_and_udyam"]


def test_an_officer_or_a_pause_keeps_the_complaint_without_asking_on() -> None:
    for text, intent in (("adhikari se baat karao", "talk_to_officer"), ("thodi der me batata hu", "nlu_fallback")):
        talk = Talk().begins(STORY).writes("haan", "affirm").writes(text, intent)
        assert talk.said == ["utter_form_kept"]
        assert talk.asked() is Question.WHO


def test_an_unknown_place_is_not_taken_for_abuse() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes("Asha Tailors").writes("हापुड़", "abuse", confidence=0.66)
    assert (talk.answers.district, talk.answers.state) == ("Hapur", "UP")
    talk = (
        Talk()
        .begins(STORY)
        .writes("haan", "affirm")
        .writes("Asha Tailors")
        .writes("Qwertyabad", "abuse", confidence=0.85)
    )
    assert talk.said == ["utter_form_place_unknown"]


def test_the_bank_that_is_named_is_not_another_complaint() -> None:
    talk = Talk().begins("bank mera loan reject kar raha hai bina karan bataye, chhah mahine ho gaye", "loan_problem")
    talk.writes("haan", "affirm")
    assert talk.asked() is Question.AGAINST
    talk.writes("State Bank of India, Noida branch", "loan_problem", confidence=0.81)
    assert talk.answers.against_name == "State Bank of India, Noida branch"
    assert talk.asked() is Question.MONEY


def test_a_second_complaint_in_between_is_noted_for_later() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm")
    talk.writes("aur mera udyam certificate bhi galat hai, theek nahi ho raha", "registration_problem")
    assert talk.said == ["utter_form_noted_for_later", "utter_form_enterprise_and_udyam"]
    assert [one.category for one in talk.answers.waiting] == ["udyam"]


def test_two_complaints_in_one_sentence_are_said_and_taken_one_after_the_other() -> None:
    text = "mera khareedar 2 lakh nahi de raha aur bank mera loan bhi reject kar raha hai"
    talk = Talk().begins(text, "delayed_payment")
    assert talk.said == ["utter_form_intro", "utter_form_two", "utter_form_category_guess"]
    assert talk.answers.guess == "delayed_payment"
    assert "loan" not in talk.answers.what
    second = talk.answers.put_right(enterprise="Asha Tailors", district="Pune", state="MH").following("next")
    assert second.asked is Question.NEXT
    later = Talk(draft=second).writes("haan", "affirm")
    assert later.answers.category == "credit"
    assert (later.answers.enterprise, later.answers.district) == ("Asha Tailors", "Pune")
    assert Talk(draft=second).writes("nahi", "deny").draft is None


def test_a_new_complaint_while_one_is_open_offers_to_go_on() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm")
    step = form.offer_to_resume(talk.answers, heard("shikayat karni hai", "file_grievance"))
    assert [one["response"] for one in step.says] == ["utter_form_resume"]
    again = Talk(draft=step.draft).writes("haan", "affirm")
    assert again.asked() is Question.WHO
    assert again.answers.amount == 300_000
    dropped = Talk(draft=step.draft).writes("nahi", "deny")
    assert dropped.draft is None


def test_the_new_story_is_taken_when_the_old_complaint_is_dropped() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm")
    step = form.offer_to_resume(talk.answers, heard("PNB bank loan nahi de raha hai mujhe", "file_grievance"))
    fresh = Talk(draft=step.draft).writes("nahi", "deny")
    assert fresh.answers.guess == "credit"
    assert fresh.answers.amount is None


# --- names and places -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "mera buyer Gupta Stores 2 lakh nahi de raha 3 mahine se, surat ki party hai",
        "SBI Noida branch ne mera mudra loan bina karan reject kar diya hai",
        "Delhi based company Gupta Stores owes me 2 lakh since March",
        "मेरा खरीदार सूरत का है और दो लाख रुपये नहीं दे रहा",
    ],
)
def test_where_the_other_party_is_is_not_where_the_enterprise_is(text: str) -> None:
    talk = Talk().begins(text, district="Surat", state="Gujarat")
    assert not talk.answers.has_place
    own = Talk().begins(STORY, district="Surat", state="Gujarat")
    assert own.answers.district == "Surat"


def test_figures_where_a_name_was_asked_are_kept_and_the_name_is_asked_again() -> None:
    talk = Talk().begins("mera khareedar paise nahi de raha aur phone bhi nahi uthata, bahut pareshan hu")
    talk.writes("haan", "affirm")
    assert talk.asked() is Question.AGAINST
    talk.writes("2 lakh 5 mahine se")
    assert (talk.asked(), talk.answers.against_name, talk.answers.amount) == (Question.AGAINST, None, 200_000)
    talk.writes("10 lakh since 31 feb")
    assert talk.said == ["utter_form_day_impossible"]
    talk.writes("haan", "affirm")
    assert talk.said == ["utter_form_not_understood", "utter_form_against_buyer"]
    talk.writes("Gupta Stores ke paas")
    assert (talk.asked(), talk.answers.against_name) == (Question.WHO, "Gupta Stores")


def test_a_bare_figure_where_a_day_was_asked_does_not_change_the_amount() -> None:
    talk = Talk().begins("mera khareedar Gupta Stores paise nahi de raha aur phone bhi nahi uthata")
    talk.writes("haan", "affirm").writes("10 lakh")
    assert talk.said == ["utter_form_day"]
    talk.writes("201301")
    assert talk.answers.amount == 1_000_000
    assert talk.said == ["utter_form_day_unclear"]


@pytest.mark.parametrize("text", ["ho gaya", "हो गया", "submit", "bhej do"])
def test_an_order_is_no_place_and_no_name(text: str) -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes(text)
    assert talk.asked() is Question.WHO
    talk.writes("Asha Tailors").writes(text)
    assert (talk.asked(), talk.answers.has_place) == (Question.PLACE, False)


def test_the_wish_to_complain_in_mid_form_is_the_wish_to_go_on() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes("shikayat", "file_grievance")
    assert talk.said == ["utter_form_enterprise_and_udyam"]
    assert talk.answers.enterprise is None
    assert at_summary().writes("shikayat darj karo", "file_grievance").effect is Effect.FILE
    assert at_summary().writes("shikayat darj mat karo", "file_grievance").draft is None


def test_a_correction_before_the_summary_leads_to_what_is_still_open() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").writes("kuch galat hai", "correct_previous")
    assert talk.said == ["utter_form_correct"]
    talk.writes("amount 4 lakh", "correct_previous")
    assert talk.answers.amount == 400_000
    assert talk.said == ["utter_form_put_right", "utter_form_enterprise_and_udyam"]
    talk.writes("firm ka naam Radha Steel hai")
    assert (talk.answers.enterprise, talk.asked()) == ("Radha Steel", Question.PLACE)
