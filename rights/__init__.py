"""What contacts may ask about their own data: what is held, a copy of it, and its erasure."""
