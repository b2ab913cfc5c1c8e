"""Twilio's REST interface as far as WhatsApp messages need it."""
