"""The tree looks as CONTRIBUTING says: known places, short modules, agreed names, nothing of one machine."""

import ast
import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from tools.steps import ROOT

FOLDERS = {
    ".ci", "actions", "bench", "bot", "channels", "core", "data", "deploy", "docs", "grievances", "handoff",
    "knowledge", "locale", "migrations", "rights", "simulators", "tests", "tools",
}  # fmt: skip
FILES = {
    ".editorconfig", ".env.example", ".gitattributes", ".gitignore", ".importlinter", "CHANGELOG.md", "CONTRIBUTING.md",
    "LICENSE", "Makefile", "README.md", "alembic.ini", "config.yml", "credentials.yml", "domain.yml", "endpoints.yml",
    "pyproject.toml", "requirements.lock",
}  # fmt: skip
SHIPPED = ("actions", "bot", "channels", "core", "grievances", "handoff", "knowledge", "rights")
BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
BANNED_WORDS = {"user", "agent", "ticket", "chunk", "handler"}
MAX_LINES = 400
MACHINE_PATH = re.compile(r"/(?:work|root)/|/home/\w+/")
READS_ENVIRONMENT = re.compile(
    r"os\.(environ\[[^]]+\](?!\s*=)|environ\.get|getenv)|from os import .*\b(environ|getenv)\b"
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [Path(name) for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


TRACKED = tracked()
MODULES = [path for path in TRACKED if path.suffix == ".py"]


def shipped(path: Path) -> bool:
    return path.parts[0] in SHIPPED


def text_of(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def names_in(path: Path) -> set[str]:
    """Names that a module defines: classes, functions, parameters, variables."""
    found = set()
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def test_only_known_places_at_the_top() -> None:
    folders = {path.parts[0] for path in TRACKED if len(path.parts) > 1}
    files = {path.name for path in TRACKED if len(path.parts) == 1}
    assert folders <= FOLDERS, f"say in CONTRIBUTING.md what {folders - FOLDERS} is for and add it here"
    assert files <= FILES, f"say in CONTRIBUTING.md what {files - FILES} is for and add it here"


def test_modules_are_short() -> None:
    long = {str(path): n for path in MODULES if (n := text_of(path).count("\n")) > MAX_LINES}
    assert not long, "split these modules by what changes together"


def test_no_module_is_named_for_nothing() -> None:
    assert not [str(path) for path in MODULES if BANNED_MODULES & {path.stem, *path.parts[:-1]}]


def test_agreed_words_for_people_and_things() -> None:
    wrong = {
        f"{path}: {name}"
        for path in MODULES
        if shipped(path)
        for name in names_in(path)
        if BANNED_WORDS & words_of(name) and not is_foreign(name)
    }
    assert not wrong, "contact, officer, grievance, passage, responder: see docs/glossary.md"


def is_foreign(name: str) -> bool:
    """Names that a library or protocol prescribes."""
    return name in {"user_agent", "UserUtteranceReverted", "user_message", "UserMessage", "latest_user_message"}


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(path)
        for path in MODULES
        if path.parts[0] not in ("tests", "migrations") and text_of(path).strip()
        and not ast.get_docstring(ast.parse(text_of(path)))
    ]  # fmt: skip
    assert not silent


def test_no_path_of_one_machine() -> None:
    kinds = {".py", ".md", ".toml", ".yml", ".yaml", ".ini", ".cfg", ".txt", ".sh", ".env", ".example", ".lock", ""}
    found = [
        f"{path}:{number}"
        for path in TRACKED
        if path.suffix in kinds and path != Path("tests/repo/test_layout.py")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found


def test_only_settings_read_the_environment() -> None:
    found = [
        f"{path}:{number}"
        for path in MODULES
        if shipped(path) and path.name not in ("settings.py", "__main__.py")
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if READS_ENVIRONMENT.search(line)
    ]
    assert not found, "add a field to the nearest settings.py"


def test_test_folders_are_packages() -> None:
    """Two test modules of the same name in different folders need it."""
    folders = {path.parent for path in MODULES if path.parts[0] == "tests" and path.name.startswith("test_")}
    folders.discard(Path("tests/bot"))  # run by another Python with its own pytest.ini
    assert not [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").exists()]


def test_no_work_left_for_later_in_comments() -> None:
    mark = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    assert not [str(path) for path in MODULES if mark.search(text_of(path))]


def test_every_private_table_has_a_contract() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    protected = {
        line.strip()
        for section in contracts.sections()
        for line in contracts.get(section, "protected_modules", fallback="").splitlines()
        if line.strip()
    }
    private = {
        ".".join(path.with_suffix("").parts)
        for path in MODULES
        if shipped(path) and path.stem in ("models", "repository") and path.parts[0] not in ("bot", "actions")
    }
    assert private == protected, "name each models.py and repository.py in .importlinter"


@pytest.mark.parametrize("pattern", ["docs/decisions/*.md"])
def test_decision_records_are_numbered_without_gaps(pattern: str) -> None:
    numbers = sorted(int(path.name[:4]) for path in ROOT.glob(pattern))
    assert numbers == list(range(1, len(numbers) + 1))


def test_links_in_the_docs_lead_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path in TRACKED
        if path.suffix == ".md" and path.parts[0] not in ("knowledge", "tests")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text_of(path))
        if not (ROOT / path.parent / target).exists()
    ]
    assert not broken
