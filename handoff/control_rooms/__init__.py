"""The control rooms: which there are, and which one is nearest to a place."""
