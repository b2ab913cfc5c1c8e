"""The channels that there are."""

from channels.base import Channel
from channels.whatsapp.channel import make_channel as make_whatsapp
from core.settings import Profile


def make_channels(profile: Profile) -> dict[str, Channel]:
    """Every channel by name, with its settings read and checked."""
    whatsapp = make_whatsapp(profile)
    return {whatsapp.manifest.name: whatsapp}
