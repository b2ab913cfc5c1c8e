"""The bench's arithmetic and plans; nothing here is timed."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tools.bench import figures, grievances, ledger_data, machine, plans, reach, readings, templates, whole_turn
from tools.bench.__main__ import write
from tools.bench.figures import Timing
from tools.bench.models import stock_config
from tools.bench.plans import Arrival, Example
from tools.bench.tables import number, table
from tools.bench.whole_turn import Received, Sent

# --- arithmetic -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5.0], 0.95, 5.0), ([1.0, 2.0, 3.0], 0.5, 2.0), ([0.0, 10.0], 0.95, 9.5), ([3.0, 1.0, 2.0], 1.0, 3.0)],
)
def test_percentiles_agree_with_numpy(values: list[float], share: float, expected: float) -> None:
    assert figures.percentile(values, share) == pytest.approx(expected)
    assert figures.percentile(values, share) == pytest.approx(float(np.quantile(values, share)))


def test_nothing_measured_is_no_number() -> None:
    assert math.isnan(Timing.of([]).p95)
    assert math.isnan(figures.ratio(1.0, 0.0))
    assert number(math.nan) == "-"


def test_the_wait_is_taken_off_every_figure_and_never_below_zero() -> None:
    less = Timing.of([100.0, 400.0, 500.0]).less(300)
    assert (less.p50, less.longest) == (100.0, 200.0)
    assert Timing.of([100.0]).less(300).p50 == 0.0


def test_wilson_against_known_values() -> None:
    estimate = figures.wilson(8, 10)
    assert [estimate.low, estimate.high] == pytest.approx([0.490, 0.943], abs=1e-3)
    assert figures.wilson(0, 0).count == 0
    assert figures.wilson(20, 20).high == 1.0


def test_macro_f1_counts_only_kinds_that_were_meant() -> None:
    meant = np.array([0, 0, 1, 1])
    assert figures.macro_f1(meant, meant, 2) == 1.0
    # Kind 0: precision 1, recall 1/2; kind 1: both right; number 2 is no kind.
    assert figures.macro_f1(meant, np.array([0, 2, 1, 1]), 2) == pytest.approx((2 / 3 + 1) / 2)


def test_resampling_draws_whole_groups() -> None:
    hits = np.array([1.0] * 50 + [0.0] * 50)

    def mean(at: figures.Indices) -> float:
        return float(hits[at].mean())

    alone = figures.resampled(range(100), mean, resamples=200)
    together = figures.resampled([place // 50 for place in range(100)], mean, resamples=200)
    assert alone.value == together.value == 0.5
    assert (together.low, together.high) == (0.0, 1.0)
    assert 0.3 < alone.low < alone.high < 0.7
    assert alone == figures.resampled(range(100), mean, resamples=200)


# --- groups and folds -----------------------------------------------------------------------------------------


def examples(intent: str, *texts: str) -> list[Example]:
    return [Example(text, intent, "en") for text in texts]


def test_masking_keeps_marks_and_hides_numbers() -> None:
    assert templates.masked("I owe Rs 4,500!") == templates.masked("i owe rs 12,000")
    assert templates.masked("भुगतान  नहीं?") == "भुगतान नहीं"


def test_near_copies_are_one_group_and_intents_are_apart() -> None:
    listed = [
        *examples("a", "my loan was refused by the bank", "my loan was returned", "weather"),
        *examples("a", "Weather!", "where is my certificate"),
        *examples("b", "weather"),
    ]
    groups = templates.grouped(listed)
    assert groups[0] == groups[1], "same first three words"
    assert groups[2] == groups[3], "same after masking"
    assert len({groups[0], groups[2], groups[4], groups[5]}) == 4


def test_folds_keep_groups_together_and_intents_even() -> None:
    listed = [Example(f"{intent} {place}", intent, "en") for intent in "ab" for place in range(30)]
    groups = [place // 3 for place in range(60)]
    chosen = templates.folds(listed, groups, 3)
    assert all(len({chosen[p] for p in range(60) if groups[p] == group}) == 1 for group in range(20))
    for intent in "ab":
        sizes = Counter(fold for fold, example in zip(chosen, listed, strict=True) if example.intent == intent)
        assert set(sizes) == {0, 1, 2}
        assert max(sizes.values()) - min(sizes.values()) <= 3
    assert chosen == templates.folds(listed, groups, 3)


# --- plans ----------------------------------------------------------------------------------------------------


def test_training_examples_are_read_whole_and_written_back() -> None:
    listed = plans.training_examples()
    assert {example.way for example in listed} == set(plans.WAYS)
    assert set(plans.SPOKEN) <= {example.intent for example in listed}
    assert not [example for example in listed if example.text.startswith("-") or not example.text]
    written = plans.nlu_yaml(listed[:50])
    assert all(f"      - {example.text}\n" in written for example in listed[:50])


def test_conversations_are_short_equal_in_every_run_and_need_no_action() -> None:
    listed = plans.training_examples()
    planned = plans.conversations(plans.Deck(listed, "y"), 33, "x")
    assert sum(len(one.messages) for one in planned) == 33
    assert max(len(one.messages) for one in planned) == plans.CONVERSATION
    assert len({one.sender for one in planned}) == len(planned)
    assert {one.way for one in planned} == set(plans.WAYS)
    assert {key for one in planned for _, key in one.messages} <= set(plans.SPOKEN.values())
    assert planned == plans.conversations(plans.Deck(listed, "y"), 33, "x")


def test_no_text_is_dealt_twice() -> None:
    deck = plans.Deck([plans.Example(f"bye {n % 20}", "goodbye", "en") for n in range(40)], "y")
    dealt = [example.text for example in deck.deal("en", 15) + deck.deal("en", 5)]
    assert sorted(dealt) == sorted({f"bye {n}" for n in range(20)})
    with pytest.raises(ValueError, match="fewer messages"):
        deck.deal("en", 1)


def test_arrivals_come_at_the_rate_from_everybody_in_turn() -> None:
    texts = plans.texts_of_mix()
    planned = plans.arrivals(texts, 5.0, 600, 60)
    assert planned[-1].at == pytest.approx(120, rel=0.25)
    assert [one.at for one in planned] == sorted(one.at for one in planned)
    assert len({one.contact for one in planned[:60]}) == 60
    assert Counter(one.kind for one in planned)["question"] / 600 == pytest.approx(0.45, abs=0.08)
    assert all(one.text in texts[plans.way_of(one.contact), one.kind] for one in planned)
    assert planned == plans.arrivals(texts, 5.0, 600, 60)


def test_numbers_are_nobodys() -> None:
    assert plans.number_of(7) == "+910000000007"
    assert plans.number_of(7, 3) == "+910000300007"


# --- whole turns ----------------------------------------------------------------------------------------------


def test_each_message_gets_the_first_send_before_the_next_message() -> None:
    received = [Received("one", "a", 10.0), Received("two", "a", 20.0), Received("other", "b", 10.0)]
    sent = [Sent("a", 10.4), Sent("a", 10.2), Sent("a", 9.0), Sent("b", 10.1)]
    found = whole_turn.first_sends(received, sent)
    assert found["one"] == pytest.approx(200)
    assert found["other"] == pytest.approx(100)
    assert found["two"] is None


def test_a_rate_is_summed_up_with_what_stayed_unanswered() -> None:
    said = {str(c): Arrival(0.0, c, "greet", "hello") for c in range(3)}
    summed = whole_turn.summary(said, {"0": 400.0, "1": 500.0, "2": None}, 0.3)
    assert summed["unanswered"] == 1
    assert summed["whole"]["p50"] == pytest.approx(450)
    assert summed["without the wait"]["p50"] == pytest.approx(150)
    assert summed["ways"]["en"]["count"] == 1


# --- readings -------------------------------------------------------------------------------------------------

OUT = plans.OUT_OF_SCOPE


def reading_of(meant: str, best: str, confidence: float, *, fallback: bool = False, group: int = 0) -> readings.Reading:
    top: list[list[object]] = [[best, confidence], ["other", 0.01]]
    found = {"intent": plans.FALLBACK if fallback else best, "top": [[plans.FALLBACK, 0.5], *top] if fallback else top}
    return readings.reading(Example("text", meant, "en"), group, found)


def test_a_fallback_hides_the_best_guess_only_in_conversation() -> None:
    one = reading_of("greet", "greet", 0.3, fallback=True)
    assert (one.best, one.confidence, one.deployed, one.refused) == ("greet", 0.3, plans.FALLBACK, True)
    silent = readings.reading(Example("...", "greet", "en"), 0, {"intent": None, "top": []})
    assert silent.refused
    assert silent.score < 0


def test_recall_is_compared_where_equally_many_in_scope_are_refused() -> None:
    inside = [reading_of("greet", "greet", confidence / 100, group=confidence) for confidence in range(1, 101)]
    outside = [
        reading_of(OUT, OUT, 0.9, group=101),
        reading_of(OUT, "greet", 0.03, group=102),
        reading_of(OUT, "greet", 0.5, group=103),
        reading_of(OUT, "greet", 0.9, group=104),
    ]
    assert readings.recall_at_equal_refusal([*inside, *outside], 0.05).value == 0.5
    found = readings.scores([*inside, *outside])
    assert found["out of scope, refused (recall)"].value == 0.25
    assert found["in scope, refused"].value == 0.0
    assert found["accuracy"].value == pytest.approx(101 / 104)


def test_the_difference_is_taken_text_by_text() -> None:
    ours = [reading_of("greet", "greet", 0.9, group=n) for n in range(20)]
    stock = [reading_of("greet", "greet" if n < 10 else "help", 0.9, group=n) for n in range(20)]
    gained = readings.difference(ours, stock, out_of_scope=False)
    assert gained.value == 0.5
    assert gained.low > 0
    assert readings.difference(ours, stock, out_of_scope=True).count == 0


# --- report ---------------------------------------------------------------------------------------------------


def rasa_figures(p50: float, memory: float) -> dict[str, object]:
    at_once = {"1": p50, "4": 3.0, "16": 3.0}
    return {"p50_ratio": at_once, "rate_ratio": dict.fromkeys(at_once, 3.0), "memory_ratio": memory}


def test_a_bound_holds_at_every_number_at_once_or_is_not_met() -> None:
    judged = reach.lines({"rasa": rasa_figures(1.9, 0.5)})
    assert [line.met for line in judged] == [False, True, True]
    assert str(judged[0]).startswith("NOT MET")
    assert all(line.met for line in reach.lines({"rasa": rasa_figures(2.1, 0.5)}))
    assert reach.lines({"rasa": {"failed": "no server"}}) == []


def test_a_refused_webhook_breaks_the_bound() -> None:
    gateway = {"p95": 10.0, "p99": 20.0, "statuses": {"200": 599}}
    assert all(line.met for line in reach.lines({"webhook": {"gateway": gateway}}))
    gateway["statuses"] = {"200": 599, "500": 1}
    assert not any(line.met for line in reach.lines({"webhook": {"gateway": gateway}}))


def test_whole_turns_are_judged_by_the_worse_of_both_ways_to_leave_out_the_wait() -> None:
    def at(p95: float, less: float, unanswered: int = 0) -> dict[str, object]:
        return {"whole": {"p95": p95}, "without the wait": {"p95": less}, "unanswered": unanswered}

    def met(waited: dict[str, object], straight: float) -> bool:
        figures_of = {"join_wait": 0.3, "with wait": {"2": waited}, "no wait": {"2": at(straight, straight)}}
        return all(line.met for line in reach.lines({"turn": figures_of}))

    assert met(at(600, 300), 320)
    assert not met(at(600, 300), 360)
    assert not met(at(700, 400), 320)
    assert not met(at(600, 300, unanswered=1), 320)


def test_tables_are_markdown() -> None:
    lines = table("Title", ["", "ours"], [["p50", "1.0"], ["messages/s", "20.0"]], "Note.").splitlines()
    assert lines[1] == "### Title"
    assert lines[4].endswith(":|")
    assert len({len(line) for line in lines[3:7]}) == 1
    assert lines[-1] == "Note."


def test_what_is_no_number_is_null_in_the_file(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    write(out, {"a": [math.nan, 1.5]})
    assert json.loads(out.read_text("utf-8")) == {"a": [None, 1.5]}


def test_the_stock_configuration_gets_its_epochs() -> None:
    text = stock_config(7)
    assert text.count("epochs: 7") == 2
    assert "DIETClassifier" in text


# --- the ledger -----------------------------------------------------------------------------------------------


def test_everything_of_the_ledger_is_measured_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_data, "FOLDER", tmp_path)
    monkeypatch.setattr(grievances, "ONE_BY_ONE", 0.2)
    found = grievances.run(count=60, rounds=1, filings=3)
    assert found["restart"]["rows"] == 60
    assert found["restart"]["one by one"] > 0
    for name in grievances.BOUNDS:
        assert found[name]["ours"]["p95"] > 0
        assert found[name]["alternative"]["p50"] > 0
    assert [line.met for line in reach.ledger(found)] == [True] * 6
    slow = {**found, "search": {**found["search"], "ours": {"p95": 100.1}}}
    assert [line.met for line in reach.ledger(slow)].count(False) == 1
    lost = {**found, "restart": {**found["restart"], "rows": 59}}
    assert not reach.ledger(lost)[-1].met
    kept = sorted(path.name for path in (tmp_path / "grievances").glob("*.db"))
    assert len(kept) == 2
    again = ledger_data.country(60)
    assert again.path.name in kept
    assert [path.name for path in (tmp_path / "grievances").glob("*.db*")].count(again.path.name) == 1


def test_a_process_knows_its_age() -> None:
    age = machine.age()
    assert 0 < age < 24 * 3600
    assert machine.age() >= age
