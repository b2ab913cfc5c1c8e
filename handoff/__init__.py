"""Handing a conversation to a person: the queue, the officers and their desk."""
