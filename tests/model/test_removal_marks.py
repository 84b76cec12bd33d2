"""Removal with archive and expiry: see ``removal_marks``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .outbox_store import Kind, Mark, State, index_is_right
from .removal_marks import ALL_RULES, RemovalMarks, Rule

Builder: TypeAlias = Callable[[RemovalMarks], Scenario[State]]
WITH_A_MARK = State(mark=Mark(Kind.UPSERT, 2, 2))  # of an earlier write


def scenario(
    model: RemovalMarks, start: State, crashes: int, *others: Process[State]
) -> Scenario[State]:
    """Some processes beside two drainers."""
    drainers = daemon("drainer 1", model.drainer), immortal("drainer 2", model.drainer)
    return Scenario(start, (*others, *drainers), at_rest=index_is_right, crashes=crashes)


def removes(model: RemovalMarks, name: str = "R") -> Process[State]:
    return client(name, model.remove_with_archive, must_finish=True)


def updates_of_tasks(model: RemovalMarks) -> Scenario[State]:
    """Tasks are updated while their workflow is removed."""
    updates = (
        immortal("U", model.update, "a1", "task1"),
        immortal("V", model.update, "b1", "task2"),
    )
    return scenario(model, State(), 0, removes(model), *updates)


def removal_and_repeat(model: RemovalMarks) -> Scenario[State]:
    """A removal dies and is repeated."""
    return scenario(model, State(), 1, removes(model), removes(model, "R again"))


def workflow_runs_again(model: RemovalMarks) -> Scenario[State]:
    """The workflow is restarted while it is removed."""
    restart = immortal("U", lambda: model.update("w1", running=True))
    return scenario(model, State(), 1, removes(model), restart)


def older_mark_waits(model: RemovalMarks) -> Scenario[State]:
    """A mark of an earlier write waits, and an update comes."""
    return scenario(model, WITH_A_MARK, 1, removes(model), immortal("U", model.update, "w1"))


def repair_at_work(model: RemovalMarks) -> Scenario[State]:
    """Repair compares while the workflow is archived and removed."""
    return scenario(model, State(), 0, removes(model), immortal("repair", model.repair))


def index_down(model: RemovalMarks) -> Scenario[State]:
    """The call gives up: nothing may be removed then."""
    start = State(index_seems_down=True)
    return scenario(model, start, 1, removes(model), immortal("U", model.update, "w1"))


def created_again(model: RemovalMarks) -> Scenario[State]:
    """The same id is created again after the removal."""
    return scenario(model, State(), 0, removes(model), immortal("C", model.create_again, "c1"))


def expiry_and_updates(model: RemovalMarks) -> Scenario[State]:
    """A workflow that expires is updated until then."""
    others = (
        immortal("E", model.remove_with_expiry),
        immortal("U", model.update, "w1"),
        immortal("V", model.update, "a1", "task1"),
        immortal("time", model.time),
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
]
