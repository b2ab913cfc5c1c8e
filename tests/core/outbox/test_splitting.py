"""Long texts become several messages: nothing is lost but white space, each is short enough, buttons come last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Button, OutboundContent
from core.outbox.splitting import split_text

BUTTONS = (Button(title="Yes", payload="/affirm"), Button(title="No", payload="/deny"))
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.sampled_from(["योजना", "loan ", "।", " ", "\n", ". ", "। ", "x" * 30, "   ", "🙏"]), max_size=60).map(
        "".join
    ),
)


def without_space(text: str) -> str:
    return "".join(text.split())


@given(
    text=TEXTS,
    limit=st.integers(1, 120),
    with_buttons=st.one_of(st.none(), st.integers(1, 120)),
    buttons=st.sampled_from([(), BUTTONS]),
)
def test_nothing_is_lost_and_everything_is_short_enough(
    text: str, limit: int, with_buttons: int | None, buttons: tuple[Button, ...]
) -> None:
    content = OutboundContent(text=text, language="hi", key="a.b", buttons=buttons)
    parts = split_text(content, limit, with_buttons)
    assert without_space("".join(part.text for part in parts)) == without_space(text)
    assert all(len(part.text) <= limit for part in parts)
    assert parts[-1].buttons == buttons
    assert not any(part.buttons for part in parts[:-1])
    if buttons and with_buttons:
        assert len(parts[-1].text) <= with_buttons
    assert all(part.text.strip() for part in parts) or len(parts) == 1
    assert {(part.language, part.key) for part in parts} == {("hi", "a.b")}


@given(text=st.text(max_size=100))
def test_what_is_short_enough_stays_as_it_is(text: str) -> None:
    content = OutboundContent(text=text, buttons=BUTTONS)
    assert split_text(content, 100) == [content]


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("First line.\nSecond line.", 15, ["First line.", "Second line."]),
        ("पहला वाक्य। दूसरा वाक्य।", 14, ["पहला वाक्य।", "दूसरा वाक्य।"]),
        ("A sentence. Another one here", 20, ["A sentence.", "Another one here"]),
        ("xxxxxxxxxx", 4, ["xxxx", "xxxx", "xx"]),
        ("xxxx \n", 4, ["xxxx"]),
        ("      xxxx yy", 4, ["xxxx", "yy"]),
        ("", 4, [""]),
    ],
)
def test_where_texts_are_cut(text: str, limit: int, parts: list[str]) -> None:
    assert [part.text for part in split_text(OutboundContent(text=text), limit)] == parts
