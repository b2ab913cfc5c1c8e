"""The least that a webhook can do: verify Twilio's signature and answer; nothing is kept."""

import argparse
import os

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

TOKEN_VARIABLE = "BENCH_AUTH_TOKEN"  # noqa: S105 - the name of a variable
PATH = "/webhooks/whatsapp/inbound"


def create_app(token: str, public_url: str) -> FastAPI:
    """Build the application."""
    app = FastAPI()
    validator = RequestValidator(token)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post(PATH)
    async def inbound(request: Request) -> Response:
        form: FormData = await request.form()
        right = validator.validate(public_url + PATH, form, request.headers.get("x-twilio-signature", ""))
        return Response("<Response/>", status_code=200 if right else 403, media_type="text/xml")

    return app


def main() -> None:
    """Serve on the loopback interface."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-url", required=True)
    given = parser.parse_args()
    app = create_app(os.environ[TOKEN_VARIABLE], given.public_url)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
