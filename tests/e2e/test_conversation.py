"""A contact's first conversations, with every process real."""

import base64
import re
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Phone
from tools.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
_DEVANAGARI = re.compile(r"[\u0900-\u097F]")
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_signed_text_is_answered_in_hindi_with_source_and_date(phone: Phone) -> None:
    phone.say("मेरा खरीदार 3 महीने से पैसे नहीं दे रहा")
    phone.hears_text("45 दिन", "ब्याज", "स्रोत", "2026")
    phone.hears_text("आवेदन", "स्रोत")


def test_hinglish_is_answered_in_latin_letters_with_the_passage_in_hindi(phone: Phone) -> None:
    phone.say("udyam registration kaise kare")
    answer = phone.hears_text("उद्यम", "udyamregistration.gov.in")
    assert "English mein padhein" in [button["title"] for button in answer["card"]["buttons"]]
    phone.press(answer, "English mein padhein")
    phone.hears_text("Udyam", "Source")


def test_english_is_answered_in_english(phone: Phone) -> None:
    phone.say("What documents do I need for PMEGP?")
    phone.hears_text("Aadhaar", "Source")
    assert not [message["body"] for message in phone.messages() if _DEVANAGARI.search(message["body"])]


def test_what_no_page_answers_is_not_answered(phone: Phone) -> None:
    phone.say("what is the subsidy for drone pilots in Goa")
    answer = phone.hears(lambda message: bool(message["card"]))
    assert "Source" not in answer["body"]
    assert any("officer" in button["title"].lower() for button in answer["card"]["buttons"])


def test_the_consent_notice_comes_once_and_can_be_withdrawn(phone: Phone) -> None:
    phone.say("hello")
    notice = phone.hears_text("WITHDRAW CONSENT")
    phone.press(notice, "I agree")
    phone.hears_text("Thank you")
    phone.say("what is udyam")
    phone.hears_text("Source")
    phone.say("withdraw consent")
    phone.hears_text("withdrawn")
    assert sum("Do you agree?" in message["body"] for message in phone.messages()) == 1


def test_a_forged_and_a_repeated_webhook_change_nothing(stack: Stack, phone: Phone) -> None:
    import httpx

    form = {"MessageSid": "SM" + "0" * 32, "From": f"whatsapp:{phone.number}", "Body": "hello", "NumMedia": "0"}
    forged = httpx.post(stack.url("webhooks") + "/webhooks/whatsapp/inbound", data=form)
    assert forged.status_code == 403
    sent = phone.say("hello")
    phone.hears_text("WITHDRAW CONSENT")
    phone.provider.post(f"/control/inbound/{sent['sid']}/redeliver").raise_for_status()
    phone.hears_nothing()


def test_a_message_that_never_reached_us_is_found_in_the_providers_list(phone: Phone) -> None:
    phone.say("what is udyam registration", deliver=False, wait=False)
    phone.hears_text("Udyam", "Source", within=30)


def test_stop_and_start_are_obeyed_and_confirmed(agreed: Phone) -> None:
    agreed.say("STOP")
    agreed.hears_text("START")
    agreed.hears_nothing()
    agreed.say("start")
    agreed.hears_text("Welcome back")


def test_a_picture_is_kept_encrypted_and_a_lying_file_is_not(stack: Stack, agreed: Phone) -> None:
    picture = base64.b64encode(_PIXEL).decode()
    agreed.say(kind="media", media=[{"content_type": "image/png", "data": picture}])
    agreed.hears_text("received your file")
    kept = [path for path in Path(stack.data_dir, "media").rglob("*") if path.is_file()]
    assert kept
    assert all(b"PNG" not in path.read_bytes() for path in kept)
    lie = base64.b64encode(b"MZ this is a program").decode()
    agreed.say(kind="media", media=[{"content_type": "image/png", "data": lie}])
    agreed.hears_text("cannot keep it")


@pytest.mark.parametrize(
    "text",
    ["😀😀😀", "‏‎​", "<script>alert(1)</script> *bold* _x_", "क" * 5000, "𝕬𝖉𝖍𝖆𝖆𝖗 kya hai", "dobrý den, jak se máte"],
    ids=["emoji", "invisible", "markup", "long", "four-byte", "unknown-language"],
)
def test_odd_texts_get_some_answer(agreed: Phone, text: str) -> None:
    agreed.say(text)
    agreed.hears(lambda message: bool(message["body"]))


def test_messages_sent_at_once_are_taken_together(agreed: Phone) -> None:
    for text in ("mera buyer", "paisa nahi de raha", "3 mahine se"):
        agreed.say(text, wait=False)
    agreed.hears_text("45 दिन")
    agreed.hears_text("ODR")
    agreed.hears_nothing()


def test_a_question_asked_while_rasa_is_down_is_answered_when_it_is_back(stack: Stack, agreed: Phone) -> None:
    stack.kill("rasa")
    agreed.say("what is udyam")
    time.sleep(3)
    stack.start("rasa")
    agreed.hears_text("Udyam", within=60)


def test_knowledge_down_is_said_and_an_officer_offered(stack: Stack, agreed: Phone) -> None:
    stack.kill("knowledge")
    try:
        agreed.say("documents for PMEGP?")
        answer = agreed.hears(lambda message: bool(message["card"]))
        assert "Source" not in answer["body"]
        assert any("officer" in button["title"].lower() for button in answer["card"]["buttons"])
    finally:
        stack.start("knowledge")
