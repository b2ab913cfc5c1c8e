"""One installation of Sahayak on this machine: its data folder, ports, variables and processes."""

import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools import credentials
from tools.steps import ROOT, StepFailed

HOST = "127.0.0.1"
NUMBER = "+910000000001"  # the service's own number on the simulated provider; nobody's
PORTS: Mapping[str, tuple[str, int]] = {
    "rasa": ("BOT_PORT", 5005),
    "actions": ("ACTIONS_PORT", 5055),
    "knowledge": ("KNOWLEDGE_PORT", 8100),
    "gateway": ("GATEWAY_PORT", 8080),
    "webhooks": ("GATEWAY_WEBHOOK_PORT", 8081),
    "simulators": ("SIMULATOR_PORT", 8090),
    "status": ("LAUNCHER_PORT", 8000),
}
GRIEVANCES = "GRIEVANCES_"
REGISTRY = f"{GRIEVANCES}CPGRAMS_"
HOLIDAYS = f"{GRIEVANCES}HOLIDAYS_"
PREFIXES = (
    "SAHAYAK_", "WHATSAPP_", "BOT_", "ACTIONS_", "KNOWLEDGE_", "GATEWAY_", "DESK_", "SIMULATOR_", "RIGHTS_", GRIEVANCES,
    "HANDOFF_",
)  # fmt: skip
# Wired or generated for a simulated provider: in production a person gives them, or they stay out.
SIMULATED = ("WHATSAPP_", "SIMULATOR_", "DESK_DEMO_", "RIGHTS_PUBLIC_URL", REGISTRY)
NEEDED: Mapping[str, str] = {
    "WHATSAPP_ACCOUNT_SID": "the account's id, AC and 32 characters",
    "WHATSAPP_AUTH_TOKEN": "the account's auth token",
    "WHATSAPP_SENDER": "our WhatsApp number, such as +91...",
    "WHATSAPP_PUBLIC_URL": "the https:// address under which the provider reaches us",
}
COPIES = "LAUNCHER_GATEWAYS"
MOST_COPIES = 9
PORTS_APART = 100
# What each process may see of ours: a secret goes only where it is needed.
SEES: Mapping[str, tuple[str, ...]] = {
    "rasa": ("BOT_",),
    "actions": ("SAHAYAK_", "ACTIONS_", "RIGHTS_", "HANDOFF_", HOLIDAYS),
    "knowledge": ("KNOWLEDGE_",),
    "gateway": ("SAHAYAK_", "WHATSAPP_", "GATEWAY_", "DESK_", "HANDOFF_", "RIGHTS_", GRIEVANCES),
    "webhooks": ("SAHAYAK_", "WHATSAPP_", "GATEWAY_", "RIGHTS_"),
    "simulators": ("SIMULATOR_",),
}
QUIET = {
    "OMP_NUM_THREADS": "1",  # more threads make a busy machine twenty times slower
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "RASA_TELEMETRY_ENABLED": "false",  # telemetry delays every command
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class Process:
    """A process of the stack: how it starts and how one sees that it is ready."""

    name: str
    title: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    port: int
    port_variable: str
    ready_path: str

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True)
class Installation:
    """A data folder with everything that runs on it; several can run beside each other on one machine."""

    data_dir: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    overrides: Mapping[str, str] = field(default_factory=dict)
    profile: str = "try"
    cache_dir: Path = ROOT / "var" / "cache"
    copies: int = 1

    @property
    def is_production(self) -> bool:
        """Whether real contacts write: nothing is simulated, and nobody gets a demo sign-in."""
        return self.overrides.get("SAHAYAK_PROFILE", self.profile) == "production"

    def url(self, name: str) -> str:
        """Base address of a process."""
        return f"http://{HOST}:{self.ports[name]}"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.data_dir / "log"

    def variables(self) -> dict[str, str]:
        """Return every variable of ours: wiring, then secrets, then what the person has set."""
        data = self.data_dir
        token, sid = self.secrets["WHATSAPP_AUTH_TOKEN"], self.secrets["WHATSAPP_ACCOUNT_SID"]
        wired = {
            "SAHAYAK_PROFILE": self.profile,
            "SAHAYAK_DATA_DIR": str(data),
            "SAHAYAK_KEYS_FILE": str(data / "secrets.env"),
            "BOT_MODEL": str(data / "models" / "sahayak.tar.gz"),
            "BOT_TRACKER_URL": f"sqlite:///{data / 'trackers.db'}",
            "BOT_ACTIONS_URL": self.url("actions") + "/webhook",
            "KNOWLEDGE_HOST": HOST,
            "ACTIONS_KNOWLEDGE_URL": self.url("knowledge"),
            "KNOWLEDGE_INDEX_DIR": str(data / "index"),
            "GATEWAY_HOST": HOST,
            "GATEWAY_BOT_URL": self.url("rasa"),
            "GATEWAY_BOT_TOKEN": self.secrets["BOT_TOKEN"],
            "WHATSAPP_API_URL": self.url("simulators"),
            "WHATSAPP_CONTENT_URL": self.url("simulators"),
            "WHATSAPP_SENDER": NUMBER,
            "WHATSAPP_PUBLIC_URL": self.url("webhooks"),
            "RIGHTS_PUBLIC_URL": self.url("webhooks"),
            "SIMULATOR_HOST": HOST,
            "SIMULATOR_ACCOUNT_SID": sid,
            "SIMULATOR_AUTH_TOKEN": token,
            "SIMULATOR_PUBLIC_URL": self.url("simulators"),
            "SIMULATOR_GATEWAY_URL": self.url("webhooks"),
            "SIMULATOR_DATA_DIR": str(data / "simulator"),
            "SIMULATOR_WHATSAPP_NUMBER": NUMBER,
            f"{REGISTRY}URL": self.url("simulators"),
            "SIMULATOR_CPGRAMS_SECRET": self.secrets[f"{REGISTRY}SECRET"],
        }
        ports = {PORTS[name][0]: str(port) for name, port in self.ports.items()}
        given = {**wired, **ports, **self.secrets}
        if self.is_production:
            given = {name: value for name, value in given.items() if not name.startswith(SIMULATED)}
            given["RIGHTS_PUBLIC_URL"] = self.overrides.get("WHATSAPP_PUBLIC_URL", "")
        return {**given, **self.overrides}

    def lacking(self) -> list[str]:
        """Return a sentence for each thing without which production cannot start."""
        if not self.is_production:
            return []
        there = self.variables()
        return [f"{name} is not set: {what}." for name, what in NEEDED.items() if not there.get(name)]

    def env(self, *prefixes: str) -> dict[str, str]:
        """Return a process's environment: the machine's own, without other variables of ours than it may see."""
        machine = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
        ours = {name: value for name, value in self.variables().items() if name.startswith(prefixes)}
        return {**machine, **QUIET, **ours}

    def processes(self) -> list[Process]:
        """List the processes in the order in which they are shown and started."""
        app = str(ROOT / ".venv" / "bin" / "python")
        bot = str(ROOT / "bot" / ".venv" / "bin" / "python")
        listed = {
            "knowledge": ("search in the ministry's texts", [app, "-m", "knowledge", "serve"], "/ready"),
            "actions": ("what the assistant does", [app, "-m", "actions"], "/ready"),
            "rasa": ("the assistant", [bot, "-m", "bot", "serve"], "/"),
            "gateway": ("channels and the officers' desk", [app, "-m", "channels", "serve"], "/ready"),
            "webhooks": ("where providers bring messages", [app, "-m", "channels", "webhooks"], "/health"),
            "simulators": ("the provider's side, try-it page", [app, "-m", "simulators"], "/health"),
        }
        if self.is_production:
            del listed["simulators"]
        first = [
            Process(
                name=name,
                title=title,
                command=tuple(command),
                env=self.env(*SEES[name]),
                port=self.ports[name],
                port_variable=PORTS[name][0],
                ready_path=path,
            )
            for name, (title, command, path) in listed.items()
        ]
        return first + [_copy(one, port, name) for one in first for name, port in self._copies_of(one.name).items()]

    def _copies_of(self, name: str) -> dict[str, int]:
        """Names and ports of the further gateways and webhooks' processes."""
        if name not in ("gateway", "webhooks"):
            return {}
        return {f"{name}-{place}": self.ports[name] + PORTS_APART * (place - 1) for place in range(2, self.copies + 1)}

    def listening(self) -> dict[str, int]:
        """Return the port of everything that listens, copies too."""
        held = {name: port for name, port in self.ports.items() if name != "simulators" or not self.is_production}
        return {**held, **self._copies_of("gateway"), **self._copies_of("webhooks")}

    def copy_of(self, name: str, port: int, new_name: str, extra: Mapping[str, str] | None = None) -> Process:
        """Describe a second process of the same kind on another port."""
        return _copy(next(process for process in self.processes() if process.name == name), port, new_name, extra)


def _copy(original: Process, port: int, new_name: str, extra: Mapping[str, str] | None = None) -> Process:
    env = {**original.env, original.port_variable: str(port), **(extra or {})}
    if original.name == "gateway":
        env["GATEWAY_EXECUTOR_ID"] = new_name  # a dead copy's work is found by its name
    return replace(original, name=new_name, port=port, env=env)


def local() -> Installation:
    """Describe the installation of `make run`: `var/`, usual ports, both overridable by variables or `.env`."""
    given = {**credentials.read(ROOT / ".env"), **os.environ}
    overrides = {name: value for name, value in given.items() if name.startswith(PREFIXES)}
    data_dir = Path(overrides.get("SAHAYAK_DATA_DIR", "var"))
    data_dir = data_dir if data_dir.is_absolute() else ROOT / data_dir
    overrides.pop("SAHAYAK_DATA_DIR", None)
    ports = {name: _port(variable, given.get(variable), usual) for name, (variable, usual) in PORTS.items()}
    secrets = credentials.ensure(data_dir / "secrets.env")
    copies = _copies(given.get(COPIES), overrides)
    return Installation(data_dir=data_dir, ports=ports, secrets=secrets, overrides=overrides, copies=copies)


def _copies(given: str | None, overrides: Mapping[str, str]) -> int:
    if given is None or not given.strip():
        return 1
    if not given.isdigit() or not 1 <= int(given) <= MOST_COPIES:
        raise StepFailed(f"{COPIES} must be a number from 1 to {MOST_COPIES}, not {given!r}.")
    for name in ("SAHAYAK_DATABASE_URL", "SAHAYAK_DURABLE_URL") if int(given) > 1 else ():
        if not overrides.get(name, "").startswith("postgresql"):
            raise StepFailed(f"{COPIES}={given} needs PostgreSQL: set {name} to a postgresql address.")
    return int(given)


def _port(variable: str, given: str | None, usual: int) -> int:
    if given is None or not given.strip():
        return usual
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise StepFailed(f"{variable} must be a port between 1 and 65535, not {given!r}.")
    return int(given)


def busy_ports(ports: Mapping[str, int]) -> list[str]:
    """Return a sentence for each port that another program holds."""
    sentences = []
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                variable = PORTS[name.partition("-")[0]][0]
                sentences.append(
                    f"Port {port} ({name}) is taken by another program: stop that, or choose another, "
                    f"for example `{variable}={ports[name.partition('-')[0]] + 1000} make run`."
                )
    return sentences


def free_ports() -> dict[str, int]:
    """Choose a free port for every process."""
    held = [socket.socket() for _ in PORTS]
    try:
        for one in held:
            one.bind((HOST, 0))
        return {name: one.getsockname()[1] for name, one in zip(PORTS, held, strict=True)}
    finally:
        for one in held:
            one.close()


def leash() -> list[str]:
    """Return a prefix that ends a child when its supervisor is killed (Linux), so that no orphan stays."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
