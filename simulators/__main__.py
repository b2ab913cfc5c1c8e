"""Starts the simulated provider: ``python -m simulators``."""

import logging
import sys

import uvicorn
from pydantic import ValidationError

from simulators.app import create_app
from simulators.connections import CuttableProtocol
from simulators.cpgrams.settings import CpgramsSettings
from simulators.settings import SimulatorSettings


def main() -> int:
    """Serve until stopped; 2 when the settings do not allow a start."""
    try:
        settings, cpgrams = SimulatorSettings(), CpgramsSettings()
    except ValidationError as error:
        prefix = "SIMULATOR_CPGRAMS_" if error.title == "CpgramsSettings" else "SIMULATOR_"
        for problem in error.errors(include_input=False, include_url=False):
            name = prefix + "_".join(str(part) for part in problem["loc"]).upper()
            print(f"simulators: {name}: {problem['msg']}", file=sys.stderr)
        print("simulators: the launcher (make run) generates the secrets; see docs/settings.md", file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(settings, cpgrams),
        host=settings.host,
        port=settings.port,
        http=CuttableProtocol,
        access_log=False,
        log_level=settings.log_level.lower(),
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
