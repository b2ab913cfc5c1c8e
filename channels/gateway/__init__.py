"""Runs turns and delivers what is said: the process between the channels and the assistant."""
