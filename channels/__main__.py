"""``python -m channels serve``: the gateway, with the desk in the same process unless it is switched off.

``python -m channels webhooks``: the webhooks alone, beside a gateway; both may take the same channels' webhooks.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

if TYPE_CHECKING:
    from fastapi import FastAPI

    from channels.base import Channel
    from channels.gateway.settings import GatewaySettings
    from core.settings import CoreSettings


def _gateway(
    core: "CoreSettings", settings: "GatewaySettings", channels: "dict[str, Channel]", *, desk: bool
) -> "FastAPI":
    from channels.gateway.app import make_app, make_gateway

    gateway = make_gateway(core, settings, channels)
    if not desk:
        return make_app(gateway)
    from handoff.desk.mount import mount

    return make_app(gateway, mount)


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes.

    Returns:
        The exit code; 2 when a setting is wrong.
    """
    import uvicorn
    from pydantic import ValidationError

    from channels.gateway.settings import GatewaySettings
    from channels.gateway.webhooks import make_webhooks_app
    from channels.registry import make_channels
    from core import log
    from core.errors import InvalidInput
    from core.settings import CoreSettings

    parser = argparse.ArgumentParser(prog="python -m channels")
    parser.add_argument("command", choices=["serve", "webhooks"])
    parser.add_argument("--no-desk", action="store_true", help="serve without the officers' desk")
    options = parser.parse_args(arguments)
    try:
        core, settings = CoreSettings(), GatewaySettings()
        channels = make_channels(core.profile)
        app = (
            make_webhooks_app(core, settings, channels)
            if options.command == "webhooks"
            else _gateway(core, settings, channels, desk=not options.no_desk)
        )
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            print(f"{error.title}: {where}: {problem['msg']}", file=sys.stderr)
        return 2
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    log.configure(options.command if options.command == "webhooks" else "gateway", core.log_level)
    port = settings.webhook_port if options.command == "webhooks" else settings.port
    uvicorn.run(app, host=settings.host, port=port, log_config=None, access_log=False, loop="asyncio")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
