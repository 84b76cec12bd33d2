"""Commit across two stores: see ``commit_two_stores``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .commit_two_stores import (
    ALL_HABITS,
    ALL_RULES,
    READY,
    TASK,
    Habit,
    Intent,
    Rule,
    State,
    TwoStores,
    never_stuck,
    stays_removed,
)

Builder: TypeAlias = Callable[[TwoStores], Scenario[State]]


def scenario(model: TwoStores, task: str, crashes: int, *others: Process[State]) -> Scenario[State]:
    """Some processes beside a drainer; a task that exists has its message."""
    start = State(task=task, task_message=READY if task else None)
    processes = (*others, daemon("drainer", model.drainer))
    return Scenario(start, processes, always=never_stuck, crashes=crashes)


def deciders(model: TwoStores) -> tuple[Process[State], ...]:
    return client("D1", model.decider), client("D2", model.decider)


def deciders_and_worker(model: TwoStores) -> Scenario[State]:
    """The usual course, and processes die."""
    return scenario(model, "", 1, *deciders(model), client("worker", model.worker))


def deciders_and_a_lapse(model: TwoStores) -> Scenario[State]:
    """A lease lapses while its holder decides."""
    return scenario(model, "", 1, *deciders(model), immortal("time", model.time))


def terminated_and_restarted(model: TwoStores) -> Scenario[State]:
    """The workflow is ended with its messages and started anew."""
    others = client("terminate", model.terminate), client("restart", model.restart)
    return scenario(model, "SCHEDULED", 1, *others)


def restarted_beside_a_decider(model: TwoStores) -> Scenario[State]:
    """The same while a decider is at work."""
    others = (
        client("terminate", model.terminate),
        client("restart", model.restart),
        client("D1", model.decider),
    )
    return scenario(model, "SCHEDULED", 0, *others)


def completed_lapsed_restarted(model: TwoStores) -> Scenario[State]:
    """Two deciders complete it (a lease lapsed between them), then it is started anew."""
    others = immortal("time", model.time), client("restart", model.restart)
    return scenario(model, "DONE", 0, *deciders(model), *others)


def two_drainers(model: TwoStores) -> Scenario[State]:
    """Another drainer delivers the same intents."""
    return scenario(model, "SCHEDULED", 0, *deciders(model), immortal("other", model.drainer))


def removed_before_its_push(model: TwoStores) -> Scenario[State]:
    """A writer has died before it delivered its intent; the workflow is ended."""
    start = State(task="SCHEDULED", intents=frozenset({Intent(TASK, 1)}), last_token=1)
    processes = client("terminate", model.terminate), daemon("drainer", model.late_drainer)
    return Scenario(start, processes, always=never_stuck, at_rest=stays_removed)


SCENARIOS: list[Builder] = [
    deciders_and_worker,
    deciders_and_a_lapse,
    terminated_and_restarted,
    restarted_beside_a_decider,
    completed_lapsed_restarted,
    two_drainers,
    removed_before_its_push,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(TwoStores(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.parametrize("build", SCENARIOS)
@pytest.mark.parametrize("habit", Habit)
def test_holds_without_a_habit(build: Builder, habit: Habit) -> None:
    result = explore(build(TwoStores(ALL_RULES, ALL_HABITS - {habit})))
    assert result.holds, str(result)


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS[:-1])
def test_holds_with_two_crashes_and_another_drainer(build: Builder) -> None:
    model = TwoStores(ALL_RULES)
    usual = build(model)
    processes = (*usual.processes, immortal("one more", model.drainer))
    result = explore(replace(usual, processes=processes, crashes=2))
    assert result.holds, str(result)


UNDECIDED = "stuck: the workflow runs and nobody will decide it"
UNTAKEN = "stuck: the task is scheduled and nobody will get it"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.EXPECTED_TIME: (deciders_and_a_lapse, "a decision overwrote what it had not seen"),
    Rule.INTENTS_WITH_DOCUMENTS: (deciders_and_worker, UNTAKEN),
    Rule.DOCUMENTS_BEFORE_ACKS: (completed_lapsed_restarted, UNDECIDED),
    Rule.DROP_IF_UNCHANGED: (restarted_beside_a_decider, UNDECIDED),
    Rule.ACK_WITH_RECEIPT: (completed_lapsed_restarted, UNDECIDED),
    Rule.REMOVE_DROPS_INTENTS: (
        removed_before_its_push,
        "at rest: a message came back after it was removed",
    ),
    Rule.REMOVE_WHAT_WAS_SEEN: (terminated_and_restarted, UNTAKEN),
    Rule.NEWER_PUSH_STAYS: (two_drainers, "an older push replaced a newer one"),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(TwoStores(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
