"""Where the components find their files, and digests of them for Rasa's cache."""

import hashlib
from pathlib import Path
from typing import Iterable

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = Path(__file__).resolve().parent
GAZETTEERS = ROOT / "bot" / "gazetteers"
EXAMPLES = ROOT / "data" / "nlu"
LEXICON = GAZETTEERS / "romanised.yml"
CORPUS = ROOT / "knowledge" / "corpus"


def digest(paths: Iterable[Path]) -> str:
    """Hash the contents of the files, so that a change in any of them retrains what depends on it.

    Rasa's own fingerprint covers the source of a component's class, not the modules and data files it uses.
    """
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def modules(*names: str) -> list[Path]:
    """Modules of this package that a component is made of."""
    return [COMPONENTS / f"{name}.py" for name in names]
