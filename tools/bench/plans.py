"""What is sent: examples and evaluation sets, conversations for the speed of Rasa, a mix for whole turns."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.bench.figures import seeded
from tools.steps import ROOT

WAYS = ("en", "hi", "hi-Latn")
OUT_OF_SCOPE = "chitchat_out_of_scope"
FALLBACK = "nlu_fallback"
EXAMPLES = ROOT / "data" / "nlu"
SETS = ROOT / "knowledge" / "evaluation"
CONVERSATION = 5
# Intents that a rule answers with a sentence, without the action server.
SPOKEN = {
    "goodbye": "utter_goodbye",
    "thanks": "utter_thanks",
    "help": "utter_help",
    "go_back": "utter_go_back",
    "correct_previous": "utter_correct_previous",
    "stop_messages": "utter_stop_messages",
    "who_are_you": "utter_who_are_you",
    OUT_OF_SCOPE: "utter_out_of_scope",
    "abuse": "utter_abuse",
}
# How often each kind of message comes; an assumption, since nobody has counted real ones yet.
MIX = {
    "question": 45,
    "ask_eligibility": 8,
    "delayed_payment": 6,
    "loan_problem": 5,
    "registration_problem": 4,
    "file_grievance": 5,
    "grievance_status": 4,
    "talk_to_officer": 2,
    "greet": 6,
    "thanks": 5,
    "help": 3,
    "who_are_you": 2,
    OUT_OF_SCOPE: 5,
}


@dataclass(frozen=True)
class Example:
    """A text with its intent and its way of writing."""

    text: str
    intent: str
    way: str


@dataclass(frozen=True)
class Conversation:
    """Messages of one sender, one after the other, each with the sentence it should be answered with."""

    sender: str
    way: str
    messages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Arrival:
    """A message of a contact at a time (seconds after the start)."""

    at: float
    contact: int
    kind: str
    text: str


def training_examples(folder: Path = EXAMPLES) -> list[Example]:
    """Read the examples that both pipelines are trained on."""
    found = []
    for path in sorted(folder.glob("*/*.yml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        for block in content.get("nlu", []):
            lines = (line.strip() for line in (block.get("examples") or "").splitlines())
            texts = (line.removeprefix("- ").strip() for line in lines if line.startswith("- "))
            found += [Example(text, block["intent"], path.parent.name) for text in texts]
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def evaluation_examples() -> list[Example]:
    """Read the utterances that another author wrote without seeing the training examples."""
    return [Example(row["text"], row["intent"], row["language"]) for row in rows(SETS / "intents.jsonl")]


def off_topic_examples() -> list[Example]:
    """Read the off-topic questions of the retrieval's evaluation: more out of scope than the intents' set has."""
    listed = rows(SETS / "unanswerable.jsonl")
    return [Example(row["question"], OUT_OF_SCOPE, row["language"]) for row in listed if row["kind"] == "off_topic"]


def nlu_yaml(examples: Sequence[Example]) -> str:
    """Write examples in Rasa's form."""
    lines = ['version: "3.1"', "nlu:"]
    for intent, members in itertools.groupby(sorted(examples, key=lambda example: example.intent), lambda e: e.intent):
        lines += [f"  - intent: {intent}", "    examples: |", *(f"      - {example.text}" for example in members)]
    return "\n".join(lines) + "\n"


class Deck:
    """Examples in a random order, each dealt once: nothing is asked twice, so that no memory of texts can help.

    Args:
        examples: What is dealt, of the intents that a sentence answers.
        seed: Of the order.
    """

    def __init__(self, examples: Sequence[Example], seed: str) -> None:
        draw = seeded(seed)
        self._left: dict[str, list[Example]] = {}
        for way in WAYS:
            distinct = {e.text: e for e in examples if e.way == way and e.intent in SPOKEN}
            self._left[way] = draw.sample(list(distinct.values()), len(distinct))

    def deal(self, way: str, count: int) -> list[Example]:
        """Give so many examples of a way of writing that were not dealt before."""
        left = self._left[way]
        if len(left) < count:
            raise ValueError(f"only {len(left)} examples in {way} are left: measure with fewer messages")
        return [left.pop() for _ in range(count)]


def conversations(deck: Deck, messages: int, name: str) -> list[Conversation]:
    """Plan conversations of five messages with as many messages as asked for, in turn in each way of writing."""
    planned = []
    for place in range(-(-messages // CONVERSATION)):
        way = WAYS[place % len(WAYS)]
        length = min(CONVERSATION, messages - place * CONVERSATION)
        chosen = deck.deal(way, length)
        said = tuple((example.text, SPOKEN[example.intent]) for example in chosen)
        planned.append(Conversation(f"bench-{name}-{place}", way, said))
    return planned


def texts_of_mix() -> dict[tuple[str, str], list[str]]:
    """Collect what contacts write, by way of writing and kind, from the sets that no training has seen."""
    found: dict[tuple[str, str], list[str]] = {}
    for way in WAYS:
        found[way, "question"] = [row["question"] for row in rows(SETS / f"answerable.{way}.jsonl")]
    for example in [*evaluation_examples(), *off_topic_examples()]:
        found.setdefault((example.way, example.intent), []).append(example.text)
    return found


def way_of(contact: int) -> str:
    """Tell in which way a contact writes: always the same one."""
    return WAYS[contact % len(WAYS)]


def arrivals(
    texts: dict[tuple[str, str], list[str]], rate: float, messages: int, contacts: int, seed: int = 5
) -> list[Arrival]:
    """Plan messages at random times (Poisson) around a rate; nobody writes again before everybody has."""
    draw = seeded(f"{seed} {rate} {messages}")
    writers = _in_turn(contacts, seed)
    at = 0.0
    planned = []
    for _ in range(messages):
        at += draw.expovariate(rate)
        contact = next(writers)
        kind = draw.choices(list(MIX), weights=list(MIX.values()))[0]
        planned.append(Arrival(at, contact, kind, draw.choice(texts[way_of(contact), kind])))
    return planned


def _in_turn(contacts: int, seed: int) -> Iterator[int]:
    order = list(range(contacts))
    seeded(seed).shuffle(order)
    return itertools.cycle(order)


def number_of(contact: int, series: int = 0) -> str:
    """Give a contact a telephone number that nobody has."""
    return f"+910000{series % 10}{contact % 100000:05d}"
