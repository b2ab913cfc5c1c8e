"""Pure parsers of what contacts write in a complaint: amounts, dates, numbers, places, topics, corrections."""
