"""A channel says what it can do, and keeps it."""

import pytest
from fastapi.routing import APIRoute

from channels.base import Sender
from channels.registry import make_channels
from core.events import Button, OutboundContent
from core.ids import new_id
from core.outbox.splitting import split_text
from core.settings import Profile
from tests.channels.contract.rigs import RIGS, Rig

HINDI = "मेरा खरीदार 3 महीने से पैसे नहीं दे रहा है। आप समाधान पोर्टल पर शिकायत दर्ज कर सकते हैं।\n"
LATIN = "The buyer has to pay within 45 days. After that compound interest is due, at three times the bank rate. "


def buttons(number: int) -> tuple[Button, ...]:
    return tuple(Button(title=f"{n} " + "क" * 18, payload=f"/x{n}") for n in range(1, number + 1))


def test_every_channel_of_the_registry_has_a_rig(rig: Rig) -> None:
    assert set(make_channels(Profile.TEST)) == set(RIGS)
    assert rig.channel.manifest.name in RIGS


def test_limits_are_limits(rig: Rig) -> None:
    manifest = rig.channel.manifest
    assert manifest.address_kind
    assert 0 < manifest.max_text_with_buttons <= manifest.max_text
    assert manifest.max_buttons >= 0


def test_webhooks_are_posts_under_the_channels_own_name(rig: Rig) -> None:
    async def door(_event: object) -> bool:
        return True

    routes = [route for route in rig.channel.make_routes(door, door).routes if isinstance(route, APIRoute)]
    assert routes
    assert all(route.path.startswith(f"/webhooks/{rig.channel.manifest.name}/") for route in routes)
    assert {method for route in routes for method in route.methods or ()} == {"POST"}


@pytest.mark.parametrize("text", [HINDI, LATIN, "न" * 97, "🙏 "], ids=["hindi", "english", "no spaces", "emoji"])
async def test_a_text_as_long_as_allowed_is_taken_whole(rig: Rig, senders: dict[str, Sender], text: str) -> None:
    manifest = rig.channel.manifest
    plain = (text * manifest.max_text)[: manifest.max_text - 1] + "."
    chosen = (text * manifest.max_text)[: manifest.max_text_with_buttons - 1] + "."
    for sender in senders.values():
        await sender.send(rig.contact, OutboundContent(text=plain, language="hi"), new_id())
        content = OutboundContent(text=chosen, language="hi", buttons=buttons(manifest.max_buttons))
        await sender.send(rig.contact, content, new_id())
    taken = rig.taken()
    assert taken[0::2] == [plain] * len(senders)
    assert all(body.startswith(chosen) for body in taken[1::2])


@pytest.mark.parametrize("offered", [0, 1, 2])
async def test_a_longer_text_is_cut_and_every_part_is_taken_in_order(
    rig: Rig, senders: dict[str, Sender], offered: int
) -> None:
    manifest = rig.channel.manifest
    offered = min(offered, manifest.max_buttons)
    text = "".join(f"{number}. {HINDI}{LATIN}" for number in range(25))
    parts = split_text(
        OutboundContent(text=text, language="hi", buttons=buttons(offered)),
        manifest.max_text,
        manifest.max_text_with_buttons,
    )
    assert len(parts) > 2
    for sender in senders.values():
        before = len(rig.taken())
        for part in parts:
            await sender.send(rig.contact, part, new_id())
        taken = rig.taken()[before:]
        assert taken[:-1] == [part.text for part in parts[:-1]]
        assert taken[-1].startswith(parts[-1].text)
    assert " ".join(part.text for part in parts).split() == text.split()
