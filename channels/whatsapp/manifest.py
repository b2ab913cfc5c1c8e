"""What WhatsApp can do."""

from datetime import timedelta

from channels.base import Manifest

MANIFEST = Manifest(
    name="whatsapp",
    address_kind="whatsapp",
    max_text=1500,
    max_buttons=3,
    max_text_with_buttons=1000,
    window=timedelta(hours=24),
)
"""Limits: https://www.twilio.com/docs/whatsapp/api (1,600 characters; with quick replies 1,024 and three of
them in a session); a little is left for the numbers of choices. The window:
https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window"""
