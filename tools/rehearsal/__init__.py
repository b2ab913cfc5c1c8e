"""Rehearsals of bad days: processes killed at named points and at random, with every message accounted for."""
