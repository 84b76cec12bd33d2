"""Leases of a queue: see ``queue_lease``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, explore, immortal
from .queue_lease import ALL_RULES, QueueLease, Rule, State, no_wrong

Builder: TypeAlias = Callable[[QueueLease], Scenario[State]]


def scenario(model: QueueLease, *others: Process[State], crashes: int = 1) -> Scenario[State]:
    """Two workers (one survives), time, and others."""
    processes = (
        client("W1", model.worker),
        immortal("W2", model.worker, 2),
        immortal("time", model.time),
        *others,
    )
    return Scenario(State(), processes, no_wrong, model.nothing_lost, crashes)


def two_workers(model: QueueLease) -> Scenario[State]:
    """Workers may stall past their lease, or die."""
    return scenario(model)


def pushed_again(model: QueueLease) -> Scenario[State]:
    """The message is pushed again while it is handled."""
    return scenario(model, client("push", model.pusher))


def removed_and_pushed_again(model: QueueLease) -> Scenario[State]:
    """The message is removed while it is handled, and pushed again."""
    return scenario(model, client("remove", model.remove_and_push))


def acknowledged_by_id(model: QueueLease) -> Scenario[State]:
    """A worker as Java has it; the message is pushed again meanwhile."""
    processes = client("java", model.java_worker), client("push", model.pusher)
    return Scenario(State(), processes, no_wrong, model.nothing_lost)


def cancelled(model: QueueLease) -> Scenario[State]:
    """A pop is cancelled, perhaps long after its lease."""
    return scenario(model, client("cancelled", model.cancelled_pop))


def postponed(model: QueueLease) -> Scenario[State]:
    """A worker postpones what it popped, or dies."""
    return scenario(model, client("postpone", model.postponer))


def offset_reset(model: QueueLease) -> Scenario[State]:
    """ResetOffsetTime and SetUnackTimeout(0) beside the workers."""
    return scenario(model, client("reset", model.reset_offset_time), client("end", model.end_lease))


def pushed_if_not_exists(model: QueueLease) -> Scenario[State]:
    """PushIfNotExists beside the workers."""
    return scenario(model, client("push", model.push_if_not_exists))


def deciders(model: QueueLease) -> Scenario[State]:
    """Three deciders of one workflow commit in one store."""
    processes = (
        client("D1", model.decider),
        client("D2", model.decider),
        immortal("D3", model.decider),
        immortal("time", model.time),
    )
    return Scenario(State(), processes, no_wrong, model.still_decided, crashes=1)


SCENARIOS: list[Builder] = [
    two_workers,
    pushed_again,
    removed_and_pushed_again,
    acknowledged_by_id,
    cancelled,
    postponed,
    offset_reset,
    pushed_if_not_exists,
    deciders,
]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(QueueLease(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
def test_holds_with_everything_at_once() -> None:
    model = QueueLease(ALL_RULES)
    programs = {
        "push": model.pusher,
        "cancelled": model.cancelled_pop,
        "postpone": model.postponer,
        "push if": model.push_if_not_exists,
    }
    others = (client(name, program) for name, program in programs.items())
    result = explore(scenario(model, *others, crashes=1))
    assert result.holds, str(result)


SECOND_HOLDER = "a second holder inside a lease"
STALE_RECEIPT = "a stale receipt took a message away"
PUSH_LOST = "at rest: an acknowledged push was lost"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.POP_IN_ONE_STEP: (two_workers, SECOND_HOLDER),
    Rule.LEASE_LAPSES: (two_workers, "at rest: a message never comes back"),
    Rule.RECEIPT_NEVER_AGAIN: (removed_and_pushed_again, STALE_RECEIPT),
    Rule.ACK_CHECKS_RECEIPT: (two_workers, STALE_RECEIPT),
    Rule.ACK_ONLY_UNACKED: (acknowledged_by_id, PUSH_LOST),
    Rule.PUSH_ENDS_LEASE: (pushed_again, PUSH_LOST),
    Rule.RESET_LEAVES_UNACKED: (offset_reset, SECOND_HOLDER),
    Rule.IF_NOT_EXISTS_LEAVES: (pushed_if_not_exists, SECOND_HOLDER),
    Rule.GIVE_BACK_BY_RECEIPT: (cancelled, SECOND_HOLDER),
    Rule.POSTPONE_IN_ONE_STEP: (postponed, PUSH_LOST),
    Rule.POSTPONE_CHECKS_RECEIPT: (postponed, SECOND_HOLDER),
    Rule.COMMIT_CHECKS_RECEIPT: (deciders, "a decision overwrote what it had not seen"),
    Rule.COMMIT_IN_ONE_STEP: (deciders, "at rest: the workflow has lost its decider message"),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(QueueLease(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
