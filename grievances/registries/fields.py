"""What is told to a registry about a grievance, made from the ledger's view of it."""

from core.errors import InvalidInput
from core.i18n import sentence
from grievances.registries.base import Complainant, RegistryFields
from grievances.schemas import GrievanceView, Outcome, Particulars
from handoff.control_rooms import service as control_rooms

MOST_TEXT = 4000
_CUT = " …"


def _line(key: str, language: str, **params: str) -> str:
    return sentence("registries", f"registries.description.{key}", language, **params)


def _facts(told: Particulars, language: str) -> list[str]:
    """The particulars that the registry has no field of its own for, a line each."""
    lines = []
    if told.against_name:
        lines.append(_line("against", language, name=told.against_name))
    if told.amount_rupees is not None:
        lines.append(_line("amount", language, amount=str(told.amount_rupees)))
    if told.happened_on:
        lines.append(_line("happened_on", language, date=told.happened_on.strftime("%d.%m.%Y")))
    if told.enterprise_name:
        lines.append(_line("enterprise", language, name=told.enterprise_name))
    if told.udyam_number:
        lines.append(_line("udyam", language, number=told.udyam_number))
    return lines


def cut(text: str, most: int = MOST_TEXT) -> str:
    """The text, shortened visibly if it is too long."""
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT


def state_of(view: GrievanceView) -> str | None:
    """The State of a grievance's place: as it was named, or as its PIN code says."""
    if view.place.state:
        return view.place.state
    known = control_rooms.pin(view.place.pincode) if view.place.pincode else None
    return known.state if known else None


def prepare(view: GrievanceView, mobile: str | None = None) -> RegistryFields:
    """A grievance as it is registered elsewhere.

    Args:
        view: The grievance.
        mobile: The contact's number, where it may be handed on.

    Raises:
        InvalidInput: Something is missing without which no registry takes it; names the field: ``complainant_name``,
            ``state``, or ``particulars`` when they were erased.
    """
    told = view.particulars
    if told is None:
        raise InvalidInput("particulars", "the words of the grievance, which were erased")
    name, state = told.complainant_name or told.enterprise_name, state_of(view)
    if not name:
        raise InvalidInput("complainant_name", "the name of the person or the enterprise")
    if not state:
        raise InvalidInput("state", "the State or the PIN code")
    facts = "\n".join(_facts(told, view.language))
    room = MOST_TEXT - len(facts) - 1 if facts else MOST_TEXT
    description = "\n".join(part for part in (cut(told.what_happened, room), facts) if part)
    return RegistryFields(
        client_reference=view.reference,
        received_at=view.filed_at,
        category=view.category,
        description=description,
        language=view.language,
        complainant=Complainant(
            name=name, state=state, district=view.place.district, pincode=view.place.pincode, mobile=mobile
        ),
    )


def closing_reasons(outcome: str, reasons: str | None, language: str) -> str:
    """The reasons for closing as a registry is told them; a sentence of ours where there are none to tell."""
    if reasons:
        return cut(reasons)
    key = "withdrawn" if outcome == Outcome.WITHDRAWN else "without_words"
    return sentence("registries", f"registries.closing.{key}", language)
