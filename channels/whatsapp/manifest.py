"""What WhatsApp can do."""

from channels.base import Manifest

MANIFEST = Manifest(name="whatsapp", address_kind="whatsapp", max_text=1600, max_buttons=3)
"""Limits: https://www.twilio.com/docs/whatsapp/api (1,600 characters; three quick replies in a session)."""
