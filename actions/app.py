"""The action server: which actions there are, and the Sanic application around them."""

import warnings

from rasa_sdk import Action
from rasa_sdk.endpoint import create_app
from sanic import Request, Sanic
from sanic.response import HTTPResponse
from sanic.response import json as respond

from actions.executor import CarefulExecutor
from actions.fallback import Affirm, Deny, Fallback
from actions.grievance import FileGrievance, ReopenOrAppeal
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
from actions.session import Cancel, Feedback, Repeat
from actions.status import GrievanceStatus


def all_actions(knowledge: Knowledge, desk: OfficerDesk, close_margin: float) -> list[Action]:
    """Every action of the domain, built once on what it needs."""
    answers = Answers(knowledge, close_margin)
    asking: list[Action] = [
        kind(answers) for kind in (AskScheme, AskEligibility, DelayedPayment, LoanProblem, RegistrationProblem)
    ]
    handing: list[Action] = [kind(desk) for kind in (HandOver, FileGrievance, ReopenOrAppeal, GrievanceStatus, Affirm)]
    return [
        *asking,
        *handing,
        Fallback(desk, answers),
        ChangeLanguage(),
        Deny(),
        Repeat(answers),
        Cancel(),
        Feedback("good"),
        Feedback("bad"),
    ]


def create_executor(knowledge: Knowledge, desk: OfficerDesk, close_margin: float) -> CarefulExecutor:
    """An executor with every action registered."""
    executor = CarefulExecutor()
    for action in all_actions(knowledge, desk, close_margin):
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
