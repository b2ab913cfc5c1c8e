"""Whole complaints on WhatsApp with every process real: Hindi, Hinglish and English, as impatient people write."""

import base64
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from grievances.reference import new_reference, shown
from tests.e2e.conftest import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_REFERENCE = re.compile(r"\b\d{2}-\d{4}-\d{5}\b")
_NOBODYS = shown(new_reference(2024, Random(7)))
_CODE = re.compile(r"(?<![\d-])\d{6}(?![\d-])")


def _titles(message: dict[str, Any]) -> list[str]:
    return [button["title"] for button in message["card"]["buttons"]] if message["card"] else []


def _number_and_code(body: str) -> tuple[str, str]:
    """Reference and code of an acknowledgement."""
    found = _REFERENCE.search(body)
    assert found is not None, body
    codes = _CODE.findall(body.replace(found.group(), ""))
    assert len(codes) == 1, body
    return found.group(), codes[0]


def test_hinglish_story_becomes_a_number_in_six_turns(phone: Phone) -> None:
    """What the first message tells is not asked: amount, since when, against whom, where."""
    turns = [
        (
            "mera buyer Gupta Stores 2 lakh nahi de raha 4 mahine se, pune se hu, shikayat darj karo",
            "Shikayat darj karne",
        ),
        ("haan", "Kharidar se payment mein deri"),
        ("haan", "udyam ka naam"),
        ("Asha Tailors", "photo"),
        ("ho gaya", "Kripya jaanch"),
    ]
    for text, part in turns:
        phone.say(text)
        last = phone.hears_text(part)
    for part in ("Gupta Stores", "2,00,000", "Asha Tailors", "Pune, Maharashtra"):
        assert part in last["body"]
    phone.press(last, "Darj karein")
    reference, _ = _number_and_code(phone.hears_text("darj ho gayi")["body"])
    assert len(turns) + 1 <= 8
    phone.say("meri shikayat ka kya hua")
    phone.hears_text(reference)
    asked = [message["body"] for message in phone.messages()]
    assert not any("kahan hai" in body or "Kitne rupaye" in body or "uska naam" in body for body in asked)


def test_hindi_with_a_question_in_between_a_correction_and_somebody_elses_look(
    phone: Phone, another: Callable[[], Phone]
) -> None:
    def said(text: str, *parts: str) -> dict[str, Any]:
        phone.say(text)
        return phone.hears_text(*parts)

    said("मुझे शिकायत करनी है", "शिकायत दर्ज करने के लिए")
    said("हाँ", "क्या हुआ?")
    said("मेरे खरीदार शर्मा ट्रेडर्स ने पाँच महीने से डेढ़ लाख रुपये नहीं दिए, बिल भी दिया है", "खरीदार से भुगतान में देरी")
    said("हाँ", "उद्यम का नाम")
    said("उद्यम रजिस्ट्रेशन की फीस कितनी है?", "मुफ़्त", "स्रोत")
    phone.hears_text("उद्यम का नाम")
    said("आशा टेलर्स", "पिन कोड")
    said("999999", "मुझे नहीं मिला")
    said("हापुड़", "फ़ोटो")
    said("बस इतना ही", "1,50,000", "शर्मा ट्रेडर्स", "आशा टेलर्स", "उत्तर प्रदेश")
    said("नहीं, राशि दो लाख है", "सुधार दिया")
    phone.hears_text("2,00,000")
    phone.say("जमा करो")
    reference, code = _number_and_code(phone.hears_text("दर्ज हो गई")["body"])
    # Whoever knows only the number learns nothing, not even that there is one; with the code it is shown.
    other = another()
    other.say(f"{reference} ka status")
    unknown = other.hears_text("code")["body"]
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    other.say(wrong)
    refused = other.hears_text("mel nahi")["body"]
    stranger = another()
    stranger.say(f"{_NOBODYS} ka status")
    assert stranger.hears_text("code")["body"] == unknown
    stranger.say(wrong)
    assert stranger.hears_text("mel nahi")["body"] == refused
    other.say(code)
    other.hears_text(reference)


def test_english_back_skip_cancel_and_an_impossible_date(phone: Phone) -> None:
    def said(text: str, *parts: str) -> dict[str, Any]:
        phone.say(text)
        return phone.hears_text(*parts)

    said(
        "I want to file a complaint against SBI Noida branch for rejecting my mudra loan without any reason", "To file"
    )
    said("I agree", "Loan or credit from a bank")
    said("yes", "How much money")
    said("10 lakh since 31 feb", "no such day")
    said("10 lakh, 12 march 2026", "name of your enterprise")
    said("back", "How much money")
    said("skip", "name of your enterprise")
    said("you are all thieves and idiots", "upset")
    phone.hears_text("name of your enterprise")
    said("Verma Plastics UDYAM-UP-28-12345", "not quite a Udyam number")
    said("skip", "or the district")
    said("Dubai", "in India")
    said("cancel", "Nothing was filed")
    said("what became of my complaint", "no complaint from this number")


def test_two_complaints_in_one_sentence_become_two_numbers(phone: Phone) -> None:
    def said(text: str, *parts: str) -> dict[str, Any]:
        phone.say(text)
        return phone.hears_text(*parts)

    first_half = "shikayat likho, mera buyer Gupta Stores 3 lakh nahi de raha 5 mahine se"
    said(f"{first_half}, aur udyam certificate me naam galat hai, kanpur se", "Shikayat darj karne")
    said("haan", "do shikayatein", "Udyam registration")
    phone.hears_text("Kharidar se payment mein deri")
    said("haan", "udyam ka naam")
    said("Asha Tailors", "photo")
    said("nahi hai", "Kripya jaanch")
    phone.say("bhej do")
    first, _ = _number_and_code(phone.hears_text("darj ho gayi")["body"])
    offer = phone.hears_text("Udyam registration")
    phone.press(offer, "Haan")
    asked = phone.hears(lambda message: bool(message["body"]))["body"]
    if "Kya hua" in asked:
        said("certificate me mera naam galat likha hai aur portal par badal nahi raha", "photo")
    assert "Asha Tailors" in said("bas", "Kripya jaanch")["body"]
    phone.say("bhej do")
    second, _ = _number_and_code(phone.hears_text("darj ho gayi")["body"])
    assert first != second


def test_a_complaint_left_open_goes_on_where_it_was(phone: Phone) -> None:
    phone.say("mera grahak 80,000 nahi de raha chaar mahine se, complaint karni hai")
    phone.press(phone.hears_text("Shikayat darj karne ke liye"), "Main sahmat hoon")
    phone.press(phone.hears_text("Kharidar se payment"), "Haan")
    phone.hears_text("uska naam")
    phone.say("thodi der me batata hu")
    phone.hears_text("saat din")
    phone.say("shikayat")
    resumed = phone.hears(lambda message: "uska naam" in message["body"] or "adhoori" in message["body"])
    if "adhoori" in resumed["body"]:
        phone.say("haan")
        phone.hears_text("uska naam")
    sent = phone.say("Kiran Fabrics")
    phone.hears_text("udyam ka naam")
    # The provider delivers it again: nothing is answered, nothing is taken twice.
    phone.provider.post(f"/control/inbound/{sent['sid']}/redeliver").raise_for_status()
    phone.hears_nothing(1.5)


def test_guessing_codes_is_stopped(phone: Phone) -> None:
    phone.say(f"complaint {_NOBODYS} status")
    phone.hears_text("code")
    for code in ("111111", "222222", "333333", "444444", "555555"):
        phone.say(code)
        phone.hears_text("do not go together")
    phone.say("666666")
    phone.hears_text("tried too often")


def test_a_file_of_fifty_megabytes_is_refused_and_a_photo_is_attached(phone: Phone) -> None:
    phone.say("mera buyer Gupta Stores 2 lakh nahi de raha 4 mahine se, pune se hu, shikayat darj karo")
    phone.press(phone.hears_text("Shikayat darj karne ke liye"), "Main sahmat hoon")
    phone.press(phone.hears_text("Kharidar se payment"), "Haan")
    phone.hears_text("udyam ka naam")
    huge = base64.b64encode(_PIXEL + bytes(50 * 1024 * 1024)).decode()
    phone.say(kind="media", media=[{"content_type": "image/png", "data": huge}])
    phone.hears_text("16 MB")
    phone.hears_text("udyam ka naam")
    phone.say(kind="media", media=[{"content_type": "image/png", "data": base64.b64encode(_PIXEL).decode()}])
    phone.hears_text("jod di gayi")
    phone.say("Asha Tailors")
    phone.hears_text("Judi hui files: 1")
    phone.say("ho gaya")
    assert "Files: 1" in phone.hears_text("Kripya jaanch")["body"]
