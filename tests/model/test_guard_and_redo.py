"""Guard and redo on Cassandra: see ``guard_and_redo``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore
from .guard_and_redo import ALL_RULES, GuardAndRedo, Rule
from .guarded_store import (
    ABSENT,
    NO_GUARD,
    STORED,
    Call,
    Expectations,
    State,
    first_answer_again,
    never_refused,
    one_creation,
    one_success,
)

Builder: TypeAlias = Callable[[GuardAndRedo], Scenario[State]]
WORKFLOW, TASK = ("workflow",), ("task1",)


def scenario(
    start: State, expect: Expectations, crashes: int, *processes: Process[State]
) -> Scenario[State]:
    return Scenario(start, processes, expect.always, expect.at_rest, crashes)


def guarded(model: GuardAndRedo, call: Call) -> Process[State]:
    return client(call.caller, model.guarded, call)


def drainer(model: GuardAndRedo) -> Process[State]:
    return daemon("drainer", model.drainer)


def one_create_tasks(model: GuardAndRedo) -> Scenario[State]:
    """A caller alone with the drainer."""
    creates = guarded(model, Call("A", "create tasks", "task1"))
    return scenario(State(), Expectations({"A": TASK}), 1, creates, drainer(model))


def two_for_one_slot(model: GuardAndRedo) -> Scenario[State]:
    """Two CreateTasks want the same slot for different tasks."""
    one = guarded(model, Call("A", "create tasks", "task1"))
    other = guarded(model, Call("B", "create tasks", "task2"))
    expect = Expectations({"A": ("task1",), "B": ("task2",)})
    return scenario(State(), expect, 1, one, other, drainer(model))


def two_expect_one_stamp(model: GuardAndRedo) -> Scenario[State]:
    """Two callers expect the same stamp."""
    callers = [guarded(model, Call(name, "compare and set", expected=1)) for name in "AB"]
    expect = Expectations({"A": WORKFLOW, "B": WORKFLOW}, also_at_rest=one_success)
    return scenario(State(), expect, 1, *callers, drainer(model))


def two_expect_one_stamp_for_one_text(model: GuardAndRedo) -> Scenario[State]:
    """The same, and both want to store the same text."""
    calls = [Call(name, "compare and set", expected=1, text="text") for name in "AB"]
    expect = Expectations({}, also_at_rest=one_success)
    return scenario(State(), expect, 0, *(guarded(model, call) for call in calls))


def guarded_beside_plain_update(model: GuardAndRedo) -> Scenario[State]:
    """A compare-and-set and a plain update of the same document."""
    expects = guarded(model, Call("A", "compare and set", expected=1, skewed=True))
    plain = client("P", model.plain_update, "P", "workflow")
    expect = Expectations({"A": WORKFLOW, "P": WORKFLOW})
    return scenario(State(), expect, 1, expects, plain, drainer(model))


def plain_update_then_compare_and_set(model: GuardAndRedo) -> Scenario[State]:
    """A client alone updates, reads, and expects what it has read."""
    alone = client("A", model.update_then_compare_and_set, "P", "A")
    expect = Expectations({"A": WORKFLOW, "P": WORKFLOW}, also_at_rest=never_refused)
    return scenario(State(), expect, 0, alone)


def request_and_repeat(model: GuardAndRedo) -> Scenario[State]:
    """A call is repeated while the first may still be under way."""
    calls = [Call(name, "compare and set", expected=1, request="request") for name in "AB"]
    expect = Expectations({}, also_at_rest=first_answer_again)
    return scenario(State(), expect, 1, *(guarded(model, call) for call in calls), drainer(model))


def removal_beside_create_tasks(model: GuardAndRedo) -> Scenario[State]:
    """A workflow is removed while CreateTasks is under way."""
    creates = guarded(model, Call("A", "create tasks", "task2"))
    removes = guarded(model, Call("R", "remove"))
    expect = Expectations({"A": ("task2",), "R": ("workflow", "task1")}, removed_for_good_by="R")
    start = State(task1=STORED, guard=NO_GUARD)
    return scenario(start, expect, 1, creates, removes, drainer(model))


def removal_beside_late_updates(model: GuardAndRedo) -> Scenario[State]:
    """Two plain updates of a task read it before the removal and write after it."""
    plain = [client(name, model.plain_update, name, "task1") for name in "PQ"]
    removes = guarded(model, Call("R", "remove", skewed=True))
    expect = Expectations({"R": ("workflow", "task1")}, removed_for_good_by="R")
    return scenario(State(task1=STORED), expect, 0, *plain, removes)


def removal_beside_wide_updates(model: GuardAndRedo) -> Scenario[State]:
    """The same with updates that add almost a millisecond to the timestamp they read."""
    model.plain_adds = 9
    plain = [client(name, model.plain_update, name, "task1") for name in "PQ"]
    removes = guarded(model, Call("R", "remove"))
    expect = Expectations({"R": ("workflow", "task1")}, removed_for_good_by="R")
    return scenario(State(task1=STORED), expect, 0, *plain, removes)


def removal_that_dies(model: GuardAndRedo) -> Scenario[State]:
    """The drainer carries a removal out, beside a late plain update."""
    plain = client("P", model.plain_update, "P", "task1")
    removes = guarded(model, Call("R", "remove", skewed=True))
    expect = Expectations({"R": ("workflow", "task1")}, removed_for_good_by="R")
    return scenario(State(task1=STORED), expect, 1, plain, removes, drainer(model))


def removed_and_created_again(model: GuardAndRedo) -> Scenario[State]:
    """The same id is created again after its removal; a redo of the removal comes late."""
    removes = guarded(model, Call("R", "remove", skewed=True))
    creates = client("C", model.create_after, "R", "C")
    expect = Expectations({"R": WORKFLOW, "C": WORKFLOW})
    return scenario(State(), expect, 0, removes, creates, drainer(model))


def two_creations(model: GuardAndRedo) -> Scenario[State]:
    """Two CreateWorkflow of one id."""
    programs = {name: model.create_workflow(name, skewed=False) for name in "AB"}
    callers = [client(name, one.function, *one.args) for name, one in programs.items()]
    expect = Expectations({"A": WORKFLOW, "B": WORKFLOW}, also_at_rest=one_creation)
    start = State(workflow=ABSENT, guard=NO_GUARD)
    return scenario(start, expect, 1, *callers, drainer(model))


def extend_lease_beside_update(model: GuardAndRedo) -> Scenario[State]:
    """ExtendLease writes an old task back beside an update of it."""
    plain = client("P", model.plain_update, "P", "task1")
    extends = client("X", model.extend_lease, "task1")
    return scenario(State(task1=STORED), Expectations({"P": TASK}), 0, plain, extends)


SCENARIOS: list[Builder] = [
    one_create_tasks,
    two_for_one_slot,
    two_expect_one_stamp,
    two_expect_one_stamp_for_one_text,
    guarded_beside_plain_update,
    plain_update_then_compare_and_set,
    request_and_repeat,
    removal_beside_create_tasks,
    removal_beside_late_updates,
    removal_beside_wide_updates,
    removal_that_dies,
    removed_and_created_again,
    two_creations,
    extend_lease_beside_update,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(GuardAndRedo(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_a_third_attempt_and_crash(build: Builder) -> None:
    usual = build(GuardAndRedo(ALL_RULES, attempts=3))
    result = explore(replace(usual, crashes=usual.crashes * 2))
    assert result.holds, str(result)


BOTH_OK = "at rest: two callers with the same expectation were both told OK"
BOTH_CREATED = "at rest: two callers were both told that they created the workflow"
SLOT_WITHOUT_TASK = "at rest: a slot is taken by a task that has no document"
REPEAT_REFUSED = "at rest: the repeat of a request was refused although the request took effect"
LATE_TASK1 = "at rest: task1 is there after the removal was acknowledged"
LATE_TASK2 = "at rest: task2 is there after the removal was acknowledged"
CREATION_LOST = "workflow shows 'R' although C was acknowledged"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.ROW_BEFORE_STEP: (one_create_tasks, SLOT_WITHOUT_TASK),
    Rule.FRESH_ROW_ID: (one_create_tasks, SLOT_WITHOUT_TASK),
    Rule.CARRY_OUT_FIRST: (two_expect_one_stamp, BOTH_OK),
    Rule.GUARD_BEFORE_DOCUMENTS: (two_expect_one_stamp, BOTH_OK),
    Rule.ROW_BEFORE_DOCUMENTS: (removal_beside_create_tasks, LATE_TASK2),
    Rule.REFUSAL_CONFIRMED: (request_and_repeat, REPEAT_REFUSED),
    Rule.STEP_IF_UNCHANGED: (request_and_repeat, "at rest: a request took effect twice"),
    Rule.DROP_RAISES_SEQ: (one_create_tasks, SLOT_WITHOUT_TASK),
    Rule.GUARD_STAYS: (removed_and_created_again, CREATION_LOST),
    Rule.STAMP_ABOVE_ALL: (removed_and_created_again, CREATION_LOST),
    Rule.REMOVAL_MARGIN: (removal_beside_wide_updates, LATE_TASK1),
    Rule.PLAIN_AFTER_READ: (removal_that_dies, LATE_TASK1),
    Rule.LEASE_YIELDS: (
        extend_lease_beside_update,
        "task1 shows 'initial' although P was acknowledged",
    ),
    Rule.CREATES_ARE_GUARDED: (two_creations, BOTH_CREATED),
    Rule.WORKFLOW_MUST_EXIST: (removal_beside_create_tasks, LATE_TASK2),
    Rule.EXPECT_THE_DOCUMENT: (
        plain_update_then_compare_and_set,
        "at rest: a client alone was refused",
    ),
    Rule.REQUEST_ID_FIRST: (request_and_repeat, REPEAT_REFUSED),
    Rule.STALE_IS_NEVER_OK: (two_expect_one_stamp_for_one_text, BOTH_OK),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(GuardAndRedo(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)


def test_a_plain_update_is_not_lost_to_a_call_ahead_in_time() -> None:
    result = explore(guarded_beside_plain_update(GuardAndRedo(ALL_RULES - {Rule.PLAIN_AFTER_READ})))
    assert result.violation == "workflow shows 'A' although P was acknowledged", str(result)
