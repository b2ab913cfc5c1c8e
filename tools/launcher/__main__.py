"""`make run`: the status page first, then preparation, then every process until Ctrl-C."""

import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from tools.installation import HOST, Installation, busy_ports, local
from tools.launcher.board import Board
from tools.launcher.page import serve
from tools.launcher.supervisor import Supervised, stop_all
from tools.prepare import prepare, steps
from tools.steps import ROOT, Progress, StepFailed

DRAINED_FIRST = ("simulators", "webhooks", "gateway")


class Stopped(BaseException):
    """A person or the system asked the launcher to stop."""


def say(sentence: str) -> None:
    """Print at once."""
    print(sentence, flush=True)


def run(installation: Installation, stop: threading.Event) -> int:
    """Show, prepare, start, watch, stop; return the exit status."""
    problems = installation.lacking() or busy_ports(installation.listening())
    if problems:
        say("\n".join(problems))
        return 1
    board = Board()
    page = serve(board, HOST, installation.ports["status"])
    say(f"Status: {installation.url('status')}")
    started: list[Supervised] = []
    began = time.monotonic()
    try:
        prepare(installation, Progress(steps(installation), board.step))
        started += [Supervised(one, installation.logs, board, say=say) for one in installation.processes()]
        for one in started:
            one.start()
        announce_when_ready(installation, board, stop, began)
        give_templates_to_simulator(installation, stop)
        stop.wait()
    except StepFailed as failure:
        say(str(failure))
        return 1
    except Stopped:
        pass
    finally:
        shut_down(started)
        page.shutdown()
        page.server_close()
    return 0


def announce_when_ready(installation: Installation, board: Board, stop: threading.Event, began: float) -> None:
    """Wait until every process is ready, then print and link the addresses."""
    while not board.ready():
        if stop.wait(0.2):
            return
    say(f"Everything is ready ({time.monotonic() - began:.0f} s). Ctrl-C stops it.")
    desk = installation.url("gateway") + "/desk"
    if installation.is_production:
        board.links.update({"Officers' desk": desk})
        say(f"  Officers' desk  {desk}   officers: make create-officer")
        outside = installation.variables()["WHATSAPP_PUBLIC_URL"]
        say(f"  Webhooks        {installation.url('webhooks')}   reached as {outside}")
    else:
        board.links.update(
            {"Try it: a telephone with WhatsApp": installation.url("simulators"), "Officers' desk": desk}
        )
        say(f"  Try it          {installation.url('simulators')}")
        login = installation.variables().get("DESK_DEMO_LOGIN", "officer")
        password = installation.variables()["DESK_DEMO_PASSWORD"]
        say(f"  Officers' desk  {desk}   name: {login}   password: {password}")
    say(f"  Status          {installation.url('status')}")


def give_templates_to_simulator(installation: Installation, stop: threading.Event) -> None:
    """Have the simulated provider approve the templates; for a real one a person runs `make register-templates`."""
    if stop.is_set() or installation.variables().get("WHATSAPP_CONTENT_URL") != installation.url("simulators"):
        return
    command = [sys.executable, "-m", "tools.register_templates", "--quiet"]
    done = subprocess.run(
        command, cwd=ROOT, env=installation.env("SAHAYAK_", "WHATSAPP_"), capture_output=True, text=True, check=False
    )
    if done.returncode:
        say(f"WhatsApp templates were not registered with the simulator: {done.stderr.strip()}")


def shut_down(started: list[Supervised]) -> None:
    """Stop what takes messages in first, so that running turns can still ask the assistant."""
    if not started:
        return
    say("Stopping …")
    first = [one for one in started if one.process.name.startswith(DRAINED_FIRST)]
    rest = [one for one in started if not one.process.name.startswith(DRAINED_FIRST)]
    killed = stop_all([first, rest])
    say(f"Stopped; had to be killed: {', '.join(killed)}." if killed else "Stopped.")


def main() -> int:
    """Run the local installation until a signal."""
    stop = threading.Event()
    preparing = threading.main_thread()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            return  # a second Ctrl-C does not leave orphans behind
        stop.set()
        if threading.current_thread() is preparing:
            raise Stopped

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    try:
        return run(local(), stop)
    except StepFailed as failure:
        say(str(failure))
        return 1
    except Stopped:
        return 0


if __name__ == "__main__":
    sys.exit(main())
