"""SQLite group commit: see ``group_commit``."""

from __future__ import annotations

import pytest

from .checker import Scenario, client, explore
from .group_commit import ALL_RULES, GroupCommit, Rule, State, invariant

CALLS = ("c1", "c2", "c3")


def three_calls(rules: frozenset[Rule], failures: int = 1) -> Scenario[State]:
    """Three calls share a transaction; statements fail, the process may die anywhere."""
    writer = client("writer", GroupCommit(rules).writer, CALLS)
    return Scenario(State(failures_left=failures), (writer,), always=invariant, crashes=1)


NEEDED = {
    Rule.SAVEPOINT_FOR_EACH_CALL: "half of a call is durable",
    Rule.ASK_IN_TRANSACTION: "a call that was told 'nothing written' is durable",
    Rule.ANSWER_AFTER_COMMIT: "a call that was told OK is not durable",
    Rule.ANSWER_AS_COMMIT_SAYS: "a call that was told OK is not durable",
}


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_holds_with_all_rules(failures: int) -> None:
    result = explore(three_calls(ALL_RULES, failures))
    assert result.holds, str(result)


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_needed(rule: Rule) -> None:
    assert explore(three_calls(ALL_RULES - {rule})).violation == NEEDED[rule]
