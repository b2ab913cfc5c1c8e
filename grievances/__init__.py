"""Grievances: a number of record, a clock that is kept, and a way up."""
