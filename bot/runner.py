"""Runs the model's graph node after node, in an order that is found once and not for every message."""

from typing import Any, Dict, List, Optional, Set, Tuple

from rasa.core import processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner

Plan = List[Tuple[str, Tuple[str, ...]]]


class PlannedGraphRunner(DaskGraphRunner):
    """Does what Rasa's runner does without asking a scheduler.

    Rasa cuts the graph to size and hands it to dask for every message and every prediction, twice or more a turn; the
    graph is the same each time, and dask runs it in one thread anyway.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._plans: Dict[Tuple[str, ...], Plan] = {}

    def run(self, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None) -> Dict[str, Any]:
        """Run the nodes that the targets need.

        Args:
            inputs: Values by placeholder.
            targets: Names of nodes whose output is wanted; all targets of the graph when left out.

        Returns:
            Output by target.

        Raises:
            GraphRunError: A node failed in a way that is not Rasa's own.
        """
        wanted = tuple(targets or self._graph_schema.target_names)
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        results: Dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, needs in self._plans[wanted]:
                results[name] = self._instantiated_nodes[name](*[results.get(need, need) for need in needs])
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(results[name] for name in wanted)

    def _plan(self, targets: Tuple[str, ...]) -> Plan:
        """The needed nodes, each after those that it needs; placeholders are no nodes."""
        nodes = self._graph_schema.nodes
        plan: Plan = []
        seen: Set[str] = set()

        def visit(name: str) -> None:
            if name in seen or name not in nodes:
                return
            seen.add(name)
            needs = tuple(nodes[name].needs.values())
            for need in needs:
                visit(need)
            plan.append((name, needs))

        for target in targets:
            visit(target)
        return plan


def install() -> None:
    """Let Rasa load models with this runner; it offers no setting for that."""
    processor.DaskGraphRunner = PlannedGraphRunner  # type: ignore[misc]
