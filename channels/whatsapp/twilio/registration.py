"""Brings the templates of the repository to Twilio and asks for their approval; safe to run again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.whatsapp.definitions import Definition, definitions
from channels.whatsapp.settings import WhatsAppSettings
from channels.whatsapp.twilio.client import TimedHttpClient, make_client
from channels.whatsapp.twilio.shelf import APPROVED, UNSUBMITTED, Kept, Shelf
from core.errors import ProviderError

FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """How a template stands.

    Attributes:
        name: Its name.
        language: One of ours.
        status: How its approval stands in the provider's words, or `FAILED`.
        said: What else is to be known: why it was rejected, or what the provider answered.
    """

    name: str
    language: str
    status: str
    said: str = ""


async def register(settings: WhatsAppSettings, tell: Callable[[Outcome], None]) -> bool:
    """Create what is missing, hand in what was not, and remove earlier wordings once the new ones are approved.

    Args:
        settings: Credentials and addresses.
        tell: Takes how each template stands, one by one.

    Returns:
        Whether all of them are known to the provider; they may still wait for approval, or be rejected.

    Raises:
        ProviderError: The provider does not list its templates.
    """
    http = TimedHttpClient(settings.timeout)
    try:
        shelf = Shelf(make_client(settings, http), settings)
        kept = await shelf.kept()
        by_name = {one.name: one for one in kept}
        well = True
        for definition in definitions():
            outcome = await _bring(shelf, definition, by_name.get(definition.name))
            if outcome.status == APPROVED:
                outcome = await _without_earlier(shelf, definition, kept, outcome)
            well = well and outcome.status != FAILED
            tell(outcome)
        return well
    finally:
        await http.close()


async def _bring(shelf: Shelf, definition: Definition, kept: Kept | None) -> Outcome:
    """Bring one template as far as it goes."""
    try:
        sid = kept.sid if kept else await shelf.create(definition)
        if kept is None or kept.status == UNSUBMITTED:
            return Outcome(definition.name, definition.language, await shelf.submit(sid, definition))
    except ProviderError as error:
        return Outcome(definition.name, definition.language, FAILED, str(error))
    return Outcome(definition.name, definition.language, kept.status, kept.reason)


async def _without_earlier(shelf: Shelf, definition: Definition, kept: Sequence[Kept], outcome: Outcome) -> Outcome:
    """Remove earlier wordings of an approved template."""
    removed = 0
    for one in kept:
        if definition.is_other_version(one.name):
            try:
                await shelf.delete(one.sid)
            except ProviderError as error:
                return Outcome(outcome.name, outcome.language, outcome.status, f"{one.name} stays: {error}")
            removed += 1
    said = f"{removed} earlier removed" if removed else outcome.said
    return Outcome(outcome.name, outcome.language, outcome.status, said)
