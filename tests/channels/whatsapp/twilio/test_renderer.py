"""What is said gets the provider's form: quick replies, or a numbered list; words stay words."""

import json

from hypothesis import given
from hypothesis import strategies as st

from channels.whatsapp.manifest import MANIFEST
from channels.whatsapp.twilio.renderer import (
    TITLE_LIMIT,
    numbered,
    template_definition,
    template_name,
    template_variables,
)
from core.events import Button, OutboundContent

BUTTONS = (Button(title="हाँ", payload="/affirm"), Button(title="Talk to an officer please", payload="/talk_to_officer"))


def test_a_text_without_choices_is_itself() -> None:
    assert numbered(OutboundContent(text="*नमस्ते* <b>")) == "*नमस्ते* <b>"


def test_choices_are_numbered_and_their_payloads_stay_here() -> None:
    shown = numbered(OutboundContent(text="क्या?", buttons=BUTTONS))
    assert shown == "क्या?\n\n1. हाँ\n2. Talk to an officer please"
    assert "/affirm" not in shown


def test_a_template_holds_any_text_and_numbers_as_ids() -> None:
    definition = template_definition(tuple(button.title for button in BUTTONS), "hi")
    quick = definition["types"]["twilio/quick-reply"]  # type: ignore[index]
    assert quick["body"] == "{{1}}"
    assert [(one["title"], one["id"]) for one in quick["actions"]] == [("हाँ", "1"), ("Talk to an officer p", "2")]
    assert "/affirm" not in json.dumps(definition)
    assert definition["language"] == "hi"
    assert template_definition(("a",), "hi-Latn")["language"] == "en"


@given(st.text(max_size=100))
def test_any_text_survives_as_a_variable(text: str) -> None:
    assert json.loads(template_variables(OutboundContent(text=text))) == {"1": text}


@given(st.lists(st.text(max_size=30), max_size=4), st.lists(st.text(max_size=30), max_size=4))
def test_the_same_titles_are_the_same_template(one: list[str], other: list[str]) -> None:
    assert template_name(tuple(one)) == template_name(tuple(one))
    if [title[:TITLE_LIMIT] for title in one] == [title[:TITLE_LIMIT] for title in other]:
        assert template_name(tuple(one)) == template_name(tuple(other))


def test_the_longest_message_with_its_choices_fits_twilios_limit() -> None:
    buttons = tuple(Button(title="क" * TITLE_LIMIT, payload="/x") for _ in range(MANIFEST.max_buttons))
    longest = OutboundContent(text="x" * MANIFEST.max_text, buttons=buttons)
    assert len(numbered(longest)) <= 1_600
    assert MANIFEST.max_text_with_buttons <= 1_024
