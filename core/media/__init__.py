"""Files that contacts send: typed by content, limited, encrypted, and shown by short-lived links only."""
