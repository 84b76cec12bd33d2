"""Marks in Cassandra batches: see ``batch_marks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .batch_marks import ALL_RULES, GONE, BatchMarks, Cell, Rule, State, index_is_right
from .checker import Process, Scenario, client, daemon, explore, immortal

Builder: TypeAlias = Callable[[BatchMarks], Scenario[State]]


def scenario(model: BatchMarks, document: str, *writers: Process[State]) -> Scenario[State]:
    """Some writers, the replicas and two drainers."""
    start = State(Cell(document, 0 if document == GONE else 10), entry=Cell(document, 0))
    others = (
        immortal("replicas", model.replicas),
        daemon("drainer 1", model.drainer),
        immortal("drainer 2", model.drainer),
    )
    return Scenario(start, (*writers, *others), at_rest=index_is_right, crashes=1)


def one_update_replayed(model: BatchMarks) -> Scenario[State]:
    """An update whose batch is replayed from the batch log."""
    model.replays = 1
    return scenario(model, "initial", client("W1", model.write, 1))


def two_updates(model: BatchMarks) -> Scenario[State]:
    """Two updates of one document."""
    writers = client("W1", model.write, 1), client("W2", model.write, 2)
    return scenario(model, "initial", *writers)


def creation_and_update(model: BatchMarks) -> Scenario[State]:
    """A document appears and is updated."""
    writers = client("W1", model.write, 1, "create"), client("W2", model.write, 2)
    return scenario(model, GONE, *writers)


def update_and_removal(model: BatchMarks) -> Scenario[State]:
    """A removal whose tombstone may come before or after its mark, beside an update."""
    writers = client("W1", model.write, 1), client("W2", model.write, 2, "remove")
    return scenario(model, "initial", *writers)


def drainer_ahead(model: BatchMarks) -> Scenario[State]:
    """The clock of the drainers is ahead of the writers'."""
    model.drainers_clock = 25
    return two_updates(model)


def drainer_behind(model: BatchMarks) -> Scenario[State]:
    """The clock of the drainers is behind the writers'."""
    model.drainers_clock = -25
    return two_updates(model)


SCENARIOS: list[Builder] = [
    one_update_replayed,
    two_updates,
    creation_and_update,
    update_and_removal,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(BatchMarks(ALL_RULES)))
    assert result.holds, str(result)


INDEX_DIFFERS = "at rest: the index differs from the document and no mark is left"
NEEDED = [
    (Rule.MARK_HAS_ITS_WRITES_TIME, drainer_ahead, INDEX_DIFFERS),
    (Rule.MARK_HAS_ITS_WRITES_TIME, drainer_behind, "never comes to rest from here"),
    (Rule.MARK_WAITS_FOR_DOCUMENT, one_update_replayed, INDEX_DIFFERS),
    (Rule.VERSION_IS_WRITETIME, two_updates, INDEX_DIFFERS),
    (Rule.TIMESTAMPS_DIFFER, two_updates, INDEX_DIFFERS),
]


@pytest.mark.parametrize(("rule", "build", "violation"), NEEDED)
def test_each_rule_is_needed(rule: Rule, build: Builder, violation: str) -> None:
    result = explore(build(BatchMarks(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)


def test_no_rule_is_forgotten() -> None:
    assert {rule for rule, _, _ in NEEDED} == ALL_RULES


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_replays_and_two_crashes(build: Builder) -> None:
    usual = build(BatchMarks(ALL_RULES, replays=1))
    result = explore(replace(usual, crashes=2))
    assert result.holds, str(result)
