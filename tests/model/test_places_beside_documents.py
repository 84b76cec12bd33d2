"""Concurrency limits on Cassandra: see ``places_beside_documents``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, explore, immortal
from .places_beside_documents import (
    ALL_RULES,
    Place,
    PlacesBesideDocuments,
    Rule,
    State,
    never_exceeded,
    nothing_is_lost,
)

Builder: TypeAlias = Callable[[PlacesBesideDocuments], Scenario[State]]

RUNS = State(Place("t1", 1, used=True), running=frozenset({"t1"}))
LOST = State(Place("t1", 1, used=True), minute=1)


def scenario(
    model: PlacesBesideDocuments, start: State, crashes: int, *tasks: Process[State]
) -> Scenario[State]:
    """Some tasks, beside one that never starts, somebody who finds no place left, and time."""
    others = (
        immortal("t3", model.asks_only, "t3"),
        immortal("F", model.finds_none_left),
        immortal("time", model.time),
    )
    return Scenario(start, (*tasks, *others), never_exceeded, nothing_is_lost, crashes)


def caller_dies(model: PlacesBesideDocuments) -> Scenario[State]:
    """A task starts and ends, by callers that may die; another waits for its place."""
    return scenario(
        model,
        State(),
        1,
        client("t1", model.starts, "t1"),
        client("t1 ends", model.ends, "t1"),
        client("t2", model.starts, "t2"),
        client("t2 ends", model.ends, "t2"),
    )


def late_release(model: PlacesBesideDocuments) -> Scenario[State]:
    """A task is started again before its release."""
    return scenario(
        model,
        RUNS,
        0,
        immortal("t1 ends", model.ends, "t1"),
        immortal("t1 again", model.starts, "t1"),
        immortal("t2", model.starts, "t2"),
    )


def starts_while_doubted(model: PlacesBesideDocuments) -> Scenario[State]:
    """A place that a dead process has left is used again."""
    return scenario(
        model, LOST, 0, immortal("t1", model.starts, "t1"), immortal("t2", model.starts, "t2")
    )


SCENARIOS: list[Builder] = [caller_dies, late_release, starts_while_doubted]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(PlacesBesideDocuments(ALL_RULES)))
    assert result.holds, str(result)


EXCEEDED, LOST_FOR_GOOD = "two tasks run, with one place", "at rest: a place is lost"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.ASK_IN_ONE_STEP: (caller_dies, EXCEEDED),
    Rule.USED_BEFORE_BATCH: (caller_dies, EXCEEDED),
    Rule.FREED_AFTER_BATCH: (late_release, EXCEEDED),
    Rule.RELEASE_NAMES_GRANT: (late_release, EXCEEDED),
    Rule.RENEWAL_IS_A_NEW_GRANT: (late_release, EXCEEDED),
    Rule.UNUSED_IS_FREED: (caller_dies, LOST_FOR_GOOD),
    Rule.SETTLED_FIRST: (starts_while_doubted, EXCEEDED),
    Rule.FREED_IF_UNCHANGED: (starts_while_doubted, EXCEEDED),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(PlacesBesideDocuments(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
