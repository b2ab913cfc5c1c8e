"""Measures speed and accuracy beside the alternatives, in one run, on this machine."""
