"""The one tree of errors that Sahayak raises.

::

    SahayakError
    ├── InvalidInput          a person or a caller gave something that cannot be used; names the field
    ├── NotFound
    ├── NotPermitted
    ├── Conflict              somebody else changed it first
    ├── TooMany               more than may be queued or asked just now
    ├── StorageUnavailable    nothing can be stored just now
    ├── BotUnavailable        the assistant gave no answer
    ├── ProviderError
    │   ├── RetryableDelivery certainly not accepted: may be sent again
    │   ├── FinalDelivery     refused for good
    │   └── UncertainDelivery may have been accepted: never sent again without asking
    └── WebhookError
        ├── UnsupportedWebhookEvent  -> 200
        ├── ForgedWebhook            -> 403
        └── MalformedWebhook         -> 400
"""


class SahayakError(Exception):
    """Base of every error of ours."""


class InvalidInput(SahayakError):
    """Something given cannot be used.

    Args:
        field: Name of what was given.
        expected: What would have been right.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class NotFound(SahayakError):
    """What was asked for does not exist."""


class NotPermitted(SahayakError):
    """The person may not do this."""


class Conflict(SahayakError):
    """Somebody else changed it first, or it is in a state that does not allow this."""


class TooMany(SahayakError):
    """More than may be queued or asked just now.

    Args:
        retry_after: Seconds after which it may be tried again.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageUnavailable(SahayakError):
    """The database is locked, full or away: nothing was stored, and whoever asked must ask again."""


class BotUnavailable(SahayakError):
    """The assistant gave no usable answer."""


class ProviderError(SahayakError):
    """A channel's provider did not do what it was asked.

    Args:
        code: The provider's own error code, or a short word of ours.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code} {message}".strip())
        self.code = code


class RetryableDelivery(ProviderError):
    """The provider certainly did not accept it, so it may be sent again.

    Args:
        retry_after: Seconds to wait at least, if the provider said so.
    """

    def __init__(self, code: str, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after


class FinalDelivery(ProviderError):
    """The provider refused it for good."""


class UncertainDelivery(ProviderError):
    """The request was sent and no answer came: it may have been accepted."""


class WebhookError(SahayakError):
    """A webhook request that is not accepted."""

    http_status = 400


class UnsupportedWebhookEvent(WebhookError):
    """A genuine event that means nothing to us."""

    http_status = 200


class ForgedWebhook(WebhookError):
    """The signature does not prove the provider."""

    http_status = 403


class MalformedWebhook(WebhookError):
    """The request is genuine but cannot be read."""

    http_status = 400
