"""What contacts are in the middle of: complaints, look-ups and reopenings that are not finished."""
