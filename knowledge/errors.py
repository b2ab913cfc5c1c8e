"""Errors of the knowledge feature.

KnowledgeError
|- CorpusError            a page cannot be read; names file, field and what is expected
|- IndexProblem           the index is missing, broken or of another corpus; says what to do
|- KnowledgeUnavailable   the process cannot be reached or cannot answer (raised by the client)
`- KnowledgeRejected      the process refused the request's shape (raised by the client)
"""

from pathlib import Path


class KnowledgeError(Exception):
    """Root of the errors that this feature raises."""


class CorpusError(KnowledgeError):
    """A corpus page is not as expected."""

    def __init__(self, path: Path, field: str, expected: str) -> None:
        self.path = path
        self.field = field
        self.expected = expected
        super().__init__(f"{path}: field '{field}': expected {expected}")


class IndexProblem(KnowledgeError):
    """The index cannot be used as it is."""

    def __init__(self, place: Path, problem: str) -> None:
        self.place = place
        self.problem = problem
        super().__init__(f"The index in {place} {problem}. Run: python -m knowledge index")


class KnowledgeUnavailable(KnowledgeError):
    """The knowledge process did not answer."""


class KnowledgeRejected(KnowledgeError):
    """The knowledge process found the request malformed."""

    def __init__(self, field: str, expected: str) -> None:
        self.field = field
        self.expected = expected
        super().__init__(f"field '{field}': expected {expected}")
