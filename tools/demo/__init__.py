"""The demo country: invented officers, contacts and grievances, for looking around and for measuring."""
