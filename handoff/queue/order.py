"""In which order requests are served, and how long that will take: pure functions."""

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from statistics import median

from handoff.queue.schemas import HandoverView

Key = tuple[int, bool, bool, datetime, str]


def key(
    view: HandoverView,
    *,
    language: str | None = None,
    speaks: Collection[str] | None = None,
    now: datetime | None = None,
    patience: timedelta = timedelta(0),
) -> Key:
    """A request's place among others: priority, what came back from an officer, language, waiting time.

    A contact whose language the officer does not speak comes after the others of its priority until it has waited as
    long as the patience; then languages no longer matter, so that nobody is passed over for ever.

    Args:
        view: The request.
        language: The contact's way of writing.
        speaks: The officer's languages; None is every language.
        now: The present moment; needed where languages matter.
        patience: How long languages matter.
    """
    is_foreign = speaks is not None and language is not None and language.partition("-")[0] not in speaks
    is_late = now is not None and now - view.requested_at >= patience
    return (-view.priority, view.returned_at is None, is_foreign and not is_late, view.requested_at, view.id)


def expected_wait(position: int, *, busy: int, places: int, served: Sequence[timedelta]) -> timedelta | None:
    """How long a contact will wait, from how long the last conversations took.

    Args:
        position: Its place in the queue, from 1.
        busy: Conversations that the officers on duty have.
        places: Conversations that they may have.
        served: How long the last conversations took, from claim to resolve.

    Returns:
        None when nobody is on duty or nothing was served yet; zero when a place is free.
    """
    if places < 1 or not served:
        return None
    still_to_end = position - max(places - busy, 0)
    if still_to_end <= 0:
        return timedelta(0)
    return timedelta(seconds=math.ceil(median(one.total_seconds() for one in served) * still_to_end / places))
