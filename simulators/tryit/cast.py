"""The invented contacts and the places they can send; their words stand in the catalogues."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """An invented entrepreneur with a number that cannot exist."""

    id: str
    profile_name: str

    @property
    def number(self) -> str:
        """The contact's telephone number."""
        return f"+910000000{self.id}"

    @property
    def shown_number(self) -> str:
        """The number as people write it."""
        return f"+91 00000 00{self.id}"

    @property
    def address(self) -> str:
        """The contact's channel address."""
        return f"whatsapp:{self.number}"


@dataclass(frozen=True)
class Place:
    """A place that can be sent; roughly the middle of the town."""

    id: str
    latitude: float
    longitude: float


CONTACTS = {
    contact.id: contact
    for contact in (
        Contact("101", "Meera Devi"),
        Contact("102", "Imran Ansari"),
        Contact("103", "Lakshmi Nair"),
        Contact("104", "Gurpreet Singh"),
        Contact("105", "Rekha Tirkey"),
        Contact("106", "Bhupen Das"),
    )
}
PLACES = {
    place.id: place
    for place in (
        Place("bikaner", 28.0229, 73.3119),
        Place("moradabad", 28.8386, 78.7733),
        Place("kanpur", 26.4499, 80.3319),
        Place("alappuzha", 9.4981, 76.3388),
        Place("ranchi", 23.3441, 85.3096),
        Place("guwahati", 26.1445, 91.7362),
    )
}
EXAMPLES = ("1", "2", "3", "4", "5")
_BY_ADDRESS = {contact.address: contact for contact in CONTACTS.values()}


def contact_at(address: str) -> Contact | None:
    """The invented contact behind a channel address, if it is one of them."""
    return _BY_ADDRESS.get(address)
