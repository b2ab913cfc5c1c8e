"""The action server: which actions there are, and the Sanic application around them."""

import warnings
from dataclasses import dataclass

from rasa_sdk import Action
from rasa_sdk.endpoint import create_app
from sanic import Request, Sanic
from sanic.response import HTTPResponse
from sanic.response import json as respond

from actions.executor import CarefulExecutor
from actions.fallback import Affirm, Deny, Fallback
from actions.grievance import GrievanceForm
from actions.handoff import HandOver, OfficerDesk
from actions.knowledge import (
    Answers,
    AskEligibility,
    AskScheme,
    DelayedPayment,
    Knowledge,
    LoanProblem,
    RegistrationProblem,
)
from actions.language import ChangeLanguage
from actions.ledger import GrievanceDesk
from actions.others import Others
from actions.privacy import EraseData, ExportData, MyData, PrivacyDesk
from actions.reminding import Reminder
from actions.reopening import GrievanceFeedback, ReopenForm
from actions.session import Cancel, Feedback, Greet, ReceivedMedia, Repeat
from actions.status import StatusForm
from actions.wishing import OrComplaint


@dataclass(frozen=True)
class Desks:
    """Whom the actions ask.

    Attributes:
        knowledge: The corpus.
        officers: The officers' queue.
        grievances: The ledger.
        privacy: Contacts' rights over their data.
    """

    knowledge: Knowledge
    officers: OfficerDesk
    grievances: GrievanceDesk
    privacy: PrivacyDesk


def all_actions(desks: Desks, close_margin: float) -> list[Action]:
    """Every action of the domain, built once on what it needs."""
    answers, others = Answers(desks.knowledge, close_margin), Others()
    asking: list[Action] = [kind(answers) for kind in (AskScheme, AskEligibility)]
    asking += [OrComplaint(kind(answers), others) for kind in (DelayedPayment, LoanProblem, RegistrationProblem)]
    grieving: list[Action] = [kind(desks.grievances, others) for kind in (GrievanceForm, StatusForm, ReopenForm)]
    owning: list[Action] = [kind(desks.privacy) for kind in (MyData, ExportData, EraseData)]
    found = [
        *asking,
        *grieving,
        *owning,
        GrievanceFeedback(desks.grievances),
        HandOver(desks.officers),
        Affirm(desks.officers, others),
        Deny(others),
        Fallback(desks.officers, answers, others),
        ChangeLanguage(),
        Repeat(answers),
        Cancel(others),
        Greet(),
        ReceivedMedia(),
        Feedback("good"),
        Feedback("bad"),
    ]
    others.add(*found)
    return found


def create_executor(desks: Desks, close_margin: float) -> CarefulExecutor:
    """An executor with every action registered."""
    executor = CarefulExecutor(Reminder(desks.grievances))
    for action in all_actions(desks, close_margin):
        executor.register_action(action)
    return executor


def create_server(executor: CarefulExecutor) -> Sanic:
    """The SDK's application without its log of whole requests, with a readiness route."""
    # The SDK compares version numbers at every call; that this pair works is tested.
    warnings.filterwarnings("ignore", message=".*might not be compatible.*")
    warnings.filterwarnings("ignore", message=".*different versions of rasa.*")
    server = create_app(executor, cors_origins=[])

    async def ready(_: Request) -> HTTPResponse:
        return respond({"status": "ok", "actions": len(executor.actions)})

    server.add_route(ready, "/ready")
    return server
