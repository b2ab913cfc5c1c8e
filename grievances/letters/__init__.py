"""Letters about a grievance, as PDF: what they say (`content`), with which signs (`signs`), and how (`press`)."""
