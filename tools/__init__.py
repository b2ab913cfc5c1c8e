"""Developer tools: set-up, launcher, test stack, back-up. Nothing that is shipped imports them."""
