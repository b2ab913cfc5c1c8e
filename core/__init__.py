"""The kernel that every part of Sahayak stands on: settings, database, privacy, conversations, turns and outbox."""
