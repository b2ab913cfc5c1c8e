"""The complaint form: pure steps from a draft and a message to the next draft and what is said."""
