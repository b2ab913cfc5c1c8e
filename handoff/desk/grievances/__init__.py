"""The grievance side of the desk: lists, one grievance with its clock and history, what officers do, and letters."""
