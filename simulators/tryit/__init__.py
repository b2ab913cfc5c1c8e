"""The try-it page: a phone in the browser whose owner is invented."""
