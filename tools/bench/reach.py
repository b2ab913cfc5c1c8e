"""The bounds that were agreed beforehand, each met or not met, with its figure."""

from dataclasses import dataclass
from typing import Any

from tools.bench.figures import Estimate
from tools.bench.grievances import BOUNDS, RESTART
from tools.bench.models import OURS, STOCK
from tools.bench.tables import number, times


@dataclass(frozen=True)
class Line:
    """One bound, the figure, and whether it was met."""

    bound: str
    figure: str
    met: bool

    def __str__(self) -> str:
        return f"{'met    ' if self.met else 'NOT MET'}  {self.bound}: {self.figure}"


def lines(figures: dict[str, Any]) -> list[Line]:
    """Judge every bound that this run measured."""
    found: list[Line] = []
    for part, judge in {
        "rasa": rasa,
        "intents": intents,
        "turn": turn,
        "webhook": webhook,
        "grievances": ledger,
    }.items():
        if part in figures and "failed" not in figures[part]:
            found += judge(figures[part])
    return found


def rasa(figures: dict[str, Any]) -> list[Line]:
    """Speed and memory beside the stock pipeline; a bound holds at every number at once or not at all."""
    p50, rate = figures["p50_ratio"], figures["rate_ratio"]

    def listed(values: dict[str, float]) -> str:
        return ", ".join(f"{times(value)} at {at_once} at once" for at_once, value in values.items())

    return [
        Line("Rasa message p50 at least 2 times as good as stock", listed(p50), min(p50.values()) >= 2),
        Line("Rasa messages/s at least 2 times stock", listed(rate), min(rate.values()) >= 2),
        Line("memory at most 0.6 of stock", times(figures["memory_ratio"]), figures["memory_ratio"] <= 0.6),
    ]


def intents(figures: dict[str, Any]) -> list[Line]:
    """Accuracy and recall not below stock, on every set."""
    found = []
    for title, judged in figures.items():
        if not isinstance(judged, dict) or "ours minus stock" not in judged:
            continue
        whole = judged["ways"]["all"]
        for name, figure in (("accuracy", "accuracy"), ("out-of-scope recall", "out of scope, refused (recall)")):
            if name == "accuracy" and "off-topic" in title:
                continue
            ours, stock = Estimate(**whole[OURS][figure]), Estimate(**whole[STOCK][figure])
            gained = Estimate(**judged["ours minus stock"][name])
            text = f"ours {ours}, stock {stock}, difference {gained}"
            found.append(Line(f"{name} not below stock ({title})", text, ours.value >= stock.value))
    return found


def turn(figures: dict[str, Any]) -> list[Line]:
    """Whole turns at 2 and 5 a second, the joining wait apart."""
    found = []
    for rate, bound in (("2", 350), ("5", 500)):
        if rate in figures["with wait"]:
            waited, straight = figures["with wait"][rate], figures["no wait"][rate]["whole"]
            p95, less = waited["whole"]["p95"], waited["without the wait"]["p95"]
            text = (
                f"{number(less, 0)} ms and the joining wait of {1000 * figures['join_wait']:.0f} ms, together "
                f"{number(p95, 0)} ms; without any wait {number(straight['p95'], 0)} ms"
            )
            met = max(less, straight["p95"]) <= bound and not waited["unanswered"]
            found.append(Line(f"whole turn p95 <= {bound} ms at {rate}/s, the joining wait apart", text, met))
    return found


def webhook(figures: dict[str, Any]) -> list[Line]:
    """The webhook's own answer."""
    gateway = figures["gateway"]
    clean = set(gateway["statuses"]) == {"200"}
    return [
        Line(
            f"webhook answer {point} <= {bound} ms at 20/s",
            f"{number(gateway[point])} ms",
            clean and gateway[point] <= bound,
        )
        for point, bound in (("p95", 30), ("p99", 100))
    ]


def ledger(figures: dict[str, Any]) -> list[Line]:
    """Filing, lists, filters, searches and look-alikes with a full ledger, and everything overdue after a restart."""
    size = f"{figures['count']:,} grievances"
    found = []
    for name, bound in BOUNDS.items():
        p95 = figures[name]["ours"]["p95"]
        found.append(Line(f"{name} p95 at most {bound:g} ms with {size}", number(p95, 1, " ms"), p95 <= bound))
    late = figures["restart"]
    text = f"{number(late['seconds'], 1, ' s')} for {late['rows']:,.0f}"
    met = late["seconds"] <= RESTART and late["rows"] >= figures["count"]
    return [*found, Line(f"all overdue escalated within {RESTART:g} s of a restart", text, met)]
