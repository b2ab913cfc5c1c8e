"""Templates: one for every notice in every language, as WhatsApp takes them, and used only where they say the whole."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.whatsapp.definitions import MAX_BODY, Definition, definition_for, definitions
from channels.whatsapp.twilio.renderer import TITLE_LIMIT, notice_definition
from core.events import Button, OutboundContent
from core.i18n import LANGUAGES, sentence
from core.media import models as _media  # noqa: F401 - registers the table that grievances refer to
from grievances.messages import LATE, TOLD_KINDS, Told, contents
from grievances.schemas import ActorKind, EventView, Kind, Level
from simulators.twilio.templates import fill, fits_a_variable, rejection
from tests.grievances.letters.views import grievance as invented

ALL = definitions()


def named(notice: str, language: str = "en") -> Definition:
    return next(one for one in ALL if (one.notice, one.language) == (notice, language))


def closed(text: str = "The buyer has paid.", language: str = "en", **more: Any) -> OutboundContent:
    params = {"reference": "CH-1", "outcome": "redressed", "text": text}
    key = "grievances.closed"
    said = sentence("grievances", key, language, **params)
    return OutboundContent(**{"text": said, "language": language, "key": key, "params": params, **more})


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.notice}-{one.language}")
def test_whatsapp_takes_it(one: Definition) -> None:
    made: Any = notice_definition(one)
    assert rejection(made["types"], made["variables"]) == ""
    assert re.fullmatch(r"[a-z0-9_]{1,512}", one.name)
    assert one.category == "UTILITY"
    assert all(fits_a_variable(sample) for sample in one.samples)
    assert len(one.filled(one.samples)) <= MAX_BODY // 2, "little is left for what an officer writes"
    assert all(0 < len(title) <= TITLE_LIMIT for title in one.buttons)
    (words,) = made["types"].values()
    assert fill(words["body"], made["variables"]) == one.filled(one.samples)


def test_names_tell_templates_apart() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    hindi, hinglish = named("grievances.closed", "hi"), named("grievances.closed", "hi-Latn")
    assert hindi.is_other_version("sahayak_grievances_closed_hi_00000000")
    assert not hindi.is_other_version(hindi.name)
    assert not hindi.is_other_version(hinglish.name)
    assert not named("grievances.closed").is_other_version(named("grievances.closed_may_appeal").name)


DETAILS: dict[str, Any] = {
    "text": "Two lines:\nthe bank\thas {paid}.",
    "until": "2026-12-22",
    "outcome": "redressed",
    "registry": "cpgrams",
    "number": "D/1",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(TOLD_KINDS))
def test_every_notice_has_one_that_says_the_whole(kind: Kind, language: str) -> None:
    grievance = invented(appeal_until=invented().outer_by)
    for level in Level:
        for because in ("", LATE, "reopened_again", "poor_feedback"):
            for code in (None, "4827"):
                details = {**DETAILS, "because": because, "to_level": "appellate", "reference": grievance.reference}
                event = EventView(
                    seq=2, at=grievance.filed_at, actor=ActorKind.SYSTEM, officer_id=None, kind=kind,
                    from_status=None, to_status=grievance.status, details=details,
                )  # fmt: skip
                (content,) = contents(Told(grievance.model_copy(update={"level": level}), event, language, code))
                definition = definition_for(content)
                assert definition is not None, content.key
                values = definition.values(content)
                assert values is not None, content.key
                assert all(fits_a_variable(value) for value in values)
                assert definition.filled(values).split()[0] == content.text.split()[0]


@pytest.mark.parametrize(
    "content",
    [
        closed(text=""),
        closed(text=" \n "),
        closed(text="x" * 1000),
        closed(params={"reference": "CH-1"}),
        closed().model_copy(update={"text": "The first half of it"}),
        closed(buttons=(Button(title="Yes", payload="/affirm"),)),
        closed(key="grievances.withdrawn"),
        closed(params={"reference": "CH-2", "outcome": "redressed", "text": "The buyer has paid."}),
    ],
    ids=["empty", "blank", "too long", "without its parameters", "a part", "other buttons", "another", "changed"],
)
def test_what_it_cannot_say_whole_it_does_not_say(content: OutboundContent) -> None:
    definition = definition_for(content)
    assert definition is not None
    assert definition.values(content) is None


@pytest.mark.parametrize(("key", "language"), [("", "en"), ("gateway.stopped", "en"), ("grievances.closed", "ta")])
def test_other_words_have_none(key: str, language: str) -> None:
    assert definition_for(OutboundContent(text="hello", key=key, language=language)) is None


@given(text=st.text(min_size=1, max_size=900))
def test_values_fit_whatever_an_officer_writes(text: str) -> None:
    content = closed(text=text)
    definition = definition_for(content)
    assert definition is not None
    values = definition.values(content)
    if values is not None:
        assert all(fits_a_variable(value) for value in values)
        assert values[2].split() == text.split(), "no word is lost"
        assert len(definition.filled(values)) <= MAX_BODY
