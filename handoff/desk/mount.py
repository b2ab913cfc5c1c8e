"""Adds the desk to a web process that serves other things too."""

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from core.clock import Clock
from core.db import Database
from core.media.service import MediaStore
from core.settings import CoreSettings
from handoff.desk.acts import Wake
from handoff.desk.app import make_desk
from handoff.desk.settings import DeskSettings

PATH = "/desk"


def mount(app: FastAPI, db: Database, clock: Clock, wake: Wake) -> None:
    """Serve the desk under ``/desk``.

    Args:
        app: The application of the process.
        db: The application's database.
        clock: Tells the time.
        wake: Starts the delivery of what is queued in a conversation.
    """
    store = MediaStore(CoreSettings().data_dir / "media")
    app.mount(PATH, make_desk(db, clock, wake, DeskSettings(), store), name="desk")

    async def with_slash() -> RedirectResponse:
        return RedirectResponse(f"{PATH}/", 307)

    app.add_api_route(PATH, with_slash, methods=["GET"], include_in_schema=False)
