"""Puts the parts of WhatsApp together."""

from functools import partial

from channels.base import Channel
from channels.whatsapp.manifest import MANIFEST
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.sender import TwilioSender
from channels.whatsapp.twilio.webhook import make_routes
from core.settings import Profile


def make_channel(profile: Profile) -> Channel:
    """WhatsApp, with its settings read and checked."""
    settings = WhatsAppSettings()
    settings.check(profile)
    return Channel(
        manifest=MANIFEST,
        make_sender=partial(TwilioSender, settings),
        make_routes=partial(make_routes, settings),
    )
