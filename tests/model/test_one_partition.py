"""Executions in one partition for each workflow on Cassandra: see ``one_partition``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .one_partition import ALL_RULES, Change, OnePartition, Rule
from .partition_store import (
    NO_TOKEN,
    NOTHING,
    Cell,
    Entry,
    Rows,
    State,
    Token,
    always_right,
    right_at_rest,
)

Rules: TypeAlias = frozenset[Rule]
Builder: TypeAlias = Callable[[Rules], Scenario[State]]

PENDING = State(rows=Rows(pending=True), candidate=Cell(True, Token(1)))
ABSENT = State(version=NO_TOKEN, rows=NOTHING, entry=Entry("gone"))
REMOVING = State(rows=Rows(removal="archive", step=Token(1)))


def scenario(
    model: OnePartition, start: State, crashes: int, *processes: Process[State]
) -> Scenario[State]:
    network = (
        immortal("first", model.first_arrives),
        immortal("last", model.last_arrives),
    )
    return Scenario(start, (*processes, *network), always_right, right_at_rest, crashes)


def heir(model: OnePartition) -> Process[State]:
    return daemon("heir", model.heir)


def writes(model: OnePartition, name: str, change: Change) -> Process[State]:
    """A writer that may die, with a log that an heir may take."""
    return client(name, model.write, name, change, f"log of {name}")


def lives(model: OnePartition, name: str, change: Change) -> Process[State]:
    """A writer whose log nobody takes: none is needed."""
    return immortal(name, model.write, name, change, "")


def update_dies(rules: Rules) -> Scenario[State]:
    """A writer may die, or stand still while an heir takes its log; the heir may die too."""
    model = OnePartition(rules, renews=True)
    return scenario(model, State(), 2, writes(model, "A", Change.UPDATE), heir(model))


def update_unknown(rules: Rules) -> Scenario[State]:
    """A writer may not hear of its batch."""
    model = OnePartition(rules, unknown=True)
    return scenario(model, State(), 0, writes(model, "A", Change.UPDATE), heir(model))


def enter_dies(rules: Rules) -> Scenario[State]:
    """A writer that makes the workflow pending may die."""
    model = OnePartition(rules, clocks=True, attempts=1)
    return scenario(model, State(), 1, writes(model, "A", Change.ENTER), heir(model))


def two_updates(rules: Rules) -> Scenario[State]:
    """Two writers."""
    model = OnePartition(rules)
    writers = lives(model, "A", Change.UPDATE), lives(model, "B", Change.UPDATE)
    return scenario(model, State(), 0, *writers)


def unknown_beside_update(rules: Rules) -> Scenario[State]:
    """Two writers, which may not hear of their batches."""
    model = OnePartition(rules, unknown=True)
    writers = lives(model, "A", Change.UPDATE), lives(model, "B", Change.UPDATE)
    return scenario(model, State(), 0, *writers)


def leave_and_enter(rules: Rules) -> Scenario[State]:
    """One leaves a set, one enters it again."""
    model = OnePartition(rules, attempts=2)
    writers = lives(model, "A", Change.LEAVE), lives(model, "B", Change.ENTER)
    return scenario(model, PENDING, 0, *writers)


def created_again(rules: Rules) -> Scenario[State]:
    """The workflow is removed, and one of the same id created, by a slower clock."""
    model = OnePartition(rules, attempts=1)
    writers = lives(model, "A", Change.DROP), lives(model, "B", Change.CREATE)
    return scenario(model, PENDING, 0, *writers)


def creation_arrives_late(rules: Rules) -> Scenario[State]:
    """A writer dies; its batch arrives after another has created the workflow, and removed it."""
    model = OnePartition(rules, attempts=1)
    other = immortal("B", model.create_and_drop, "B")
    return scenario(model, ABSENT, 1, writes(model, "A", Change.CREATE), other, heir(model))


def removal_beside_update(rules: Rules) -> Scenario[State]:
    """A workflow is removed with archive while it is updated."""
    model = OnePartition(rules, attempts=2)
    writers = lives(model, "A", Change.UPDATE), lives(model, "R", Change.REMOVE)
    return scenario(model, State(), 0, *writers)


def removal_cancelled(rules: Rules) -> Scenario[State]:
    """A removal is cancelled, and set again, while a step of it is under way."""
    model = OnePartition(rules, attempts=1)
    others = (
        immortal("R", model.carry_out, "R", ""),
        immortal("C", model.cancel_and_go_on, "C"),
    )
    return scenario(model, REMOVING, 0, *others)


def removal_dies(rules: Rules) -> Scenario[State]:
    """A removal may die, and is carried on."""
    model = OnePartition(rules, attempts=1)
    return scenario(model, State(), 1, writes(model, "R", Change.REMOVE), heir(model))


SCENARIOS: list[Builder] = [
    update_dies,
    update_unknown,
    enter_dies,
    two_updates,
    unknown_beside_update,
    leave_and_enter,
    created_again,
    creation_arrives_late,
    removal_beside_update,
    removal_cancelled,
    removal_dies,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(ALL_RULES))
    assert result.holds, str(result)


def two_die(model: OnePartition, start: State, *changes: Change) -> Scenario[State]:
    """Two writers that may die, with an heir."""
    writers = [
        writes(model, name, change) for name, change in zip(("A", "B"), changes, strict=True)
    ]
    return scenario(model, start, 1, *writers, heir(model))


LARGE: dict[str, Callable[[], Scenario[State]]] = {
    "updates": lambda: two_die(
        OnePartition(ALL_RULES, attempts=1), State(), Change.UPDATE, Change.UPDATE
    ),
    "leave and enter": lambda: two_die(
        OnePartition(ALL_RULES, attempts=1, clocks=True), PENDING, Change.LEAVE, Change.ENTER
    ),
    "update and removal": lambda: two_die(
        OnePartition(ALL_RULES, attempts=1), State(), Change.UPDATE, Change.REMOVE
    ),
    "removal and creation": lambda: two_die(
        OnePartition(ALL_RULES, attempts=1, clocks=True), PENDING, Change.DROP, Change.CREATE
    ),
}


@pytest.mark.nightly
@pytest.mark.parametrize("build", LARGE.values(), ids=list(LARGE))
def test_holds_where_either_may_die(build: Callable[[], Scenario[State]]) -> None:
    result = explore(build())
    assert result.holds, str(result)


MARK_LEFT = "at rest: a mark is left that nobody knows of"
INDEX_DIFFERS = "at rest: the index differs from the document"
IN_NO_SET = "a pending document is in no set"
MADE_TWICE = "a write was made twice"
NOT_ARCHIVED = "a document was removed that isn't archived"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.HINT_BEFORE_BATCH: (update_dies, MARK_LEFT),
    Rule.LEASE_AFTER_READ: (update_dies, MARK_LEFT),
    Rule.HEIR_RAISES: (update_dies, MARK_LEFT),
    Rule.HEIR_HINTS: (update_dies, MARK_LEFT),
    Rule.BATCH_IF_VERSION: (two_updates, INDEX_DIFFERS),
    Rule.CANDIDATE_BEFORE_BATCH: (enter_dies, IN_NO_SET),
    Rule.CANDIDATE_ABOVE_VERSION: (leave_and_enter, IN_NO_SET),
    Rule.CLEANUP_AFTER_BATCH: (leave_and_enter, IN_NO_SET),
    Rule.CLEANUP_AT_TOKEN: (leave_and_enter, IN_NO_SET),
    Rule.TOKEN_IS_VERSION: (two_updates, INDEX_DIFFERS),
    Rule.FINISH_IF_TOKEN: (creation_arrives_late, INDEX_DIFFERS),
    Rule.FINISH_AS_OF_WRITE: (creation_arrives_late, INDEX_DIFFERS),
    Rule.UNKNOWN_RAISES: (update_unknown, MADE_TWICE),
    Rule.OTHER_IS_UNKNOWN: (unknown_beside_update, MADE_TWICE),
    Rule.TOKENS_DIFFER: (unknown_beside_update, "a write is acknowledged that never was"),
    Rule.VERSION_OUTLIVES: (created_again, IN_NO_SET),
    Rule.REMOVAL_REFUSES: (removal_beside_update, NOT_ARCHIVED),
    Rule.STEP_AT_TOKEN: (removal_cancelled, NOT_ARCHIVED),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(ALL_RULES - {rule}))
    assert result.violation == violation, str(result)


def test_a_late_creation_needs_the_version_to_stay() -> None:
    """Not only members of sets: also the mark of a batch that nobody is responsible for any more."""
    result = explore(creation_arrives_late(ALL_RULES - {Rule.VERSION_OUTLIVES}))
    assert result.violation == INDEX_DIFFERS, str(result)
