"""One invented grievance, followed day by day, with every message as its contact gets it."""
