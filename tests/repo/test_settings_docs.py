"""Settings: classes, docs/settings.md and .env.example say the same; what the launcher passes is read by someone."""

import re
from pathlib import Path

import pytest

from tools import credentials, settings_page
from tools.installation import PORTS, Installation, free_ports

SECTIONS = settings_page.sections()
KNOWN = {setting.variable for section in SECTIONS for setting in section.settings}
GENERATED_FOR_OTHERS = {"DESK_DEMO_PASSWORD"}  # read by the tool that creates the demo officer


def test_the_page_and_the_example_are_current() -> None:
    assert settings_page.PAGE.read_text("utf-8") == settings_page.page(SECTIONS), "run `make settings`"
    assert settings_page.EXAMPLE.read_text("utf-8") == settings_page.example(SECTIONS), "run `make settings`"


def test_names_are_unique_and_prefixed() -> None:
    names = [setting.variable for section in SECTIONS for setting in section.settings]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Z]+_[A-Z0-9_]+", name) for name in names)


def test_no_secret_has_a_default() -> None:
    secret = re.compile(r"(TOKEN|PASSWORD|_KEYS?|SECRET)$")
    assert not [s.variable for one in SECTIONS for s in one.settings if secret.search(s.variable) and s.default]


def test_what_the_launcher_passes_is_read_by_someone(tmp_path: Path) -> None:
    here = Installation(tmp_path, free_ports(), credentials.ensure(tmp_path / "secrets.env"))
    assert set(here.variables()) - KNOWN <= GENERATED_FOR_OTHERS


@pytest.mark.parametrize("process", [name for name in PORTS if name != "status"])
def test_a_process_gets_everything_it_requires(tmp_path: Path, process: str) -> None:
    here = Installation(tmp_path, free_ports(), credentials.ensure(tmp_path / "secrets.env"))
    env = next(one.env for one in here.processes() if one.name == process)
    prefix = PORTS[process][0].split("_")[0] + "_"
    required = {
        setting.variable
        for section in SECTIONS
        for setting in section.settings
        if setting.required and setting.variable.startswith(prefix)
    }
    assert required <= set(env)
