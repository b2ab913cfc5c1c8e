"""`python -m knowledge serve|index|answer "question"`."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy, faiss, torch and the engine read it

import argparse
import sys
import time

from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings

_BATCH, _TOLD_EVERY = 16, 80  # in a log, a line for every fifth batch


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m knowledge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer questions over HTTP")
    commands.add_parser("index", help="build the index; skipped when nothing has changed")
    answer = commands.add_parser("answer", help="answer one question here and now")
    answer.add_argument("question")
    answer.add_argument("--language", choices=("en", "hi", "hi-Latn"), default="en")
    answer.add_argument("--scheme")
    answer.add_argument("--aspect")
    given = parser.parse_args(arguments)
    settings = KnowledgeSettings()
    try:
        if given.command == "serve":
            return _serve(settings)
        if given.command == "index":
            return _index(settings)
        return _answer(settings, given)
    except KnowledgeError as error:
        print(f"knowledge: {error}", file=sys.stderr)
        return 1


def _serve(settings: KnowledgeSettings) -> int:
    import uvicorn

    from knowledge.app import create_app

    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, access_log=False, log_level="warning")
    return 0


def _index(settings: KnowledgeSettings) -> int:
    from knowledge.catalogue import read_catalogue
    from knowledge.embedder import create_embedder, identity_of
    from knowledge.index import build_index, digest_of, load_index

    began = time.monotonic()
    catalogue = read_catalogue(settings.corpus_dir)
    digest = digest_of(catalogue, identity_of(settings.embedder))
    try:
        load_index(settings.index_dir, digest)
    except KnowledgeError as problem:
        print(f"knowledge: {str(problem).split('. Run:')[0]}: building", flush=True)
    else:
        print(f"knowledge: index {digest} is up to date ({len(catalogue.passages)} passages)")
        return 0
    print("knowledge: loading the embedder", flush=True)
    embedder = create_embedder(settings.embedder)
    build_index(settings.index_dir, catalogue, embedder, _progress)
    spent = time.monotonic() - began
    print(f"knowledge: index {digest} built: {len(catalogue.passages)} passages in {spent:.0f} s")
    return 0


def _progress(done: int, of: int) -> None:
    told = f"knowledge: embedded {done} of {of} texts"
    if sys.stdout.isatty():
        print(f"\r{told}", end="" if done < of else "\n", flush=True)
    elif done >= of or done % _TOLD_EVERY < _BATCH:
        print(told, flush=True)


def _answer(settings: KnowledgeSettings, given: argparse.Namespace) -> int:
    from knowledge.library import Library
    from knowledge.schemas import Question

    library = Library(settings)
    library.open(_progress)
    if library.service is None:
        return 1
    asked = Question(question=given.question, language=given.language, scheme=given.scheme, aspect=given.aspect)
    print(library.service.answer(asked).model_dump_json(indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
