"""``python -m handoff serve``: the officers' desk in a process of its own."""

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes.

    Returns:
        The exit code; 2 when a setting is wrong.
    """
    import uvicorn
    from fastapi import FastAPI
    from pydantic import ValidationError

    from core import log
    from core.clock import SystemClock
    from core.db import Database
    from core.errors import SahayakError
    from core.privacy.encryption import Keyring, install
    from core.settings import CoreSettings
    from handoff.control_rooms import calendar
    from handoff.desk.mount import mount
    from handoff.desk.settings import DeskSettings

    parser = argparse.ArgumentParser(prog="python -m handoff", description=__doc__)
    parser.add_argument("command", choices=["serve"])
    parser.parse_args(arguments)

    async def left_to_the_sweep(_conversation_id: str) -> None:
        """Do nothing: the gateway's sweep finds what is queued."""

    async def health() -> dict[str, str]:
        return {"status": "ok"}

    try:
        core, settings = CoreSettings(), DeskSettings()
        install(Keyring.from_settings(core))
        calendar.install()  # a file of holidays that cannot be used stops the start
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        mount(app, Database.from_settings(core), SystemClock(), left_to_the_sweep)
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            print(f"{error.title}: {where}: {problem['msg']}", file=sys.stderr)
        return 2
    except SahayakError as error:
        print(error, file=sys.stderr)
        return 2
    app.add_api_route("/health", health, methods=["GET"])
    log.configure("desk", core.log_level)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False, loop="asyncio")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
