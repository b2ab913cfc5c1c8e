"""Twilio as the provider of WhatsApp."""
