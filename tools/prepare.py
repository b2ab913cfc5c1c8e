"""Prepares an installation's data: database, search index, trained model, demo officer; skips what is current."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools import credentials
from tools.fingerprint import fingerprint, front_matter
from tools.installation import Installation, free_ports, local
from tools.steps import ROOT, Progress, Stamps, Step, StepFailed, run_logged

KEPT_IN_CACHE = 3
APP = str(ROOT / ".venv" / "bin" / "python")
INDEX_INPUTS = ("knowledge/*.py", "knowledge/lexicon/*", "knowledge/corpus/**/*.md", "requirements.lock")
MODEL_INPUTS = ("config.yml", "domain.yml", "data/**/*.yml", "bot/**/*.py", "bot/requirements.lock")
MODEL_INPUTS_BOT = ("bot/gazetteers/*", "locale/*/bot.po")


def index_digest() -> str:
    """Hash what the search index is made from."""
    return fingerprint(ROOT, INDEX_INPUTS)


def model_digest() -> str:
    """Hash what the trained model is made from; of the corpus it reads names and aliases only."""
    names = fingerprint(ROOT, ["knowledge/corpus/**/*.md"], part=front_matter)
    return fingerprint(ROOT, [*MODEL_INPUTS, *MODEL_INPUTS_BOT], names)


def migrate(installation: Installation) -> None:
    """Bring the database's tables up to date."""
    command = [APP, "-m", "alembic", "upgrade", "head"]
    run_logged(
        command,
        installation.logs / "migrate.log",
        "The database could not be brought up to date: read the log; a copy of the data can be put back by "
        "`make restore from=FILE`.",
        installation.env("SAHAYAK_"),
    )


def build_index(installation: Installation) -> None:
    """Build the search index."""
    run_logged(
        [APP, "-m", "knowledge", "index"],
        installation.logs / "index.log",
        "The search index could not be built: the log names the file of knowledge/corpus/ to mend.",
        installation.env("KNOWLEDGE_"),
    )


def train(installation: Installation) -> None:
    """Train the assistant; our own hash decides, so Rasa's cache is kept out of the project and not asked."""
    env = installation.env("BOT_")
    rasa_cache = installation.data_dir / "rasa-cache"
    env["RASA_CACHE_DIRECTORY"] = str(rasa_cache)
    rasa = str(ROOT / "bot" / ".venv" / "bin" / "rasa")
    out = str(installation.data_dir / "models")
    run_logged(
        [rasa, "train", "--force", "--fixed-model-name", "sahayak", "--out", out],
        installation.logs / "train.log",
        "The assistant could not be trained: the log names the line of data/, domain.yml or config.yml to mend.",
        env,
    )
    shutil.rmtree(rasa_cache, ignore_errors=True)


def create_demo_officer(installation: Installation) -> None:
    """Make an officer to sign in with on the try profile."""
    run_logged(
        [APP, "-m", "tools.create_officer", "--demo"],
        installation.logs / "officer.log",
        "The demo officer could not be created: read the log.",
        installation.env("SAHAYAK_", "DESK_"),
    )


def built(
    installation: Installation,
    kind: str,
    digest: str,
    build: Callable[[Installation], None],
) -> bool:
    """Have the folder `kind` of the data folder built from inputs with this hash; return whether work was done."""
    stamps = Stamps(installation.data_dir / "stamps")
    folder = installation.data_dir / kind
    if stamps.current(kind, digest) and folder.is_dir() and any(folder.iterdir()):
        return False
    stamps.forget(kind)
    kept = cached(installation.cache_dir, kind, digest)
    if kept.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder, symlinks=True)
        os.utime(kept)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        build(installation)
        keep(folder, kept)
    stamps.mark(kind, digest)
    return True


def cached(cache_dir: Path, kind: str, digest: str) -> Path:
    """Where the folder `kind` that was built from inputs with this hash is kept."""
    return cache_dir / f"{kind}-{digest[:20]}"


def keep(folder: Path, kept: Path) -> None:
    """Copy a built folder into the cache by rename, and drop all but the newest few of its kind."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    half = kept.with_name(f".{kept.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(folder, half, symlinks=True)
    if kept.exists():
        shutil.rmtree(half)
    else:
        half.rename(kept)
    kind = kept.name.rsplit("-", 1)[0]
    for old in sorted(kept.parent.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime)[:-KEPT_IN_CACHE]:
        shutil.rmtree(old, ignore_errors=True)


def build_both(installation: Installation, progress: Progress) -> None:
    """Build index and model side by side where their inputs changed."""

    def index(step: Step) -> None:
        if not built(installation, "index", index_digest(), build_index):
            step.unchanged()

    def training(step: Step) -> None:
        if not built(installation, "models", model_digest(), train):
            step.unchanged()

    progress.together({"search index": index, "the assistant's training": training})


def steps(installation: Installation) -> int:
    """How many steps `prepare` has."""
    return 3 if installation.is_production else 4


def prepare(installation: Installation, progress: Progress) -> None:
    """Do every step that is not current, on the data folder of this installation."""
    installation.data_dir.mkdir(parents=True, exist_ok=True)
    with progress.step("database"):
        migrate(installation)
    build_both(installation, progress)
    if not installation.is_production:
        with progress.step("demo officer"):
            create_demo_officer(installation)


def fill_cache() -> None:
    """Build index and model for later installations; nothing is left but the cache."""
    with tempfile.TemporaryDirectory(prefix="sahayak-cache-") as folder:
        data_dir = Path(folder)
        scratch = Installation(data_dir, free_ports(), credentials.ensure(data_dir / "secrets.env"), profile="test")
        build_both(scratch, Progress(2))


def main() -> int:
    """Prepare the local installation; return 1 after saying what to do when a step fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache-only", action="store_true", help="build index and model into the cache for tests")
    options = parser.parse_args()
    try:
        if options.cache_only:
            fill_cache()
        else:
            here = local()
            prepare(here, Progress(steps(here)))
    except StepFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
