"""Keeping personal data unreadable at rest and out of logs: encryption, blind indexes, masking."""
