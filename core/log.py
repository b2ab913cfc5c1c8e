"""Structured log lines: one JSON object each, personal data masked, the turn id in every line of a turn."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from core.privacy.masking import mask


def _mask_values(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key not in {"level", "timestamp", "turn_id", "conversation_id"}:
            event[key] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    return value


def configure(process: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records to standard output as masked JSON lines.

    Args:
        process: Name of the process, put into every line.
        level: Lowest level that is written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    out = logging.StreamHandler(sys.stdout)
    out.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [out]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "uvicorn.access", "twilio.async_http_client", "twilio.http_client"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger with the given name."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
