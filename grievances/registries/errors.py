"""What can go wrong with another registry; each is one of the three kinds that `core.errors` knows."""

from core.errors import FinalDelivery, RetryableDelivery, UncertainDelivery


class RegistryBusy(RetryableDelivery):
    """The registry took nothing and may be asked again later; the whole round had better end."""


class RegistryRefused(FinalDelivery):
    """The registry refused for good.

    Args:
        code: Its own code.
        fields: Names of the fields that it does not accept; never their values.
    """

    def __init__(self, code: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(code, ", ".join(fields))
        self.fields = fields


class AlreadyRegistered(FinalDelivery):
    """The registry has this reference already.

    Args:
        number: Its number there.
    """

    def __init__(self, number: str) -> None:
        super().__init__("already_registered", number)
        self.number = number


class AlreadyClosed(FinalDelivery):
    """The registry has closed this grievance before."""

    def __init__(self) -> None:
        super().__init__("already_closed")


class UnknownNumber(FinalDelivery):
    """The registry has no grievance under this number."""

    def __init__(self) -> None:
        super().__init__("unknown_number")


class AnswerUnusable(UncertainDelivery):
    """The registry may have done it, but its answer cannot be believed or read."""
