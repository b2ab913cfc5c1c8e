"""The provider's side of each channel: it answers API calls and signs webhooks, so that nothing real is needed."""
