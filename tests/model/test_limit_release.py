"""The concurrency limit: see ``limit_release``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .limit_release import ALL_RULES, LimitRelease, Rule, State, never_exceeded, nothing_is_held

Builder: TypeAlias = Callable[[LimitRelease], Scenario[State]]
FREE = State(place=None, in_progress=frozenset(), holders=frozenset())


def scenario(start: State, crashes: int, *processes: Process[State]) -> Scenario[State]:
    return Scenario(start, processes, never_exceeded, nothing_is_held, crashes)


def late_release(model: LimitRelease) -> Scenario[State]:
    """A task is rescheduled and asks again before its release is carried out; another asks."""
    return scenario(
        State(),
        1,
        client("t1 leaves", model.reschedule, "t1"),
        client("t1 again", model.asks_when_rescheduled, "t1"),
        client("t2", model.asks_only, "t2"),
        daemon("drainer 1", model.releaser),
        immortal("drainer 2", model.releaser),
    )


def caller_dies(model: LimitRelease) -> Scenario[State]:
    """The call that reschedules a task may die."""
    leaves = client("t1 leaves", model.reschedule, "t1")
    return scenario(State(), 1, leaves, daemon("drainer", model.releaser))


def two_ask(model: LimitRelease) -> Scenario[State]:
    """Two tasks ask for the free place."""
    return scenario(
        FREE, 0, client("t1", model.asks_only, "t1"), client("t2", model.asks_only, "t2")
    )


def one_never_starts(model: LimitRelease) -> Scenario[State]:
    """One task has the place and ends, one takes it and is lost, one waits for it."""
    return scenario(
        State(),
        0,
        immortal("t1", model.ends, "t1"),
        immortal("t2", model.asks_only, "t2"),
        immortal("t3", model.runs, "t3", must_finish=True),
        immortal("time", model.lapse, "t1", "t2", "t3"),
        immortal("more time", model.lapse, "t2"),
    )


SCENARIOS: list[Builder] = [late_release, caller_dies, two_ask, one_never_starts]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(LimitRelease(ALL_RULES)))
    assert result.holds, str(result)


TWO_HOLD_IT = "two tasks hold the one place"
NEEDED: dict[Rule, tuple[Builder, str]] = {
    Rule.ASK_IN_ONE_STEP: (two_ask, TWO_HOLD_IT),
    Rule.RELEASE_WITH_DOCUMENT: (
        caller_dies,
        "at rest: a place is held for a task that has no use for it",
    ),
    Rule.RELEASE_NAMES_GRANT: (late_release, TWO_HOLD_IT),
    Rule.GRANT_SEEN_BEFORE: (late_release, TWO_HOLD_IT),
    Rule.RENEWAL_IS_A_NEW_GRANT: (late_release, TWO_HOLD_IT),
    Rule.IN_PROGRESS_STAYS: (one_never_starts, TWO_HOLD_IT),
    Rule.UNUSED_LAPSES: (one_never_starts, "at rest: t3 waits for ever"),
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    build, violation = NEEDED[rule]
    result = explore(build(LimitRelease(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
