"""The state of a complaint that is being taken down: answers, and which question stands."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from actions.parsing.topics import Complaint
from grievances.categories import Category, get
from grievances.schemas import Against, Particulars, Place

MAX_STORY = 4000
"""Longest text of what happened, as the ledger takes it."""
MAX_NAME = 200
ENOUGH_WORDS = 8
"""So many words beside "I want to complain" tell what happened; fewer are asked about."""
MAX_WAITING = 2
MAX_QUESTIONS = 8
"""So many questions a complaint may cost, the summary included, wrong answers and the consent not."""


class Question(StrEnum):
    """What the contact is asked, in the usual order."""

    RESUME = "resume"
    NEXT = "next"
    CONSENT = "consent"
    CATEGORY = "category"
    WHAT = "what"
    AGAINST = "against"
    MONEY = "money"
    WHO = "who"
    PLACE = "place"
    FILES = "files"
    CHECK = "check"
    CORRECT = "correct"


ANSWERS = (
    Question.CATEGORY,
    Question.WHAT,
    Question.AGAINST,
    Question.MONEY,
    Question.WHO,
    Question.PLACE,
    Question.FILES,
)
"""Questions whose answers make the complaint, in the order in which they are put."""


class Waiting(BaseModel):
    """Another complaint of the same message, taken down after this one."""

    model_config = ConfigDict(frozen=True)

    category: str | None
    text: str


class Draft(BaseModel):
    """A complaint so far.

    Attributes:
        id: Tells the buttons of this complaint from those of an earlier one.
        language: In which it is led; a name or a number does not change it.
        started: The day on which it was begun.
        guess: The category that the first message speaks for, not confirmed yet.
        told: Whether what happened has been told at enough length.
        settled: Questions that need not be put again, answered or skipped.
        trail: Questions that were put and answered, in order, for going back.
        asked: The question that stands.
        introduced: Whether it was said how the form goes.
        half: Whether the question that stands was answered in part.
        put: How many questions were put.
        failures: How often in a row the question that stands was not answered.
        listing: Whether the categories were listed because the guess was wrong.
        states: The States in which the named district may lie.
        paused: The question that stood when the complaint was left.
        fresh: A message with a new complaint that came while an older one is open.
        waiting: Further complaints.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    language: str
    started: date
    category: str | None = None
    guess: str | None = None
    what: str = ""
    told: bool = False
    against: Against | None = None
    against_name: str | None = None
    amount: int | None = None
    since: date | None = None
    enterprise: str | None = None
    udyam: str | None = None
    pincode: str | None = None
    district: str | None = None
    state: str | None = None
    files: tuple[str, ...] = ()
    settled: tuple[Question, ...] = ()
    trail: tuple[Question, ...] = ()
    asked: Question | None = None
    introduced: bool = False
    half: bool = False
    put: int = 0
    failures: int = 0
    listing: bool = False
    states: tuple[str, ...] = ()
    paused: Question | None = None
    fresh: str = ""
    waiting: tuple[Waiting, ...] = ()

    @property
    def kind(self) -> Category | None:
        """The category and what follows from it."""
        return get(self.category) if self.category else None

    @property
    def has_place(self) -> bool:
        """Whether it is known where the enterprise is."""
        return bool(self.pincode or self.district or self.state) and not self.states

    def asks(self, particular: str) -> bool:
        """Whether the category needs a particular."""
        return self.kind is not None and particular in self.kind.asks

    def put_right(self, **changes: object) -> "Draft":
        """The same complaint with other values."""
        return self.model_copy(update=changes)

    def settle(self, question: Question) -> "Draft":
        """Not to be put again."""
        if question in self.settled:
            return self
        return self.put_right(settled=(*self.settled, question))

    def unsettle(self, question: Question) -> "Draft":
        """To be put again."""
        return self.put_right(settled=tuple(one for one in self.settled if one is not question))

    def is_open(self, question: Question) -> bool:
        """Whether a question still has to be put."""
        if question in self.settled:
            return False
        return {
            Question.CATEGORY: self.category is None,
            Question.WHAT: not self.told,
            Question.AGAINST: self.against is None or (self.asks("against_name") and self.against_name is None),
            Question.MONEY: self.lacks_amount or self.lacks_day,
            Question.WHO: self.enterprise is None or self.udyam is None,
            Question.PLACE: not self.has_place,
            Question.FILES: True,
        }[question]

    @property
    def lacks_amount(self) -> bool:
        """Whether the amount matters and is not known."""
        return self.asks("amount_rupees") and self.amount is None

    @property
    def lacks_day(self) -> bool:
        """Whether the day matters and is not known."""
        return self.asks("happened_on") and self.since is None

    def next_question(self, *, consent: bool) -> Question:
        """What is asked next; the summary when everything is settled."""
        if not consent:
            return Question.CONSENT
        if self.category is None and self.guess is None and not (self.listing or self.told):
            return Question.WHAT  # the words of the contact tell the category better than a list of sixteen
        found = next((question for question in ANSWERS if self.is_open(question)), Question.CHECK)
        if found is Question.FILES and self.put >= MAX_QUESTIONS - 1:
            return Question.CHECK  # files are taken at any time, asked for or not
        return found

    @property
    def may_ask_again(self) -> bool:
        """Whether there is room for a second question about what was answered in half."""
        still = sum(self.is_open(one) for one in (Question.WHO, Question.PLACE))
        place_in_two = self.is_open(Question.PLACE)  # a State first, then its district
        return self.put + still + place_in_two + 1 < MAX_QUESTIONS

    def particulars(self, complainant: str | None) -> Particulars:
        """What the ledger keeps."""
        return Particulars(
            what_happened=self.what,
            against=self.against,
            against_name=self.against_name,
            amount_rupees=self.amount,
            happened_on=self.since,
            enterprise_name=self.enterprise,
            udyam_number=self.udyam,
            complainant_name=(complainant or "").strip()[:MAX_NAME] or None,
        )

    def place(self) -> Place:
        """Where the enterprise is."""
        return Place(pincode=self.pincode, district=self.district, state=self.state)

    def following(self, new_id: str) -> "Draft":
        """The next waiting complaint, with what is the same for all complaints of this contact."""
        first = self.waiting[0]
        return Draft(
            id=new_id,
            language=self.language,
            started=self.started,
            enterprise=self.enterprise,
            udyam=self.udyam,
            pincode=self.pincode,
            district=self.district,
            state=self.state,
            settled=tuple(one for one in self.settled if one in (Question.WHO, Question.PLACE)),
            guess=first.category,
            fresh=first.text,
            waiting=self.waiting[1:],
            asked=Question.NEXT,
            introduced=True,
        )


def waiting_of(found: list[Complaint]) -> tuple[Waiting, ...]:
    """The complaints behind the first of a message."""
    return tuple(Waiting(category=one.category, text=one.text) for one in found[1:])
