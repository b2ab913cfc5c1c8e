"""Filing a complaint: the form of `actions.filing` as an action of Rasa."""

from dataclasses import replace
from datetime import date
from typing import Any

import structlog

from actions import conversation
from actions.conversation import Turn
from actions.dialogue import Dialogue, Left, Moment, utter
from actions.filing import form
from actions.filing.asking import ask
from actions.filing.draft import Draft, Question
from actions.filing.form import Step
from actions.filing.taking import Effect
from actions.filing.words import Choice, File, Heard, offer, say
from actions.ledger import Filing, Kept, Situation
from actions.parsing.topics import scores, wishes_to_file
from core.clock import INDIA
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.ids import new_id
from grievances.categories import all_categories
from grievances.drafts.schemas import Kind

log = structlog.get_logger(__name__)

# What the form itself says in between, by the pseudo intent of `actions.filing.interrupting`.
_SAID = {
    "form_help": "utter_form_help",
    "form_going_on": "utter_form_going_on",
    "form_abuse": "utter_form_abuse",
    "form_one_thing": "utter_form_one_thing",
    "form_location": "utter_form_location",
    "form_again": "",
    "": "",
}
# Which question is put again when the ledger refuses a particular.
_REFUSED = {"happened_on": Question.MONEY, "udyam_number": Question.WHO, "media_ids": Question.FILES}
_TELLS = 5
"""Words of a message that tell a story of their own."""


def heard_in(turn: Turn, situation: Situation) -> Heard:
    """The message as the form needs it."""
    question, choice = turn.entity("question"), turn.entity("choice")
    category = turn.entity("category")
    language = turn.entity("language_name")
    return Heard(
        text=situation.text if turn.text or turn.files else "",
        intent=turn.intent,
        confidence=turn.confidence,
        today=today_of(situation),
        choice=Choice(str(question), str(choice), str(turn.entity("draft") or "")) if question and choice else None,
        district=turn.entity("district"),
        state=turn.entity("state"),
        scheme=turn.entity("scheme"),
        category=category if category in all_categories() else None,
        files=tuple(File(str(one["id"]), str(one["state"]), one.get("content_type")) for one in turn.files),
        language=turn.language,
        language_choice=language if turn.intent == "change_language" and language in conversation.LANGUAGES else None,
        consent=situation.consent,
    )


def today_of(situation: Situation) -> date:
    """The day in India."""
    return situation.now.astimezone(INDIA).date()


class GrievanceForm(Dialogue):
    """The contact complains."""

    KIND = Kind.FILING
    FORM = "grievance_form"

    async def answer(self, moment: Moment) -> Left:
        """Begin, go on, or let somebody else answer where no complaint is open."""
        heard = heard_in(moment.turn, moment.situation)
        if moment.content is not None:
            return await self._carry_out(moment, heard, self._step(moment, heard))
        if self._wants(moment, heard) or (heard.intent == "affirm" and not moment.active):
            return await self._carry_out(moment, heard, await self._begin(moment, heard))
        if heard.intent in ("grievance_answer", "affirm", "deny"):
            utter(moment.dispatcher, moment.turn.language, say("utter_form_nothing_open", _FILE))
            return Left()
        # The complaint was dropped behind the tracker's back: by time, or with the consent.
        await self.pass_on(moment, heard.intent)
        return Left()

    @staticmethod
    def _wants(moment: Moment, heard: Heard) -> bool:
        """Whether a complaint is to be begun."""
        told = not moment.active and heard.intent in conversation.PROBLEMS and wishes_to_file(heard.text)
        return heard.intent == "file_grievance" or told

    def _step(self, moment: Moment, heard: Heard) -> Step:
        draft = Draft.model_validate(moment.content)
        chosen = heard.choice is not None and heard.choice.question == Question.RESUME
        if not chosen and self._wants(moment, heard) and not moment.active:
            return form.offer_to_resume(draft, heard)
        if not moment.active and draft.asked is not Question.RESUME and (chosen or heard.means("affirm", "deny")):
            draft = draft.put_right(paused=draft.asked, asked=Question.RESUME)
        return form.answer(draft, heard)

    async def _begin(self, moment: Moment, heard: Heard) -> Step:
        if heard.intent in conversation.PROBLEMS:  # the story and the wish in one message
            return form.begin(heard, told_before=heard.text, intent_before=heard.intent)
        problem = conversation.problem_before(moment.tracker)
        if problem is None or scores(heard.text) or heard.length >= 2 * _TELLS:
            return form.begin(heard)
        before = await self._grievances.words_of(problem.turn_id)
        if not (heard.district or heard.state):
            heard = replace(heard, district=problem.district, state=problem.state)
        return form.begin(heard, told_before=before, intent_before=problem.intent)

    async def _carry_out(self, moment: Moment, heard: Heard, step: Step) -> Left:
        language = step.draft.language if step.draft else self.language(moment)
        if step.aside is not None:
            await self._aside(moment, step.aside.intent, language)
        if step.effect is Effect.FILE and step.draft is not None:
            return await self._file(moment, heard, step.draft)
        utter(moment.dispatcher, language, *step.says, form_open=step.draft is not None)
        consents = {Effect.GIVE_CONSENT: "given", Effect.DECLINE_CONSENT: "declined"}
        consent: Any = consents.get(step.effect) if step.effect else None
        if step.draft is None:
            return Left(consent=consent)
        return Left(step.draft.model_dump(mode="json"), step.draft.asked, consent)

    async def _aside(self, moment: Moment, intent: str, language: str) -> None:
        if intent in _SAID:
            if _SAID[intent]:
                utter(moment.dispatcher, language, say(_SAID[intent]))
            return
        await self.pass_on(moment, intent)

    async def _file(self, moment: Moment, heard: Heard, draft: Draft) -> Left:
        """File it; whatever goes wrong, the answers stay."""
        situation, turn_id = moment.situation, moment.turn.turn_id
        filing = Filing(
            category=draft.category or "other",
            particulars=draft.particulars(situation.conversation.contact_name),
            place=draft.place(),
            files=draft.files,
            language=draft.language,
        )
        following = draft.following(new_id()) if draft.waiting else None

        def finish(told: str) -> Kept:
            says = [say("utter_grievance_filed", _STATUS, told=told)]
            left = Left()
            if following is not None:
                says.append(ask(following))
                left = Left(following.model_dump(mode="json"), following.asked)
            utter(moment.dispatcher, draft.language, *says, form_open=following is not None)
            events = [*moment.events, *self.loop(left, moment)]
            return Kept(left.content, left.asked, [moment.dispatcher.messages, events])

        try:
            await self._grievances.file(situation, turn_id, filing, finish)
        except NotPermitted:
            return self._again(moment, heard, draft, Question.CONSENT)
        except InvalidInput as error:
            log.warning("filing_refused", turn_id=turn_id, field=error.field)
            return self._again(moment, heard, draft, _REFUSED.get(error.field))
        except NotFound:
            return self._again(moment, heard, draft, Question.FILES)
        except Conflict:
            moment.dispatcher.messages.clear()
            utter(moment.dispatcher, draft.language, say("utter_form_again_later"))
            return Left(draft.model_dump(mode="json"), draft.asked, saved=True)
        content = following.model_dump(mode="json") if following is not None else None
        return Left(content, following.asked if following else None, saved=True)

    def _again(self, moment: Moment, heard: Heard, draft: Draft, question: Question | None) -> Left:
        """Put the question again whose answer the ledger does not take."""
        moment.dispatcher.messages.clear()
        if question is Question.CONSENT:
            draft = draft.put_right(asked=Question.CONSENT)
        elif question is not None:
            draft = form.reopened(draft, question)
        says = [ask(draft)] if question is not None else [say("utter_form_not_filed"), ask(draft)]
        utter(moment.dispatcher, draft.language, *says, form_open=True)
        return Left(draft.model_dump(mode="json"), draft.asked)


_FILE = offer("button.file", "/file_grievance")
_STATUS = offer("button.status", "/grievance_status")
