"""``python -m channels serve``: the gateway, with the desk in the same process unless it is switched off."""

import argparse
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes.

    Returns:
        The exit code; 2 when a setting is wrong.
    """
    import uvicorn
    from pydantic import ValidationError

    from channels.gateway.app import make_app, make_gateway
    from channels.gateway.settings import GatewaySettings
    from channels.registry import make_channels
    from core import log
    from core.errors import InvalidInput
    from core.settings import CoreSettings

    parser = argparse.ArgumentParser(prog="python -m channels")
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--no-desk", action="store_true", help="serve the webhooks only")
    options = parser.parse_args(arguments)
    try:
        core, settings = CoreSettings(), GatewaySettings()
        channels = make_channels(core.profile)
        gateway = make_gateway(core, settings, channels)
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"])
            print(f"{error.title}: {where}: {problem['msg']}", file=sys.stderr)
        return 2
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    log.configure("gateway", core.log_level)
    if options.no_desk:
        app = make_app(gateway)
    else:
        from handoff.desk.mount import mount as desk

        app = make_app(gateway, desk)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False, loop="asyncio")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
