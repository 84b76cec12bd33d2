"""Removal with archive and expiry: see ``removal_records``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .outbox_store import Kind, Mark, State, index_is_right
from .removal_records import ALL_RULES, RemovalRecords, Rule

Builder: TypeAlias = Callable[[RemovalRecords], Scenario[State]]
WITH_A_MARK = State(mark=Mark(Kind.UPSERT, 2, 2))  # of an earlier write


def scenario(
    model: RemovalRecords, start: State, crashes: int, *others: Process[State]
) -> Scenario[State]:
    """Some processes beside two drainers."""
    drainers = daemon("drainer 1", model.drainer), immortal("drainer 2", model.drainer)
    return Scenario(start, (*others, *drainers), at_rest=index_is_right, crashes=crashes)


def removes(model: RemovalRecords, name: str = "R") -> Process[State]:
    return client(name, model.remove_with_archive, must_finish=True)


def updates_of_tasks(model: RemovalRecords) -> Scenario[State]:
    """Tasks are updated while their workflow is removed."""
    updates = (
        immortal("U", model.update, "a1", "task1"),
        immortal("V", model.update, "b1", "task2"),
    )
    return scenario(model, State(), 0, removes(model), *updates)


def removal_and_repeat(model: RemovalRecords) -> Scenario[State]:
    """A removal dies and is repeated."""
    return scenario(model, State(), 1, removes(model), removes(model, "R again"))


def workflow_runs_again(model: RemovalRecords) -> Scenario[State]:
    """The workflow is restarted while it is removed."""
    restart = immortal("U", lambda: model.update("w1", running=True))
    return scenario(model, State(), 1, removes(model), restart)


def older_mark_waits(model: RemovalRecords) -> Scenario[State]:
    """A mark of an earlier write waits, and an update comes."""
    return scenario(model, WITH_A_MARK, 1, removes(model), immortal("U", model.update, "w1"))


def repair_at_work(model: RemovalRecords) -> Scenario[State]:
    """Repair compares while the workflow is archived and removed."""
    return scenario(model, State(), 0, removes(model), immortal("repair", model.repair))


def index_down(model: RemovalRecords) -> Scenario[State]:
    """The call gives up: nothing may be removed then."""
    start = State(index_seems_down=True)
    return scenario(model, start, 1, removes(model), immortal("U", model.update, "w1"))


def created_again(model: RemovalRecords) -> Scenario[State]:
    """The same id is created again after the removal."""
    return scenario(model, State(), 0, removes(model), immortal("C", model.create_again, "c1"))


def expiry_and_updates(model: RemovalRecords) -> Scenario[State]:
    """A workflow that expires is updated until then."""
    others = (
        immortal("E", model.remove_with_expiry),
        immortal("U", model.update, "w1"),
        immortal("V", model.update, "a1", "task1"),
        immortal("time", model.time),
    )
    return scenario(model, State(), 0, *others)


def fields_set_meanwhile(model: RemovalRecords) -> Scenario[State]:
    """IndexService sets fields of the entry while it is archived; what does that may die, or stand still."""
    mergers = daemon("merger 1", model.merger), immortal("merger 2", model.merger)
    return scenario(model, State(), 0, removes(model), immortal("F", model.set_fields), *mergers)


def fields_set_before_expiry(model: RemovalRecords) -> Scenario[State]:
    """The same of a workflow that expires, and is updated until then."""
    others = (
        immortal("E", model.remove_with_expiry),
        immortal("U", model.update, "a1", "task1"),
        immortal("time", model.time),
        immortal("F", model.set_fields),
        immortal("merger", model.merger),
    )
    return scenario(model, State(), 0, *others)


SCENARIOS: list[Builder] = [
    updates_of_tasks,
    removal_and_repeat,
    workflow_runs_again,
    older_mark_waits,
    repair_at_work,
    index_down,
    created_again,
    expiry_and_updates,
    fields_set_meanwhile,
    fields_set_before_expiry,
]


def updated_and_created_again_beside_repair(model: RemovalRecords) -> Scenario[State]:
    """An update, a removal, a creation and repair (more than a million states)."""
    others = (
        immortal("U", model.update, "a1", "task1"),
        immortal("C", model.create_again, "c1"),
        immortal("repair", model.repair),
    )
    return scenario(model, State(), 0, removes(model), *others)


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(RemovalRecords(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
def test_holds_with_everything_at_once() -> None:
    result = explore(updated_and_created_again_beside_repair(RemovalRecords(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_one_more_crash(build: Builder) -> None:
    usual = build(RemovalRecords(ALL_RULES))
    result = explore(replace(usual, crashes=usual.crashes + 1))
    assert result.holds, str(result)


ARCHIVE_LACKS = "at rest: the archive lacks an acknowledged write"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.STATUS_IN_THE_SAME_STEP: (workflow_runs_again, "at rest: a running workflow was removed"),
    Rule.WRITES_ARE_REFUSED: (
        updates_of_tasks,
        "at rest: a removed workflow has left a task behind",
    ),
    Rule.DRAINERS_CARRY_ON: (removal_and_repeat, "at rest: a removal never ends"),
    Rule.RECORD_READ_AGAIN: (removal_and_repeat, ARCHIVE_LACKS),
    Rule.ARCHIVED_FIRST: (
        removal_and_repeat,
        "at rest: removed with archive, and the archived entry is lost",
    ),
    Rule.DELETES_UNDER_THE_RECORD: (
        created_again,
        "at rest: a workflow is gone that nobody has removed",
    ),
    Rule.RECORD_GOES_LAST: (
        removal_and_repeat,
        "at rest: the workflow is there and its entry stays the archived one",
    ),
    Rule.DELETING_IS_NOT_TAKEN_BACK: (
        index_down,
        "at rest: a document is gone although the workflow was not removed",
    ),
    Rule.UPDATES_ARE_ARCHIVED: (expiry_and_updates, ARCHIVE_LACKS),
    Rule.NO_REMOVAL_BEFORE_A_MERGE: (
        fields_set_meanwhile,
        "at rest: removed with archive, and the archived entry is lost",
    ),
    Rule.DUE_TIME_STAYS: (
        expiry_and_updates,
        "at rest: a workflow is there although its time is over",
    ),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(RemovalRecords(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
