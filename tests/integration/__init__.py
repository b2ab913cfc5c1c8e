"""Tests against real databases, several processes, and independent implementations of the providers' protocols."""
