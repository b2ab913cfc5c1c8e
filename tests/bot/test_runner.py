"""Our runner of the model's graph gives what Rasa's gives."""

import random
from typing import Any

import pytest
from rasa.core import processor
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.exceptions import RasaException

from bot import runner
from bot.runner import PlannedGraphRunner

INPUT = "__message__"
ran: list[int] = []


class Adding(GraphComponent):
    """Adds its own number to what it is given, and counts how often it ran."""

    def __init__(self, number: int) -> None:
        self.number = number

    @classmethod
    def create(cls, config: dict[str, Any], **_: Any) -> "Adding":
        return cls(config["number"])

    def add(self, **given: int) -> int:
        ran.append(self.number)
        if self.number == 13:
            raise KeyError("thirteen")
        if self.number == 14:
            raise RasaException("fourteen")
        return self.number + 3 * sum(given.values())


def node(number: int, **needs: str) -> SchemaNode:
    return SchemaNode(needs=needs, uses=Adding, constructor_name="create", fn="add", config={"number": number})


def graph(numbers: list[int], edges: list[tuple[int, int]]) -> GraphSchema:
    """Nodes `n0`, `n1` …; an edge (later, earlier) makes the later one need the earlier one; all need the input."""
    nodes = {}
    for place, number in enumerate(numbers):
        needs = {f"from{b}": f"n{b}" for a, b in edges if a == place and b < place}
        nodes[f"n{place}"] = node(number, message=INPUT, **needs)
    return GraphSchema(nodes)


@pytest.mark.parametrize("seed", range(40))
def test_the_same_as_rasas_own(storage, context, seed) -> None:
    chance = random.Random(seed)
    places = range(chance.randint(1, 7))
    edges = [(a, b) for a in places for b in places if b < a and chance.random() < 0.4]
    schema = graph([chance.randint(0, 9) for _ in places], edges)
    targets = [f"n{place}" for place in places if chance.random() < 0.4] or ["n0"]
    theirs = DaskGraphRunner(schema, storage, context)
    ours = PlannedGraphRunner(schema, storage, context)

    expected = theirs.run({INPUT: seed}, targets)

    for _ in range(2):  # the second run follows the plan of the first
        ran.clear()
        assert ours.run({INPUT: seed}, targets) == expected
        assert len(ran) == len(schema.minimal_graph_schema(targets).nodes), "each needed node once"


@pytest.mark.parametrize(("number", "error"), [(13, GraphComponentException), (14, RasaException)])
def test_a_node_that_fails_is_told_as_rasa_tells_it(storage, context, number, error) -> None:
    for kind in (DaskGraphRunner, PlannedGraphRunner):
        with pytest.raises(error):
            kind(graph([1, number], [(1, 0)]), storage, context).run({INPUT: 1}, ["n1"])


def test_an_input_that_is_missing_is_named(storage, context) -> None:
    for kind in (DaskGraphRunner, PlannedGraphRunner):
        with pytest.raises(GraphRunError, match="message"):
            kind(graph([1], []), storage, context).run({}, ["n0"])


def test_rasa_loads_models_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "DaskGraphRunner", DaskGraphRunner)
    runner.install()
    assert processor.DaskGraphRunner is PlannedGraphRunner
