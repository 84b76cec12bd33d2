"""Entries that are delayed for long, on Cassandra: see ``delayed_entries``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from .checker import Process, Scenario, client, daemon, explore, immortal
from .delayed_entries import ALL_RULES, DelayedEntries, Rule, State, nothing_is_forgotten

Builder: TypeAlias = Callable[[DelayedEntries], Scenario[State]]

WAITS = State(entry=True, window_hint=True)


def scenario(
    model: DelayedEntries, start: State, crashes: int, *others: Process[State]
) -> Scenario[State]:
    """Some processes beside a server and time."""
    processes = (*others, daemon("S", model.server, "S"), immortal("time", model.time))
    return Scenario(start, processes, at_rest=nothing_is_forgotten, crashes=crashes)


def writer_dies(model: DelayedEntries) -> Scenario[State]:
    """The writer may die, and the server that takes over."""
    return scenario(model, State(), 2, client("A", model.write, "log of A"))


def reader_dies(model: DelayedEntries) -> Scenario[State]:
    """A server that reads the window may die."""
    reader = client("R", model.read_window, "R", "R a", False)
    return scenario(model, WAITS, 2, reader)


def reader_stands_still(model: DelayedEntries) -> Scenario[State]:
    """A server reads the window, with a hint of an older write, while its log is taken over; then it dies."""
    start = State(entry=True, window_hint=True, logs=frozenset({"R a"}))
    return scenario(model, start, 1, client("R", model.read_window, "R", "R a", True))


SCENARIOS: list[Builder] = [writer_dies, reader_dies, reader_stands_still]


@pytest.mark.parametrize("build", SCENARIOS)
def test_holds_with_all_rules(build: Builder) -> None:
    result = explore(build(DelayedEntries(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.nightly
def test_holds_with_two_servers() -> None:
    model = DelayedEntries(ALL_RULES)
    usual = writer_dies(model)
    processes = (*usual.processes, daemon("T", model.server, "T"))
    result = explore(replace(usual, processes=processes, crashes=1))
    assert result.holds, str(result)


FORGOTTEN = "at rest: an entry waits that nobody knows of"
NEEDED: dict[Rule, Builder] = {
    Rule.HINT_BEFORE_BATCH: writer_dies,
    Rule.READ_BEFORE_DROP: reader_dies,
    Rule.LOGGED_BEFORE_DROP: reader_dies,
    Rule.OWN_LOG_CHECKED: reader_stands_still,
    Rule.HEIR_KEEPS_THE_NEAR: reader_dies,
}


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    result = explore(NEEDED[rule](DelayedEntries(ALL_RULES - {rule})))
    assert result.violation == FORGOTTEN, str(result)
