"""Compare-and-set on Redis: see ``compare_and_set``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .checker import Scenario, client, explore
from .compare_and_set import (
    ALL_RULES,
    Call,
    CompareAndSet,
    Rule,
    State,
    both_documents,
    first_answer_again,
    java_writer,
    one_success,
)

WORKFLOW_AT_1 = (("workflow", 1),)


def two_writers(model: CompareAndSet) -> Scenario[State]:
    """Two calls expect the same stamp."""
    calls = (Call("A", WORKFLOW_AT_1, "text of A"), Call("B", WORKFLOW_AT_1, "text of B"))
    writers = tuple(client(call.caller, model.write, call) for call in calls)
    return Scenario(State(), writers, at_rest=one_success, always=one_success, crashes=1)


def two_writers_of_one_text(model: CompareAndSet) -> Scenario[State]:
    """Two calls expect the same stamp and want the same text."""
    calls = (Call("A", WORKFLOW_AT_1, "text"), Call("B", WORKFLOW_AT_1, "text"))
    writers = tuple(client(call.caller, model.write, call) for call in calls)
    return Scenario(State(), writers, always=one_success, crashes=1)


def java_in_the_same_millisecond(model: CompareAndSet) -> Scenario[State]:
    """Java stores another document with the stamp that is there."""
    call = Call("A", WORKFLOW_AT_1, "text of A")
    writers = (client("A", model.write, call), client("J", java_writer, "workflow", 1))
    return Scenario(State(), writers, always=one_success, crashes=1)


def java_beside_two_documents(model: CompareAndSet) -> Scenario[State]:
    """A WriteSet of two documents; Java changes the second."""
    call = Call("A", (("workflow", 1), ("task", 1)), "text of A")
    writers = (client("A", model.write, call), client("J", java_writer, "task", 2))
    return Scenario(State(), writers, always=both_documents, crashes=1)


def request_and_repeat(model: CompareAndSet) -> Scenario[State]:
    """A call with an expected time is repeated while the first may still be under way."""
    calls = tuple(Call(name, WORKFLOW_AT_1, "text", "request") for name in "AB")
    writers = tuple(client(call.caller, model.write, call) for call in calls)
    return Scenario(State(), writers, always=first_answer_again, crashes=1)


def request_without_expectation(model: CompareAndSet) -> Scenario[State]:
    """The same without an expected time: only the request_id can tell a repeat."""
    calls = tuple(Call(name, (("workflow", -1),), "text", "request") for name in "AB")
    writers = tuple(client(call.caller, model.write, call) for call in calls)
    return Scenario(State(), writers, always=first_answer_again, crashes=1)


SCENARIOS: list[Callable[[CompareAndSet], Scenario[State]]] = [
    two_writers,
    two_writers_of_one_text,
    java_in_the_same_millisecond,
    java_beside_two_documents,
    request_and_repeat,
    request_without_expectation,
]

BOTH_OK = "two writers with the same expectation were both told OK"
UNSEEN = "a write was overwritten by a writer that had not seen it"
NEEDED = {
    Rule.COMPARE_IN_THE_SCRIPT: (two_writers, UNSEEN),
    Rule.COMPARE_BYTES: (java_in_the_same_millisecond, UNSEEN),
    Rule.GUARDS_BEFORE_WRITES: (java_beside_two_documents, "half of a WriteSet was written"),
    Rule.STAMP_GROWS: (two_writers, BOTH_OK),
    Rule.STALE_IS_NEVER_OK: (two_writers_of_one_text, BOTH_OK),
    Rule.REQUEST_ID_FIRST: (
        request_and_repeat,
        "the repeat of a request was refused although the request took effect",
    ),
    Rule.REQUEST_ID_IN_THE_SCRIPT: (request_without_expectation, "a request took effect twice"),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_holds_with_all_rules(scenario: Callable[[CompareAndSet], Scenario[State]]) -> None:
    result = explore(scenario(CompareAndSet(ALL_RULES)))
    assert result.holds, str(result)


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    scenario, violation = NEEDED[rule]
    result = explore(scenario(CompareAndSet(ALL_RULES - {rule})))
    assert result.violation == violation, str(result)
