"""Logging of the assistant's process: the turn id in every line, the text of messages in none."""

import logging
import os
import sys
from typing import Any

from bot.turn import current_turn

FORMAT = "%(asctime)s %(levelname)s %(name)s [turn %(turn_id)s] %(message)s"
_QUIET = ("aiohttp", "asyncio", "sanic.access", "apscheduler", "urllib3", "matplotlib", "tensorflow")


def _record_with_turn(factory: Any) -> Any:
    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        turn = current_turn.get()
        record.turn_id = turn.turn_id if turn else "-"
        return record

    return make


def _structlog_line(_: Any, __: str, event: dict) -> str:
    """Render Rasa's structured lines: names and numbers only, nothing that may hold a message."""
    allowed = {key: value for key, value in event.items() if key != "event" and isinstance(value, (int, float, bool))}
    return " ".join([str(event.get("event", ""))] + [f"{key}={value}" for key, value in sorted(allowed.items())])


def configure(level: str = "INFO") -> None:
    """Set up logging before Rasa does, and stop Rasa from replacing it.

    Debug lines of Rasa hold the text of messages and whole trackers, so the level never goes below INFO.
    """
    import rasa.utils.log_utils
    import structlog

    number = max(logging.getLevelName(level.upper()), logging.INFO)
    os.environ["LOG_LEVEL"] = logging.getLevelName(number)
    logging.setLogRecordFactory(_record_with_turn(logging.LogRecord))
    logging.basicConfig(format=FORMAT, level=number, stream=sys.stderr, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))

    def configure_structlog(log_level: Any = None) -> None:
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, _structlog_line],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=True,
        )

    configure_structlog()
    rasa.utils.log_utils.configure_structlog = configure_structlog
