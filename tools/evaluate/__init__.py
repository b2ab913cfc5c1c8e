"""Measures how well questions find their answers and how well utterances are understood, on hand-written sets."""
