"""Questions that the corpus answers: schemes, eligibility, delayed payment, loans, registration."""

import re
from typing import Any, Protocol

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import conversation
from actions.conversation import Turn
from actions.handoff import Events
from knowledge.errors import KnowledgeError
from knowledge.schemas import KnowledgeAnswer, Passage

log = structlog.get_logger(__name__)

_OFFICER = {"title": "button.officer", "payload": "/talk_to_officer"}
_NEXT_ASPECTS = ("how", "benefits", "who", "what")
_FOLLOW_UP_WORDS = 8
_TITLE_LIMIT = 20
_CONTINUES = re.compile(
    r"^(?:and|also|what about|how about|aur|phir|toh?|और|फिर|तो)(?![^\s,])"
    r"|(?<!\S)(?:it|this|isme(?:in)?|isk[aei]|usme(?:in)?|usk[aei]|इसमें|इसका|इसकी|इसके|उसमें|उसका|उसकी|उसके)(?![^\s,?.])",
    re.IGNORECASE,
)
"""How a question begins, or what it points with, when it goes on about the scheme before it."""
_COMPARES = re.compile(
    r"\b(?:differen(?:ce|t)|compar\w*|better|versus|vs|antar|anter|far[kq]|tulna|behtar|achh?[aei])\b"
    r"|(?<!\S)(?:अंतर|अन्तर|फर्क|फ़र्क|तुलना|बेहतर|अच्छा|अच्छी)(?!\S)",
    re.IGNORECASE,
)
"""Words by which two schemes are set beside each other."""


class Knowledge(Protocol):
    """The knowledge process, as far as an action knows it."""

    async def answer(
        self, question: str, *, language: str, scheme: str | None = None, aspect: str | None = None, limit: int = 3
    ) -> KnowledgeAnswer:
        """Passages, best first, or a refusal."""


def short_name(name: str) -> str:
    """A scheme's name short enough for a button: the acronym in brackets where there is one."""
    acronym = re.search(r"\(([^()]{2,20})\)\s*$", name)
    if acronym:
        return acronym.group(1)
    return name if len(name) <= _TITLE_LIMIT else name[: _TITLE_LIMIT - 1].rstrip() + "…"


def payload(scheme: str, aspect: str | None = None, language: str | None = None) -> str:
    """The payload of a button that asks about a scheme."""
    parts = [("scheme", scheme), ("aspect", aspect), ("language_name", language)]
    inside = ",".join(f'"{name}":"{value}"' for name, value in parts if value)
    return f"/ask_scheme{{{inside}}}"


def question_of(turn: Turn, scheme: str | None, aspect: str | None) -> str:
    """What to search for: a follow-up ("and the fees?") is put together with the scheme that it leaves unsaid."""
    known = (scheme or "").replace("_", " ")
    if not turn.text:
        return f"{known} {aspect or ''}".strip()
    return turn.text if turn.entity("scheme") or not known else f"{known} {turn.text}"


def _file(category: str) -> dict[str, str]:
    """A button that makes a told problem a complaint."""
    return {"title": "button.file", "payload": f'/file_grievance{{"category":"{category}"}}'}


def _source(passage: Passage) -> str:
    return f"{passage.source_title}, {passage.source_url}" if passage.source_url else passage.source_title


class Answers:
    """Asks the knowledge process and puts its passages into words of the catalogue."""

    def __init__(self, knowledge: Knowledge, close_margin: float) -> None:
        self._knowledge = knowledge
        self._close_margin = close_margin

    async def answer(
        self,
        dispatcher: CollectingDispatcher,
        turn: Turn,
        *,
        scheme: str | None,
        aspect: str | None,
        first: str | None = None,
        more_aspects: tuple[str, ...] = (),
        complaint: str | None = None,
    ) -> Events:
        """Answer a question, or say honestly that there is no answer.

        Args:
            dispatcher: Takes the messages.
            turn: The turn in progress.
            scheme: The scheme that the question is about, if that is known.
            aspect: The section that is asked for, if that is known.
            first: Key of a sentence that is said before an answer.
            more_aspects: Sections of the same scheme that belong to the answer.
            complaint: The category of the complaint that a told problem may become.
        """
        # A button that asks for another language changes this answer only, not the conversation.
        language = turn.entity("language_name") if not turn.text else None
        language = language if language in conversation.LANGUAGES else turn.language
        question = question_of(turn, scheme, aspect)
        if not question:
            dispatcher.utter_message(response="utter_which_scheme")
            return []
        try:
            passages = await self._passages(question, language, scheme, aspect, insist=bool(more_aspects))
            if passages and more_aspects and scheme:
                passages = passages[:1] + await self._more(scheme, more_aspects, language)
        except KnowledgeError as error:
            log.error("knowledge_unavailable", turn_id=turn.turn_id, error=type(error).__name__)  # noqa: TRY400 - a trace may hold what a contact wrote
            dispatcher.utter_message(response="utter_technical_problem")
            return []
        if not passages:
            log.info("no_answer", turn_id=turn.turn_id, intent=turn.intent, scheme=scheme, aspect=aspect)
            offers = [_file(complaint), _OFFICER] if complaint else []
            dispatcher.utter_message(response="utter_no_answer", language=language, offers=offers)
            return []
        if scheme is None and self._undecided(passages):
            self._ask_which(dispatcher, passages, aspect, language)
            return []
        if first:
            dispatcher.utter_message(response=first, language=language)
        shown = passages if more_aspects else passages[:1]
        for place, passage in enumerate(shown):
            offers = self._offers(passage, language, complaint) if place == len(shown) - 1 else []
            self._say(dispatcher, passage, aspect, language, offers)
        return [SlotSet("scheme", passages[0].scheme)]

    async def compare(
        self, dispatcher: CollectingDispatcher, turn: Turn, *, schemes: tuple[str, str], aspect: str
    ) -> Events:
        """Answer with the same section of two schemes; a scheme without it says so and shows what it has.

        Args:
            dispatcher: Takes the messages.
            turn: The turn in progress.
            schemes: The two schemes, in the order in which they were named.
            aspect: The section that is asked for.
        """
        found: list[Passage] = []
        try:
            for scheme in schemes:
                question = f"{scheme} {aspect}".replace("_", " ")
                found += (await self._passages(question, turn.language, scheme, aspect, insist=True))[:1]
        except KnowledgeError as error:
            log.error("knowledge_unavailable", turn_id=turn.turn_id, error=type(error).__name__)  # noqa: TRY400 - a trace may hold what a contact wrote
            dispatcher.utter_message(response="utter_technical_problem")
            return []
        if not found:
            log.info("no_answer", turn_id=turn.turn_id, intent=turn.intent, scheme=None, aspect=aspect)
            dispatcher.utter_message(response="utter_no_answer", language=turn.language, offers=[])
            return []
        following = next(other for other in _NEXT_ASPECTS if other != aspect)
        offers = [{"label": short_name(p.scheme_name), "payload": payload(p.scheme, following)} for p in found]
        for place, passage in enumerate(found):
            self._say(dispatcher, passage, aspect, turn.language, [*offers, _OFFICER] if place else [])
        return []  # neither is the one that a later "and the fees?" is about

    async def _passages(
        self, question: str, language: str, scheme: str | None, aspect: str | None, *, insist: bool
    ) -> list[Passage]:
        """Passages that fit; of one scheme only when one is known, whatever else was found."""
        answer = await self._knowledge.answer(question, language=language, scheme=scheme, aspect=aspect)
        if scheme is None:
            return list(answer.passages)
        mine = [p for p in answer.passages if p.scheme == scheme]
        if mine or (answer.status == "refused" and not insist):
            return mine
        if insist and aspect:
            wanted = f"{scheme} {aspect}".replace("_", " ")
            again = await self._knowledge.answer(wanted, language=language, scheme=scheme, aspect=aspect)
            mine = [p for p in again.passages if p.scheme == scheme and p.aspect == aspect]
            if mine:
                return mine
        # Others answer the section better because this scheme has none: show that, never another scheme's.
        again = await self._knowledge.answer(scheme.replace("_", " "), language=language, scheme=scheme, aspect=None)
        mine = [p for p in again.passages if p.scheme == scheme]
        return [p.model_copy(update={"missing_aspect": p.aspect != aspect}) for p in mine]

    async def _more(self, scheme: str, aspects: tuple[str, ...], language: str) -> list[Passage]:
        found: list[Passage] = []
        for aspect in aspects:
            wanted = f"{scheme} {aspect}".replace("_", " ")
            answer = await self._knowledge.answer(wanted, language=language, scheme=scheme, aspect=aspect, limit=1)
            found += [p for p in answer.passages if p.scheme == scheme and p.aspect == aspect][:1]
        return found

    def _undecided(self, passages: list[Passage]) -> bool:
        others = [p for p in passages if p.scheme != passages[0].scheme]
        return bool(others) and passages[0].score - others[0].score < self._close_margin

    def _ask_which(
        self, dispatcher: CollectingDispatcher, passages: list[Passage], aspect: str | None, language: str
    ) -> None:
        schemes = {p.scheme: p.scheme_name for p in passages}
        offers = [{"label": short_name(name), "payload": payload(scheme, aspect)} for scheme, name in schemes.items()]
        dispatcher.utter_message(response="utter_which_of_these", offers=offers[:3], language=language)

    @staticmethod
    def _say(
        dispatcher: CollectingDispatcher,
        passage: Passage,
        aspect: str | None,
        language: str,
        offers: list[dict[str, str]],
    ) -> None:
        facts = {
            "scheme_name": passage.scheme_name,
            "source": _source(passage),
            "as_of": passage.as_of,
            "language": language,
        }
        if passage.missing_aspect and aspect:
            key = "utter_aspect_missing"
            other = {"title": f"button.aspect_{passage.aspect}", "payload": payload(passage.scheme, passage.aspect)}
            named = {"aspect": f"aspect.{aspect}"}
            dispatcher.utter_message(response=key, named=named, offers=[_OFFICER, other], **facts)
            return
        status = passage.scheme_status
        key = "utter_answer" if status == "active" else f"utter_answer_{status}"
        dispatcher.utter_message(response=key, passage=passage.text, offers=offers, **facts)

    @staticmethod
    def _offers(passage: Passage, language: str, complaint: str | None) -> list[dict[str, str]]:
        """What the contact may want next: a complaint or another section, the passage in English, an officer."""
        following = next(aspect for aspect in _NEXT_ASPECTS if aspect != passage.aspect)
        offers = [{"title": f"button.aspect_{following}", "payload": payload(passage.scheme, following)}]
        if complaint:
            offers = [_file(complaint)]
        if language == "hi-Latn" and passage.language == "hi":
            english = payload(passage.scheme, passage.aspect, "en")
            offers.append({"title": "button.english", "payload": english})
        return [*offers, _OFFICER]


def scheme_in_question(turn: Turn, slot: str | None) -> str | None:
    """The scheme a question names, or the last one when a short question is about a section or goes on about it."""
    named = turn.all_of("scheme")
    if len(named) == 1:
        return str(named[0])
    if named:
        return None
    short = bool(turn.text) and len(turn.text.split()) <= _FOLLOW_UP_WORDS
    return slot if slot and short and (turn.entity("aspect") or _CONTINUES.search(turn.text)) else None


def compared(turn: Turn) -> tuple[str, str] | None:
    """The two schemes that a question sets beside each other; None when it only mentions them."""
    named = turn.all_of("scheme")
    return (str(named[0]), str(named[1])) if len(named) == 2 and _COMPARES.search(turn.text) else None


def is_follow_up(turn: Turn, slot: str | None) -> bool:
    """Whether a message only names a section after an answer: "and the fees?" has no scheme and hardly an intent."""
    return aspect_in_question(turn) is not None and scheme_in_question(turn, slot) is not None


def aspect_in_question(turn: Turn) -> str | None:
    """The section a question asks for; "what is it" is what an answer starts with anyway."""
    aspect = turn.entity("aspect")
    return str(aspect) if aspect and (aspect != "what" or not turn.text) else None


class _Ask(Action):  # type: ignore[misc]
    """Base of the actions that ask the corpus."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers


class AskScheme(_Ask):
    """A question about a scheme."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_scheme"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer from the corpus; two schemes that are compared are answered side by side."""
        turn = conversation.read(tracker)
        both = compared(turn)
        if both:
            aspect = turn.entity("aspect")
            return await self._answers.compare(dispatcher, turn, schemes=both, aspect=str(aspect or "what"))
        scheme = scheme_in_question(turn, tracker.get_slot("scheme"))
        return await self._answers.answer(dispatcher, turn, scheme=scheme, aspect=aspect_in_question(turn))


class AskEligibility(_Ask):
    """A question about who can get what."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_eligibility"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """With a scheme, who can apply; without one, what fits the situation."""
        turn = conversation.read(tracker)
        scheme = scheme_in_question(turn, tracker.get_slot("scheme"))
        aspect = aspect_in_question(turn) or ("who" if scheme else None)
        return await self._answers.answer(dispatcher, turn, scheme=scheme, aspect=aspect)


class DelayedPayment(_Ask):
    """A buyer does not pay."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_delayed_payment"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """The rule and the interest, then where to file; an exact question gets just its answer."""
        turn = conversation.read(tracker)
        asked = aspect_in_question(turn)
        if asked in (None, "time"):  # "for three months" is not a question about how long something takes
            return await self._answers.answer(
                dispatcher,
                turn,
                scheme=turn.entity("scheme") or "samadhaan",
                aspect="benefits",
                first="utter_delayed_payment",
                more_aspects=("how",),
                complaint="delayed_payment",
            )
        return await self._answers.answer(
            dispatcher,
            turn,
            scheme=turn.entity("scheme") or "samadhaan",
            aspect=asked,
            complaint="delayed_payment",
        )


class LoanProblem(_Ask):
    """A bank refuses, delays or asks for what it must not ask."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_loan_problem"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """What the corpus says about it."""
        turn = conversation.read(tracker)
        return await self._answers.answer(
            dispatcher,
            turn,
            scheme=turn.entity("scheme") or (None if turn.text else "cgtmse"),
            aspect=aspect_in_question(turn),
            first="utter_loan_problem",
            complaint="credit",
        )


class RegistrationProblem(_Ask):
    """Udyam registration does not work."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_registration_problem"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """What the corpus says about registration."""
        turn = conversation.read(tracker)
        return await self._answers.answer(
            dispatcher,
            turn,
            scheme=turn.entity("scheme") or "udyam",
            aspect=aspect_in_question(turn),
            first="utter_registration_problem",
            complaint="udyam",
        )
