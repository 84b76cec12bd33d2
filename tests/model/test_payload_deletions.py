"""Payloads and their due marks: see ``payload_deletions``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .payload_deletions import (
    ALL_RULES,
    NOTHING,
    PayloadDeletions,
    Rule,
    State,
    nothing_is_left,
    nothing_is_missing,
)

Builder: TypeAlias = Callable[[PayloadDeletions], Scenario[State]]
WITHOUT_PAYLOAD = State(old=NOTHING, document="")
WITH_A_COPY = State(copy="old")  # a task that is retried takes its input's path along


def scenario(start: State, crashes: int, *processes: Process[State]) -> Scenario[State]:
    return Scenario(start, processes, nothing_is_missing, nothing_is_left, crashes)


def drainers(model: PayloadDeletions) -> tuple[Process[State], ...]:
    """Two, one of which may die; and time."""
    return (
        daemon("drainer 1", model.drainer),
        immortal("drainer 2", model.drainer),
        immortal("time", model.time),
    )


def first_payload(model: PayloadDeletions) -> Scenario[State]:
    """A document gets its first payload."""
    return scenario(WITHOUT_PAYLOAD, 1, client("W", model.replace), *drainers(model))


def replaced(model: PayloadDeletions) -> Scenario[State]:
    """A document's payload is replaced by another."""
    return scenario(State(), 1, client("W", model.replace), *drainers(model))


def small_again(model: PayloadDeletions) -> Scenario[State]:
    """One update moves its payload, another has a small one."""
    writers = client("W", model.replace), client("V", model.shrink)
    return scenario(State(), 1, *writers, *drainers(model))


def removed(model: PayloadDeletions) -> Scenario[State]:
    """A workflow of two documents that refer to one payload is removed."""
    return scenario(WITH_A_COPY, 1, client("R", model.remove), *drainers(model))


def copied(model: PayloadDeletions) -> Scenario[State]:
    """One of two documents that refer to the same payload is updated, then the workflow removed."""
    calls = client("W", model.replace), client("R", model.remove)
    return scenario(WITH_A_COPY, 0, *calls, *drainers(model))


SCENARIOS: list[Builder] = [first_payload, replaced, small_again, removed, copied]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(PayloadDeletions(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_one_more_crash(build: Builder) -> None:
    usual = build(PayloadDeletions(ALL_RULES))
    result = explore(replace(usual, crashes=usual.crashes + 1))
    assert result.holds, str(result)


GONE = "a document refers to a payload that is gone"
ORPHAN = "at rest: an orphan stays for ever"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.MARK_BEFORE_UPLOAD: (first_payload, ORPHAN),
    Rule.LIFT_WITH_DOCUMENT: (first_payload, GONE),
    Rule.LIFT_IF_UNCLAIMED: (first_payload, GONE),
    Rule.CLAIM_BEFORE_DELETION: (first_payload, GONE),
    Rule.DELETED_TWICE: (first_payload, ORPHAN),
    Rule.CLAIM_SETS_THE_TIME: (first_payload, ORPHAN),
    Rule.MARK_WITH_UPDATE: (replaced, ORPHAN),
    Rule.MARK_WITH_REMOVAL: (removed, ORPHAN),
    Rule.LAST_REFERENCE: (copied, GONE),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(PayloadDeletions(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
