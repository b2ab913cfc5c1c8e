"""A signature covers the public address and every parameter: whatever is changed is refused."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from channels.whatsapp.twilio.verifier import Verifier, read_form
from core.errors import ForgedWebhook, MalformedWebhook
from tests.channels.whatsapp.signing import FORM, PUBLIC, TOKEN, encoded, fixture, form_of, signature

PATH = "/webhooks/whatsapp/inbound"
VERIFIER = Verifier(TOKEN, PUBLIC)
WORDS = st.text(max_size=20)
FORMS = st.dictionaries(st.text(min_size=1, max_size=12), WORDS, max_size=6).map(lambda form: list(form.items()))
QUERIES = st.text(alphabet="abcdefghijklmnop=&?0123", min_size=1, max_size=12)
Pairs = list[tuple[str, str]]


def is_genuine(pairs: Pairs, signed: str, path: str = PATH, verifier: Verifier = VERIFIER) -> bool:
    try:
        verifier.verify(path, form_of(pairs), signed)
    except ForgedWebhook:
        return False
    return True


def independent(path: str, pairs: Pairs) -> str:
    """The signature as Twilio's page describes it, without Twilio's code."""
    text = PUBLIC + path + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), hashlib.sha1)).decode()


@given(FORMS)
def test_what_is_rightly_signed_passes(pairs: Pairs) -> None:
    assert is_genuine(pairs, independent(PATH, pairs))
    assert is_genuine(pairs[::-1], independent(PATH, pairs))


@pytest.mark.parametrize("case", fixture("inbound") + fixture("status"), ids=lambda case: case["name"])
def test_every_fixture_passes_through_body_and_signature(case: dict[str, dict[str, str]]) -> None:
    pairs = list(case["parameters"].items())
    form = read_form(encoded(pairs), FORM)
    VERIFIER.verify(PATH, form, signature(PATH, pairs))
    assert dict(form) == case["parameters"]


@given(FORMS.filter(bool), st.data(), WORDS)
def test_a_changed_value_is_refused(pairs: Pairs, data: st.DataObject, value: str) -> None:
    place = data.draw(st.integers(0, len(pairs) - 1))
    assume(pairs[place][1] != value)
    changed = [*pairs[:place], (pairs[place][0], value), *pairs[place + 1 :]]
    assert not is_genuine(changed, signature(PATH, pairs))


@given(FORMS.filter(bool), st.data())
def test_a_parameter_taken_out_is_refused(pairs: Pairs, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(pairs) - 1))
    assert not is_genuine(pairs[:place] + pairs[place + 1 :], signature(PATH, pairs))


@given(FORMS, st.text(min_size=1, max_size=12), WORDS)
def test_a_parameter_put_in_is_refused(pairs: Pairs, name: str, value: str) -> None:
    assume((name, value) not in pairs)
    assert not is_genuine([*pairs, (name, value)], signature(PATH, pairs))


@pytest.mark.parametrize(
    "path",
    ["/webhooks/whatsapp/status", PATH + "/", PATH + "?x=1", "/Webhooks/whatsapp/inbound", "", PATH + "?bodySHA256=00"],
)
def test_another_address_is_refused(path: str) -> None:
    pairs = [("Body", "namaste"), ("MessageSid", "SM1")]
    assert not is_genuine(pairs, signature(PATH, pairs), path)


@given(QUERIES, QUERIES)
def test_another_query_is_refused(one: str, other: str) -> None:
    pairs = [("MessageStatus", "read")]
    assert is_genuine(pairs, signature(f"{PATH}?{one}", pairs), f"{PATH}?{other}") == (one == other)


@pytest.mark.parametrize(
    "public_url",
    [
        "http://sahayak.example/front",
        "https://sahayak.example",
        "https://other.example/front",
        "https://sahayak.example/front/",
    ],
)
def test_another_public_address_is_refused(public_url: str) -> None:
    pairs = [("Body", "namaste")]
    assert not is_genuine(pairs, signature(PATH, pairs, public_url=public_url))


@given(WORDS)
def test_another_token_is_refused(token: str) -> None:
    assume(token != TOKEN)
    pairs = [("Body", "namaste")]
    assert not is_genuine(pairs, signature(PATH, pairs, token=token))


@given(WORDS)
def test_anything_else_is_no_signature(signed: str) -> None:
    pairs = [("Body", "namaste")]
    assert not is_genuine(pairs, signed)


def test_a_signature_with_one_letter_changed_is_refused() -> None:
    pairs = [("Body", "namaste")]
    right = signature(PATH, pairs)
    for place, letter in enumerate(right):
        wrong = right[:place] + ("A" if letter != "A" else "B") + right[place + 1 :]
        assert not is_genuine(pairs, wrong)
    for wrong in (right[:-1], right + "A", right.lower(), " " + right, right + "\n", "é" * len(right)):
        assert not is_genuine(pairs, wrong)


def test_repeated_keys_are_all_covered() -> None:
    pairs = [("A", "1"), ("A", "2"), ("B", "")]
    assert is_genuine(pairs, signature(PATH, pairs))
    assert not is_genuine([("A", "1"), ("B", "")], signature(PATH, pairs))
    assert not is_genuine([("A", "1"), ("A", "3"), ("B", "")], signature(PATH, pairs))
    assert not is_genuine([("A", "1"), ("A", "2")], signature(PATH, pairs))


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        FORM.upper(),
        f"{FORM}; charset=UTF-8",
        f"{FORM};charset=utf-8",
        f'{FORM}; charset="utf-8"',
        f" {FORM} ; boundary=x",
    ],
)
def test_forms_are_read_whatever_the_spelling_of_their_type(content_type: str) -> None:
    form = read_form(b"Body=%E0%A4%95+%F0%9F%99%8F&Empty=&A=1&A=2&Plus=%2B", content_type)
    assert form.multi_items() == [("Body", "क 🙏"), ("Empty", ""), ("A", "1"), ("A", "2"), ("Plus", "+")]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"Body=x", ""),
        (b"Body=x", "application/json"),
        (b"Body=x", "multipart/form-data; boundary=x"),
        (b"Body=x", "text/plain"),
        (b"Body=x", f"{FORM}; charset=iso-8859-1"),
        (b"Body=x", f"{FORM}; charset=utf-16"),
        (b"Body=%E0%A4", FORM),
        (b"Body=%FF%FE", FORM),
        (b"Body=%ED%A0%80", FORM),
        ("Body=क".encode(), FORM),
        ("Body=é".encode("latin-1"), FORM),
        (b"Body=\xff", FORM),
        (b"&".join(b"a%d=1" % number for number in range(301)), FORM),
        (b"a=1&" * 5_000, FORM),
    ],
)
def test_what_is_no_form_in_utf_8_is_malformed(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedWebhook):
        read_form(body, content_type)


@pytest.mark.parametrize("body", [b"", b"&&", b"Body", b"=x", b"Body=%4", b"Body=%zz", b"%=%", b"a=1;b=2"])
def test_odd_forms_are_read_and_left_to_the_signature(body: bytes) -> None:
    assert len(read_form(body, FORM).multi_items()) <= 1


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_malformed(body: bytes) -> None:
    try:
        form = read_form(body, FORM)
    except MalformedWebhook:
        return
    for name, value in form.multi_items():
        assert (name + value).encode().decode() == name + value


@given(FORMS)
def test_a_truncated_body_is_refused(pairs: Pairs) -> None:
    body, signed = encoded(pairs), signature(PATH, pairs)
    for length in range(len(body)):
        try:
            form = read_form(body[:length], FORM)
        except MalformedWebhook:
            continue
        if form.multi_items() != pairs:
            assert not is_genuine(form.multi_items(), signed)
