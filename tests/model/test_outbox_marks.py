"""The outbox and the index: see ``outbox_marks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .outbox_marks import ALL_RULES, OutboxMarks, Rule
from .outbox_store import NONE_LEFT, STORED, Entry, Kind, Mark, State, index_is_right

Builder: TypeAlias = Callable[[OutboxMarks], Scenario[State]]


def scenario(model: OutboxMarks, start: State, *others: Process[State]) -> Scenario[State]:
    """Some processes beside two drainers, one of which may die once."""
    drainers = daemon("drainer 1", model.drainer), immortal("drainer 2", model.drainer)
    return Scenario(start, (*others, *drainers), at_rest=index_is_right, crashes=1)


WITH_A_MARK = State(mark=Mark(Kind.UPSERT, 2, 2))  # of an earlier write


def one_update(model: OutboxMarks) -> Scenario[State]:
    """A writer that may die."""
    return scenario(model, State(), client("W1", model.update, "w1"))


def two_updates(model: OutboxMarks) -> Scenario[State]:
    """Two updates of one workflow."""
    writers = immortal("W1", model.update, "w1"), immortal("W2", model.update, "w2")
    return scenario(model, State(), *writers)


def removal_and_forgotten_version(model: OutboxMarks) -> Scenario[State]:
    """A removal while an older mark waits; the index forgets the version of the deletion."""
    others = immortal("R", model.remove), immortal("index", model.forget)
    return scenario(model, WITH_A_MARK, *others)


def archived_and_created_again(model: OutboxMarks) -> Scenario[State]:
    """A workflow that is archived and gone is reset and created again."""
    archive = Entry("w0", 1, STORED)
    start = State(NONE_LEFT, entry=archive, entry_before=archive, ended="archived")
    return scenario(model, start, immortal("C", model.create_again, "c1"))


def created_again_beside_repair(model: OutboxMarks) -> Scenario[State]:
    """Reset and creation while an older mark waits and repair is at work."""
    others = immortal("C", model.create_again, "c1"), immortal("repair", model.repair)
    return scenario(model, WITH_A_MARK, *others)


def store_falls_back(model: OutboxMarks) -> Scenario[State]:
    """The counter of tokens is restored to an older one between two updates."""
    writers = immortal("W1", model.update, "w1"), immortal("W2", model.update, "w2")
    return scenario(model, State(), *writers, immortal("store", model.fall_back))


def two_bodies(model: OutboxMarks) -> Scenario[State]:
    """Two documents of one id come through IndexService."""
    writers = immortal("X1", model.index_body, "x1"), immortal("X2", model.index_body, "x2")
    return scenario(model, State(NONE_LEFT), *writers)


SCENARIOS: list[Builder] = [
    one_update,
    two_updates,
    removal_and_forgotten_version,
    archived_and_created_again,
    created_again_beside_repair,
    store_falls_back,
    two_bodies,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(OutboxMarks(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_two_crashes_and_a_third_drainer(build: Builder) -> None:
    model = OutboxMarks(ALL_RULES)
    usual = build(model)
    processes = (*usual.processes, daemon("drainer 3", model.drainer))
    result = explore(replace(usual, processes=processes, crashes=2))
    assert result.holds, str(result)


INDEX_DIFFERS = "at rest: the index differs from the workflow and no mark is left"
STILL_INDEXED = "at rest: the workflow was removed and the index still has it"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.MARK_WITH_DOCUMENT: (one_update, INDEX_DIFFERS),
    Rule.FRESH_TOKEN: (two_bodies, "at rest: the index has not the last body"),
    Rule.DROP_IF_UNCHANGED: (two_updates, INDEX_DIFFERS),
    Rule.TOKEN_IS_VERSION: (two_updates, INDEX_DIFFERS),
    Rule.CONFLICT_RAISES_TOKEN: (store_falls_back, INDEX_DIFFERS),
    Rule.SENDS_ARE_FRESH: (removal_and_forgotten_version, STILL_INDEXED),
    Rule.ARCHIVE_GIVES_WAY: (
        archived_and_created_again,
        "at rest: the workflow is there and its entry stays the archived one",
    ),
    Rule.REPAIR_ONLY_MARKS: (created_again_beside_repair, INDEX_DIFFERS),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(OutboxMarks(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
