"""The form's end: files, the summary read back, corrections, submitting."""

import pytest

from actions.filing.asking import summary
from actions.filing.draft import Question
from actions.filing.taking import Effect
from actions.filing.words import File
from tests.actions.filing.talking import STORY, Talk, at_summary


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("amount 4 lakh hai, 3 nahi", "amount", 400_000),
        ("nahi, 3 lakh nahi 4 lakh", "amount", 400_000),
        ("राशि साढ़े चार लाख", "amount", 450_000),
        ("buyer ka naam Verma Traders hai", "against_name", "Verma Traders"),
        ("firm ka naam Radha Steel", "enterprise", "Radha Steel"),
        ("UDYAM-MH-26-0123456", "udyam", "UDYAM-MH-26-0123456"),
        ("pin code 226001", "pincode", "226001"),
        ("category bank loan", "category", "credit"),
    ],
)
def test_an_answer_is_put_right_at_the_summary_by_saying_so(text: str, field: str, value: object) -> None:
    talk = at_summary()
    before = talk.answers
    talk.writes(text, "correct_previous")
    assert talk.asked() is Question.CHECK
    assert getattr(talk.answers, field) == value
    untouched = {"amount", "against_name", "enterprise", "since", "what"} - {field}
    assert all(getattr(talk.answers, one) == getattr(before, one) for one in untouched)


def test_correct_lists_the_answers_and_leads_back_to_the_summary() -> None:
    talk = at_summary().presses("correct")
    assert talk.said == ["utter_form_correct"]
    talk.presses(Question.WHO.value)
    assert talk.asked() is Question.WHO
    talk.writes("Verma Plastics")
    assert (talk.asked(), talk.answers.enterprise) == (Question.CHECK, "Verma Plastics")


@pytest.mark.parametrize("text", ["submit", "जमा करो", "bhej do", "sab sahi hai", "haan"])
def test_submitting_in_words(text: str) -> None:
    talk = at_summary().writes(text, "affirm" if text == "haan" else "nlu_fallback", confidence=0.95)
    assert talk.effect is Effect.FILE


def test_a_submit_button_of_another_complaint_files_nothing() -> None:
    talk = at_summary().presses("submit", draft="an older one")
    assert talk.effect is None
    assert talk.asked() is Question.CHECK


def test_the_summary_reads_everything_back_in_each_language() -> None:
    talk = at_summary()
    for language, parts in {
        "en": ("3,00,000", "23 June 2026", "Gupta Stores", "Asha Tailors", "Pune, Maharashtra"),
        "hi": ("3,00,000", "23 जून 2026", "Gupta Stores", "Asha Tailors", "महाराष्ट्र"),
        "hi-Latn": ("3,00,000", "Gupta Stores", "Asha Tailors", "Pune"),
    }.items():
        text = summary(talk.answers.put_right(language=language))
        assert all(part in text for part in parts), (language, text)


# --- files ---------------------------------------------------------------------------------------------------

PHOTO = File("photo", "kept", "image/jpeg")


def test_files_are_taken_at_any_question() -> None:
    talk = Talk().begins(STORY).writes("haan", "affirm").sends(PHOTO)
    assert talk.said == ["utter_form_file_added", "utter_form_enterprise_and_udyam"]
    talk.sends(PHOTO)  # the same again
    assert talk.answers.files == ("photo",)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (File("x", "too_large", None), "utter_form_file_too_large"),
        (File("x", "unreachable", None), "utter_form_file_unreachable"),
        (File("x", "refused", None), "utter_form_file_type"),
        (File("x", "kept", "application/zip"), "utter_form_file_type"),
    ],
    ids=["50-mb", "unreachable", "not-what-it-says", "zip"],
)
def test_a_file_that_cannot_be_kept_is_refused_with_its_reason_and_loses_nothing(file: File, said: str) -> None:
    talk = at_summary().sends(file)
    assert talk.said == [said, "utter_form_check"]
    assert talk.answers.files == ()
    assert talk.answers.amount == 300_000


def test_too_many_files_are_counted() -> None:
    from grievances.attachments import MAX_FILES

    talk = at_summary().sends(*(File(f"photo-{at}", "kept", "image/jpeg") for at in range(MAX_FILES + 1)))
    assert len(talk.answers.files) == MAX_FILES
    assert "utter_form_file_too_many" in talk.said
