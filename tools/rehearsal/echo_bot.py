"""A stand-in for the assistant that answers at once with what it was asked; for load and kill rehearsals only."""

import argparse
import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI


def make_app(delay: float = 0.0) -> FastAPI:
    """The stand-in.

    Args:
        delay: Seconds before each answer.
    """
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return "ok"

    @app.post("/webhooks/sahayak/webhook")
    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(delay)
        text = request["button"] or request["text"]
        return {
            "turn_id": request["turn_id"],
            "status": "ok",
            "language": "en",
            "language_fixed": False,
            "error": None,
            "messages": [{"key": "echo", "text": text, "language": "en", "params": {}, "buttons": []}],
        }

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    uvicorn.run(make_app(options.delay), host="127.0.0.1", port=options.port, log_level="warning")
