"""Work that is due at a time: rows that a sweep finds, so that nothing sleeps for days in a process."""
