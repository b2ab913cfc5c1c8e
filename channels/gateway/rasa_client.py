"""Asks the assistant for its answer to a turn."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from core import log
from core.errors import BotUnavailable
from core.events import Button

_LOG = log.get(__name__)


class BotMessage(BaseModel):
    """One line of the assistant's answer."""

    model_config = ConfigDict(frozen=True)

    key: str = ""
    text: str
    language: str = "en"
    params: dict[str, Any] = {}
    buttons: tuple[Button, ...] = ()


class BotAnswer(BaseModel):
    """The assistant's answer to a turn; no messages is silence on purpose."""

    model_config = ConfigDict(frozen=True)

    turn_id: str
    status: str
    language: str | None = None
    language_fixed: bool = False
    error: str | None = None
    messages: tuple[BotMessage, ...] = ()


class RasaClient:
    """The client of our own Rasa input channel.

    Args:
        url: Where Rasa listens.
        token: The channel's secret.
        timeout: Seconds to wait for one answer.
        patience: Seconds in which asking is tried again; long enough for Rasa to start.
    """

    def __init__(self, url: str, token: str, timeout: float, patience: float) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, timeout=httpx.Timeout(timeout, connect=2.0), headers={"Authorization": f"Bearer {token}"}
        )
        self._patience = patience

    async def ask(self, request: dict[str, Any]) -> BotAnswer:
        """Ask, and ask again while Rasa cannot be reached; an error that Rasa itself reports is retried once.

        Raises:
            BotUnavailable: There is no usable answer within the patience.
        """
        deadline = time.monotonic() + self._patience
        pause, reported = 0.2, 0
        while True:
            try:
                response = await self._http.post("/webhooks/sahayak/webhook", json=request)
                response.raise_for_status()
                answer = BotAnswer.model_validate(response.json())
                if answer.status == "ok":
                    return answer
                reason, reported = answer.error or "error", reported + 1
            except (httpx.HTTPError, ValidationError, ValueError) as error:
                reason = type(error).__name__
            _LOG.warning("bot.unavailable", reason=reason, turn_id=request.get("turn_id"))
            if reported > 1 or time.monotonic() + pause > deadline:
                raise BotUnavailable(reason)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def forget(self, conversation_ids: Sequence[str]) -> None:
        """Have the assistant forget conversations.

        Raises:
            BotUnavailable: It did not say that it has.
        """
        try:
            response = await self._http.post(
                "/webhooks/sahayak/forget", json={"conversation_ids": list(conversation_ids)}
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise BotUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()
