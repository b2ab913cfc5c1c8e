"""From the assistant to an officer and back, through the desk's own pages."""


import pytest

from tests.e2e.conftest import Phone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def test_nobody_is_handed_over_without_consent(phone: Phone) -> None:
    phone.say("I want to talk to an officer")
    question = phone.hears_text("To connect you to an officer")
    phone.press(question, "I agree")
    phone.hears_text("passed your conversation to the officers")
