"""Our verifier against the signer that Twilio publishes for Node.js."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.datastructures import ImmutableMultiDict

from channels.whatsapp.twilio.verifier import Verifier, read_form
from core.errors import ForgedWebhook
from tests.channels.whatsapp.signing import fixture
from tests.integration.peers import Peers, environment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

PATH = "/webhooks/whatsapp/inbound"
QUERIES = ["", "?outbound=01ARZ3NDEKTSV4RRFFQ69G5FAV", "?a=1&a=2&b=", "?q=%E0%A4%A8&x=%20+%2B"]
PUBLIC = [
    "https://sahayak.example",
    "https://sahayak.example/front",
    "https://sahayak.example:8443",
    "https://sahayak.example:443",
    "http://127.0.0.1:8080",
    "http://sahayak.example:80/a/b",
    "https://name:secret@sahayak.example/front",
]
LETTERS = "abzAZ019 _-+&=%#?/\\'\"<>\t\r\nनमस्तेकि़ा੧রஎ€é🙏👨‍👩‍👧\u200b\u200d\u202e"
NAMES = ["Body", "From", "To", "MessageSid", "ButtonText", "ChannelMetadata", "body", "BODY", "A", "B1", "B10", "B2"]
SIGN = """
const t = require('twilio');
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(cases.map(c => t.getExpectedTwilioSignature(c.token, c.url, c.params))));
"""

Case = tuple[str, str, str, list[tuple[str, str]]]
"""Token, public address, path with query, parameters."""


def cases() -> list[Case]:
    """Real webhooks, hand-made corners, and several hundred of chance."""
    chance = random.Random(20)
    token = "auth-token-of-the-tests-0001"
    real = [list(case["parameters"].items()) for case in fixture("inbound") + fixture("status")]
    corners: list[list[tuple[str, str]]] = [
        [],
        [("Body", "")],
        [("Body", "नमस्ते 🙏"), ("Empty", ""), ("Empty2", "")],
        [("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "b"), ("MediaUrl", "")],
        [("a", "bc"), ("ab", "c")],
        [("Body", "a b"), ("Body", "a+b"), ("Body", "a%20b")],
        [("Body", "x" * 1600)],
        [("Body", "line\r\nline\n")],
    ]
    found: list[Case] = [
        (token, public, PATH + query, params) for public in PUBLIC for query in QUERIES for params in real[:2] + corners
    ]
    found += [(token, PUBLIC[1], PATH, params) for params in real]
    found += [
        (
            "".join(chance.choices("0123456789abcdef", k=32)),
            chance.choice(PUBLIC),
            PATH + chance.choice(QUERIES),
            [
                (chance.choice(NAMES), "".join(chance.choices(LETTERS, k=chance.randrange(0, 40))))
                for _ in range(chance.randrange(0, 25))
            ],
        )
        for _ in range(600)
    ]
    return found


def grouped(params: list[tuple[str, str]]) -> dict[str, Any]:
    """Parameters as Node.js has them: a list where a name is repeated."""
    values: dict[str, list[str]] = {}
    for name, value in params:
        values.setdefault(name, []).append(value)
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


@pytest.fixture(scope="module")
def signed(peers: Peers, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, str]]:
    """Every case with its signature, from one process."""
    script: Path = tmp_path_factory.mktemp("signer") / "sign.js"
    script.write_text(SIGN)
    orders = [
        {"token": token, "url": public + path, "params": grouped(params)} for token, public, path, params in cases()
    ]
    done = subprocess.run(
        [peers.node, str(script)],
        input=json.dumps(orders).encode(),
        capture_output=True,
        check=True,
        timeout=60,
        env=environment() | {"NODE_PATH": str(peers.modules)},
    )
    return list(zip(cases(), json.loads(done.stdout), strict=True))


def passes(token: str, public: str, path: str, params: list[tuple[str, str]], signature: str) -> bool:
    # By way of the bytes of a body, as in a webhook.
    form = read_form(urlencode(params).encode(), "application/x-www-form-urlencoded; charset=UTF-8")
    try:
        Verifier(token, public).verify(path, form, signature)
    except ForgedWebhook:
        return False
    return True


def test_what_the_other_signer_signed_is_genuine(signed: list[tuple[Case, str]]) -> None:
    assert len(signed) > 900
    refused = [case for case, signature in signed if not passes(*case, signature)]
    assert refused == []


def test_with_anything_changed_it_is_forged(signed: list[tuple[Case, str]]) -> None:
    """A changed letter, a parameter more or less, another path, query, host, scheme or token."""
    taken: list[tuple[str, Case]] = []
    for (token, public, path, params), signature in signed:
        changed: dict[str, Case] = {
            "token": (token[:-1] + ("g" if token[-1] != "g" else "h"), public, path, params),
            "host": (token, public.replace("sahayak", "sahayek").replace("127.0.0.1", "127.0.0.2"), path, params),
            "scheme": (token, public.replace("http", "ftp", 1), path, params),
            "path": (token, public, path.replace("inbound", "status"), params),
            "query": (token, public, path + ("&x=1" if "?" in path else "?x=1"), params),
            "more": (token, public, path, [*params, ("Zz", "1")]),
        }
        if params:
            name, value = params[-1]
            changed["value"] = (token, public, path, [*params[:-1], (name, value + "x")])
            changed["name"] = (token, public, path, [*params[:-1], (name + "x", value)])
        if len(params) == len(dict(params)) and params and params[-1] != ("", ""):
            changed["less"] = (token, public, path, params[:-1])
        taken += [(what, case) for what, case in changed.items() if passes(*case, signature)]
    assert taken == []


def test_a_default_port_may_be_named_or_not(signed: list[tuple[Case, str]]) -> None:
    for (token, public, path, params), signature in signed:
        if public == "https://sahayak.example":
            assert passes(token, public + ":443", path, params, signature)
        if public == "https://sahayak.example:8443":
            assert not passes(token, "https://sahayak.example:8444", path, params, signature)


def test_a_repeated_parameter_counts_with_every_value() -> None:
    form = read_form(b"a=1&a=2&b=", "application/x-www-form-urlencoded")
    assert isinstance(form, ImmutableMultiDict)
    assert form.getlist("a") == ["1", "2"]
    assert form["b"] == ""
