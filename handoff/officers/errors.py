"""What can go wrong with officers beyond the common errors."""

from core.errors import NotPermitted


class SignInRefused(NotPermitted):
    """Login or password is wrong, or the account is locked or inactive; which of them is not told."""


class NotSignedIn(NotPermitted):
    """No valid session belongs to the request."""
