"""Whether an address may be written to freely: some channels allow it only for a while after its last message."""

from datetime import datetime, timedelta

from core.conversations.schemas import AddressView

MARGIN = timedelta(minutes=2)
"""By so much a window is taken to end early: the provider's clock and ours differ, and sending takes its time."""


def is_open(address: AddressView, window: timedelta | None, now: datetime) -> bool:
    """Whether free text may be sent.

    Args:
        address: Where to; its last message is that of this address on its own channel, never of another one.
        window: How long the channel allows it after a message; None for always.
        now: When.
    """
    if window is None:
        return True
    last = address.last_inbound_at
    return last is not None and now - last < window - MARGIN
