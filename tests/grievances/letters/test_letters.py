"""Letters say what is recorded, in three ways of writing, and print every sign or say that they cannot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Conflict
from core.i18n import LANGUAGES
from grievances.letters import press, signs
from grievances.letters.content import Letter, LetterKind, compose
from grievances.schemas import GrievanceView, Level, Outcome, Status
from tests.grievances.letters.views import FILED, WORDS, grievance, told
from tools.steps import ROOT

NOW = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
REASONS = "The buyer paid Rs 80,000 on 18 August; the rest is filed with the online dispute portal."


def closed(**changed: Any) -> GrievanceView:
    fields: dict[str, Any] = {
        "status": Status.CLOSED,
        "attended_at": FILED + timedelta(days=1),
        "closed_at": NOW,
        "outcome": Outcome.PARTLY_REDRESSED,
        "closing_reasons": REASONS,
        "appeal_until": NOW + timedelta(days=30),
        "cpgrams_number": "DEMO/E/2026/0000001",
    }
    return grievance(**{**fields, **changed})


def everything(letter: Letter) -> str:
    parts = [*letter.sender, letter.title, *letter.to, letter.opening, letter.footer]
    parts += [f"{label}: {value}" for label, value in letter.facts]
    for section in letter.sections:
        parts += [section.title, *section.paragraphs, *section.items, section.quoted, *section.rules]
    return "\n".join(parts)


def test_an_acknowledgement_in_english() -> None:
    said = everything(compose(LetterKind.ACKNOWLEDGEMENT, grievance(), language="en", now=FILED))
    for part in (
        "MSME-DI Mumbai", "400072", "मीरा देवी", "लक्ष्मी हस्तशिल्प उद्योग", "Reference: 26-4815-16232",
        "Filed on: 12 August 2026", "About: Delayed payment by a buyer", "Against: Buyer: शर्मा ट्रेडर्स",
        "Amount: ₹ 1,25,000", "When it happened: 14 March 2026", "Udyam number: UDYAM-MH-01-0000001",
        "Place: Mumbai, Maharashtra, 400001", WORDS, "By 17 August 2026, 18:00", "By 21 August 2026, 18:00",
        "By 2 September 2026, 18:00", "DARPG", "CHAMPIONS, 2020",
    ):  # fmt: skip
        assert part in said, part
    assert "Appeal" not in said
    assert "�" not in said


def test_a_closing_in_hindi() -> None:
    said = everything(compose(LetterKind.CLOSING, closed(), language="hi", now=NOW))
    for part in (
        "MSME-DI Mumbai (मुंबई)", "निपटारे की तारीख: 20 अगस्त 2026", "CPGRAMS में संख्या: DEMO/E/2026/0000001",
        "परिणाम: आंशिक समाधान हुआ", REASONS, "19 सितंबर 2026", "केंद्रीय नियंत्रण कक्ष", "30 दिन",
    ):  # fmt: skip
        assert part in said, part


def test_holidays_of_the_first_room_are_named_and_weekends_are_not() -> None:
    late = grievance(conclude_by=datetime(2026, 8, 21, 12, 30, tzinfo=UTC))
    friday = FILED.replace(month=1, day=23)
    republic = grievance(
        filed_at=friday, clock_started_at=friday, conclude_by=friday + timedelta(days=12), owed_room="hub"
    )
    assert "not counted as working days" not in everything(
        compose(LetterKind.ACKNOWLEDGEMENT, late, language="en", now=NOW)
    )  # 15 August 2026 is a Saturday
    assert "not counted as working days: 26 January 2026." in everything(
        compose(LetterKind.ACKNOWLEDGEMENT, republic, language="en", now=NOW)
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, "decided by the hub control room"),
        ({"level": Level.HUB}, "decided by the appellate officer"),
        ({"level": Level.APPELLATE}, "no further appeal"),
        ({"appeal_until": NOW - timedelta(days=1)}, "time for an appeal ended on 19 August 2026"),
        ({"outcome": Outcome.WITHDRAWN, "closing_reasons": None}, "You withdrew your grievance"),
    ],
)
def test_who_decides_an_appeal_and_until_when(changed: dict[str, Any], says: str) -> None:
    said = everything(compose(LetterKind.CLOSING, closed(**changed), language="en", now=NOW))
    assert says in said
    assert ("You can appeal until" in said) == ("decided by" in says)


def test_there_is_no_closing_letter_before_closing() -> None:
    with pytest.raises(Conflict):
        compose(LetterKind.CLOSING, grievance(), language="en", now=NOW)


def test_an_erased_grievance_has_letters_without_its_words() -> None:
    gone = closed(particulars=None, closing_reasons=None)
    said = everything(compose(LetterKind.CLOSING, gone, language="en", now=NOW))
    assert "erased at your wish" in said
    assert "The complainant" in said
    assert press.pdf(compose(LetterKind.CLOSING, gone, language="hi", now=NOW)).startswith(b"%PDF")


def test_a_letter_may_be_made_at_any_moment() -> None:
    letter = compose(LetterKind.CLOSING, closed(), language="en", now=NOW + timedelta(microseconds=123_456))
    assert press.pdf(letter) == press.pdf(compose(LetterKind.CLOSING, closed(), language="en", now=NOW))


def test_a_hub_that_decides_an_appeal_did_not_receive_the_grievance_first() -> None:
    appealed = closed(owed_room="hub", level="hub", clock_started_at=FILED + timedelta(days=9))
    assert "First received by" not in everything(compose(LetterKind.CLOSING, appealed, language="en", now=NOW))
    moved = closed(owed_room="hub")
    assert "First received by" in everything(compose(LetterKind.CLOSING, moved, language="en", now=NOW))


def test_a_grievance_that_moved_names_both_rooms() -> None:
    moved = grievance(room="hub", clock_started_at=FILED + timedelta(days=9))
    said = everything(compose(LetterKind.ACKNOWLEDGEMENT, moved, language="en", now=NOW))
    assert "First received by: MSME-DI Mumbai" in said
    assert "Reopened or appealed on: 21 August 2026" in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LetterKind)
def test_the_same_letter_is_the_same_pdf(language: str, kind: LetterKind) -> None:
    letter = compose(kind, closed(), language=language, now=NOW)
    made = press.pdf(letter)
    assert made.startswith(b"%PDF-1.")
    assert made == press.pdf(letter)
    assert len(made) < 200_000
    assert len(press.pictures(letter, 30)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", ["letters", "ledger"])
def test_the_font_has_every_sign_of_our_own_sentences(language: str, domain: str) -> None:
    for entry in polib.pofile(str(ROOT / "locale" / language / f"{domain}.po")):
        missing = {sign for sign in entry.msgstr if ord(sign) not in signs.printable()}
        assert not missing, f"{entry.msgid}: {missing}"


def test_a_sentence_of_ours_that_cannot_be_printed_is_an_error() -> None:
    letter = compose(LetterKind.ACKNOWLEDGEMENT, grievance(), language="en", now=NOW)
    with pytest.raises(press.LetterFailed, match="could not be displayed"):
        press.pdf(replace(letter, opening="நன்றி"))


def test_a_sign_of_a_contact_that_cannot_be_printed_becomes_a_box_that_the_letter_explains() -> None:
    view = grievance(particulars=told(what_happened="அநீதி 😀 भुगतान"))
    letter = compose(LetterKind.ACKNOWLEDGEMENT, view, language="en", now=NOW)
    assert "भुगतान" in everything(letter)
    assert "� stands for" in letter.footer
    assert press.pdf(letter)


def test_the_letters_are_shaped() -> None:
    """A joiner that forbids the conjunct changes the picture, so without it the conjunct is formed."""
    letter = compose(LetterKind.ACKNOWLEDGEMENT, grievance(), language="hi", now=NOW)
    for joined, apart in (("विद्या", "विद्\u200cया"), ("क्षेत्र", "क्\u200cषेत्र"), ("र्‍या", "र्\u200cया")):
        first, second = (press.pictures(replace(letter, to=(word,)), 60) for word in (joined, apart))
        assert first != second
    assert press.pictures(replace(letter, to=("कि",)), 60) != press.pictures(replace(letter, to=("की",)), 60)


def test_words_of_a_contact_are_never_markup() -> None:
    words = '#panic("x") *bold* $1/0$ \\ #let letter = none @x <y> https://example.in = heading'
    view = grievance(particulars=told(what_happened=words, enterprise_name="#import"))
    letter = compose(LetterKind.ACKNOWLEDGEMENT, view, language="en", now=NOW)
    assert words in everything(letter)
    assert press.pdf(letter)


def test_a_long_story_takes_more_pages() -> None:
    view = grievance(particulars=told(what_happened=("शब्द " * 12 + "\n") * 64))
    letter = compose(LetterKind.ACKNOWLEDGEMENT, view, language="hi", now=NOW)
    assert len(press.pictures(letter, 20)) > 1
    assert press.pdf(letter)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_whatever_a_contact_writes_fits(text: str) -> None:
    shown = signs.fit(text)
    assert all(ord(sign) in signs.printable() for sign in shown if sign != "\n")
    assert signs.fit(shown) == shown
    assert max((len(run) for run in shown.replace("\u200b", " ").split()), default=0) < 120


def test_no_run_is_too_long_for_a_line() -> None:
    assert max(len(run) for run in signs.fit("क" * 500).split("\u200b")) <= 30
    assert signs.fit("Meera\r\nDevi\tof\u202e Pune\u00ad") == "Meera\nDevi of Pune"


@given(st.text(min_size=1, max_size=80).filter(str.strip))
@settings(max_examples=15, deadline=None)
def test_every_such_letter_can_be_set(text: str) -> None:
    letter = compose(LetterKind.ACKNOWLEDGEMENT, grievance(), language="hi", now=NOW)
    assert press.pdf(replace(letter, to=(signs.fit(text) or "-",))).startswith(b"%PDF")
