"""How much each kind of evidence counts when passages are ranked."""

from dataclasses import dataclass

LIST_SHARES: dict[str, dict[str, tuple[dict[str, float], ...]]] = {
    "passage": {
        "en": ({"en": 0.7, "hi": 0.3},),
        "hi": ({"hi": 0.6, "en": 0.4},),
        "hi-Latn": ({"en": 0.25, "hi": 0.15}, {"hi": 0.4, "en": 0.2}),
    },
    "situation": {
        "en": ({"en": 0.7, "hi": 0.15, "hi-Latn": 0.15},),
        "hi": ({"hi": 0.6, "en": 0.25, "hi-Latn": 0.15},),
        "hi-Latn": ({"hi-Latn": 0.35, "en": 0.15}, {"hi": 0.35, "en": 0.15}),
    },
}
"""Share of each list of vectors, by the question's way of writing: one dict a view (as written, Devanagari)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Set by hand on the development questions (tests/knowledge/development), never on the evaluation sets."""

    passage: float = 0.8
    situation: float = 0.9
    words: float = 5.0
    name: float = 5.0
    entity: float = 2.5
    follow_up: float = 20.0
    own_passage: float = 0.42
    own_words: float = 2.6
    aspect: float = 1.2
    ask: float = 1.0
    repeat: float = 1.0
