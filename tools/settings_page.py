"""Writes docs/settings.md and .env.example from the settings classes, so that the three cannot differ."""

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from tools.installation import COPIES, PORTS
from tools.steps import ROOT

PACKAGES = ("core", "channels", "actions", "handoff", "grievances", "rights", "knowledge", "simulators")
PAGE = ROOT / "docs" / "settings.md"
EXAMPLE = ROOT / ".env.example"
USUAL = {
    "host": "Address to listen on",
    "port": "Port to listen on",
    "profile": "How strict to be: try (simulated provider), test or production",
    "data_dir": "Folder of everything that is kept",
    "log_level": "Least important level that is logged",
    "bot_url": "Address of the assistant",
    "bot_token": "Bearer token that the assistant expects, its BOT_TOKEN",
    "account_sid": "Account at the provider",
    "auth_token": "Token of that account, with which requests and webhooks are signed",
    "api_url": "Address of the provider's API",
    "content_url": "Address of the provider's template API",
}
INTRODUCTION = """# Settings

Every setting is an environment variable. `make run` also reads them from a file `.env` in the project's folder
(copy `.env.example`); a variable of the environment wins over the file. For the profile `try` nothing has to be set:
addresses are wired by the launcher and secrets are generated into `var/secrets.env`. A setting without a default must
be given in production; the process refuses to start without it and says its name.

This page and `.env.example` are written by `make settings` from the classes in the `settings.py` files.
"""
EXAMPLE_HEAD = """# Copy to .env and uncomment what you change. Written by `make settings`, like docs/settings.md.
# Secrets of the profile "try" are generated into var/secrets.env: do not put them here.
"""


@dataclass(frozen=True)
class Setting:
    """One variable."""

    variable: str
    default: str
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Section:
    """The variables that one part reads."""

    title: str
    place: str
    settings: tuple[Setting, ...]


def classes() -> Iterator[tuple[Path, type[BaseSettings]]]:
    """Find every settings class in a `settings.py`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("settings.py")):
            relative = path.relative_to(ROOT)
            module = importlib.import_module(".".join(relative.with_suffix("").parts))
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__:
                    yield relative, value


def setting(prefix: str, name: str, field: FieldInfo) -> Setting:
    """Describe one field."""
    meaning = field.description or USUAL.get(name) or name.replace("_", " ").capitalize()
    required = field.default is PydanticUndefined and field.default_factory is None
    default = "" if required else shown_default(field)
    return Setting((prefix + name).upper(), default, " ".join(meaning.rstrip(".").split()), required)


def shown_default(field: FieldInfo) -> str:
    """Write a default as one would set it; never a secret, never a path of this machine."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, Path) and value.is_absolute():
        return str(value.relative_to(ROOT)) if value.is_relative_to(ROOT) else value.name
    return str(getattr(value, "value", value))


def sections() -> list[Section]:
    """Collect everything that is read from the environment."""
    found = []
    for path, settings in classes():
        prefix = settings.model_config.get("env_prefix", "")
        rows = tuple(setting(prefix, name, field) for name, field in settings.model_fields.items())
        title = (settings.__doc__ or settings.__name__).strip().splitlines()[0].split(";")[0].rstrip(".")
        found.append(Section(title, str(path), rows))
    return [*found, assistant(), launcher()]


def assistant() -> Section:
    """Read the assistant's defaults from its source: it runs in another Python and cannot be imported here."""
    place = Path("bot/__main__.py")
    tree = ast.parse((ROOT / place).read_text("utf-8")) if (ROOT / place).exists() else ast.Module([], [])
    defaults: dict[str, str] = next(
        (
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DEFAULTS"
        ),
        {},
    )
    meanings = {
        "BOT_PORT": "Port on the loopback interface",
        "BOT_MODEL": "The trained model",
        "BOT_TRACKER_URL": "SQLAlchemy URL of Rasa's own conversation cache; holds no words of a contact",
        "BOT_ACTIONS_URL": "Webhook of the action server",
    }
    rows = [Setting(name, value, meanings.get(name, words(name))) for name, value in defaults.items()]
    rows.append(Setting("BOT_TOKEN", "", "Bearer token that the gateway shows; the same as GATEWAY_BOT_TOKEN", True))
    return Section("The assistant (Rasa)", str(place), tuple(rows))


def words(variable: str) -> str:
    """Turn BOT_LOG_LEVEL into `Log level`."""
    return variable.split("_", 1)[1].replace("_", " ").capitalize()


def launcher() -> Section:
    """Describe what only `make run` reads."""
    variable, port = PORTS["status"]
    rows = (
        Setting(variable, str(port), "Port of the status page"),
        Setting(COPIES, "1", "How many gateways and webhooks' processes to start; more than one needs PostgreSQL"),
    )
    return Section("The launcher of `make run`", "tools/installation.py", rows)


def page(found: list[Section]) -> str:
    """Render docs/settings.md."""
    parts = [INTRODUCTION]
    for section in found:
        parts.append(f"\n## {section.title}\n\n`{section.place}`\n\n| variable | default | meaning |\n|---|---|---|\n")
        for one in section.settings:
            default = "**required**" if one.required else f"`{one.default}`" if one.default else ""
            parts.append(f"| `{one.variable}` | {default} | {one.meaning.replace('|', '/')} |\n")
    return "".join(parts)


def example(found: list[Section]) -> str:
    """Render .env.example."""
    parts = [EXAMPLE_HEAD]
    for section in found:
        parts.append(f"\n# --- {section.title} ({section.place})\n")
        parts.extend(f"# {one.meaning}\n#{one.variable}={one.default}\n" for one in section.settings)
    return "".join(parts)


def main() -> int:
    """Write both files."""
    found = sections()
    PAGE.write_text(page(found), "utf-8")
    EXAMPLE.write_text(example(found), "utf-8")
    print(f"{sum(len(section.settings) for section in found)} settings written to docs/settings.md and .env.example")
    return 0


if __name__ == "__main__":
    sys.exit(main())
