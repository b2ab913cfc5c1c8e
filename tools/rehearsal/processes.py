"""The processes of a rehearsal: provider, echoing bot, and gateways that are started again when they die."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
WEBHOOKS = "webhooks"


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Surroundings:
    """Ports, secrets and the environment that a rehearsal's processes share.

    Attributes:
        data_dir: Where everything is kept.
        database_url: The application's database; empty is SQLite in the data folder.
        durable_url: The durable engine's database.
        bot_url: A real assistant; empty starts the echoing stand-in.
    """

    data_dir: Path
    database_url: str = ""
    durable_url: str = ""
    bot_url: str = ""
    bot_token: str = "rehearsal"  # noqa: S105 - for the stand-in
    simulator_port: int = field(default_factory=free_port)
    gateway_port: int = field(default_factory=free_port)
    bot_port: int = field(default_factory=free_port)
    account_sid: str = field(default_factory=lambda: "AC" + secrets.token_hex(16))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    control_token: str = field(default_factory=lambda: secrets.token_hex(16))
    encryption_key: str = field(default_factory=lambda: secrets.token_hex(32))
    index_key: str = field(default_factory=lambda: secrets.token_hex(32))

    @property
    def simulator_url(self) -> str:
        """Where the provider listens."""
        return f"http://127.0.0.1:{self.simulator_port}"

    def environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a process."""
        gateway = f"http://127.0.0.1:{self.gateway_port}"
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GATEWAY_", "WHATSAPP_", "SIMULATOR_"))},
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "SAHAYAK_PROFILE": "test",
            "SAHAYAK_DATA_DIR": str(self.data_dir),
            "SAHAYAK_DATABASE_URL": self.database_url,
            "SAHAYAK_DURABLE_URL": self.durable_url,
            "SAHAYAK_ENCRYPTION_KEYS": f"1:{self.encryption_key}",
            "SAHAYAK_INDEX_KEY": self.index_key,
            "WHATSAPP_ACCOUNT_SID": self.account_sid,
            "WHATSAPP_AUTH_TOKEN": self.auth_token,
            "WHATSAPP_SENDER": "+910000000001",
            "WHATSAPP_PUBLIC_URL": gateway,
            "WHATSAPP_API_URL": self.simulator_url,
            "WHATSAPP_CONTENT_URL": self.simulator_url,
            "GATEWAY_PORT": str(self.gateway_port),
            "GATEWAY_BOT_URL": self.bot_url or f"http://127.0.0.1:{self.bot_port}",
            "GATEWAY_BOT_TOKEN": self.bot_token,
            "GATEWAY_RECONCILE_EVERY": "3",
            "GATEWAY_UNANSWERED_AFTER": "6",
            "GATEWAY_TAKEOVER_AFTER": "4",
            "GATEWAY_SWEEP_EVERY": "1",
            "SIMULATOR_PORT": str(self.simulator_port),
            "SIMULATOR_PUBLIC_URL": self.simulator_url,
            "SIMULATOR_ACCOUNT_SID": self.account_sid,
            "SIMULATOR_AUTH_TOKEN": self.auth_token,
            "SIMULATOR_CONTROL_TOKEN": self.control_token,
            "SIMULATOR_GATEWAY_URL": gateway,
            "SIMULATOR_GATEWAY_PUBLIC_URL": gateway,
            "SIMULATOR_DATA_DIR": str(self.data_dir / "simulator"),
            "SIMULATOR_WHATSAPP_NUMBER": "+910000000001",
            "SIMULATOR_WEBHOOK_RETRY_SECONDS": "1",
            "SIMULATOR_WEBHOOK_TIMEOUT_SECONDS": "5",
            "SIMULATOR_READ_AFTER_MS": "-1",
            "SIMULATOR_DELIVERED_AFTER_MS": "100",
            "SIMULATOR_SENT_AFTER_MS": "50",
            **(extra or {}),
        }


class Process:
    """One process, whose output goes to a file in the data folder.

    Args:
        surroundings: What it shares with the others.
        name: Name of its log file.
        arguments: What follows the interpreter.
        ready_url: Answers when it is ready.
    """

    def __init__(self, surroundings: Surroundings, name: str, arguments: list[str], ready_url: str) -> None:
        self._surroundings, self._name, self._arguments, self._ready_url = surroundings, name, arguments, ready_url
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self, extra: dict[str, str] | None = None) -> None:
        """Start it; it is not waited for."""
        self.kill()
        with (self._surroundings.data_dir / f"{self._name}.log").open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=ROOT,
                env=self._surroundings.environment(extra),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    async def ready(self, patience: float = 60.0) -> None:
        """Wait until it answers.

        Raises:
            TimeoutError: It does not, or it ended.
        """
        deadline = time.monotonic() + patience
        async with httpx.AsyncClient(timeout=2.0) as client:
            while time.monotonic() < deadline:
                try:
                    if (await client.get(self._ready_url)).status_code < 500:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise TimeoutError(f"{self._name} is not ready: see {self._surroundings.data_dir / (self._name + '.log')}")

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen is not None and self._popen.poll() is None

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._popen is not None:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self._popen is not None and self.alive:
            self._popen.terminate()
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


def simulator(surroundings: Surroundings) -> Process:
    """The provider's side."""
    return Process(surroundings, "simulator", ["-m", "simulators"], f"{surroundings.simulator_url}/health")


def echo_bot(surroundings: Surroundings) -> Process:
    """The echoing stand-in."""
    port = str(surroundings.bot_port)
    return Process(surroundings, "bot", ["-m", "tools.rehearsal.echo_bot", "--port", port], f"http://127.0.0.1:{port}/")


def gateway(surroundings: Surroundings, name: str = "gateway-1", port: int | None = None) -> Process:
    """A gateway without the desk; start it with the variables `gateway_variables` gives."""
    port = port or surroundings.gateway_port
    return Process(surroundings, name, ["-m", "channels", "serve", "--no-desk"], f"http://127.0.0.1:{port}/health")


def webhooks(surroundings: Surroundings) -> Process:
    """The webhooks' own process, where the provider brings its messages."""
    return Process(
        surroundings, WEBHOOKS, ["-m", "channels", "webhooks"], f"http://127.0.0.1:{surroundings.gateway_port}/health"
    )


def gateway_variables(name: str, port: int, crash_at: str = "") -> dict[str, str]:
    """What one copy of the gateway, or the webhooks' process, has of its own."""
    variable = "GATEWAY_WEBHOOK_PORT" if name == WEBHOOKS else "GATEWAY_PORT"
    return {"GATEWAY_EXECUTOR_ID": name, variable: str(port), "GATEWAY_CRASH_AT": crash_at}


def migrate(surroundings: Surroundings) -> None:
    """Bring the database up to date.

    Raises:
        subprocess.CalledProcessError: The migrations failed.
    """
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=surroundings.environment(),
        check=True,
        capture_output=True,
    )
