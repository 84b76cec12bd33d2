"""The checker finds the kinds of defect that models have, and none in a sound model."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from .checker import (
    BLOCKED,
    OneOf,
    Run,
    Scenario,
    Step,
    TooManyStatesError,
    client,
    continue_as,
    daemon,
    explore,
    immortal,
)


@dataclass(slots=True)
class Shop:
    """A counter, two accounts and a token that lies on a table."""

    counter: int = 0
    debited: bool = False
    credited: bool = False
    token: str = ""

    def add(self) -> None:
        self.counter += 1

    def store(self, value: int) -> None:
        self.counter = value

    def debit(self) -> None:
        self.debited = True

    def credit(self) -> None:
        self.credited = True

    def put(self, token: str) -> None:
        self.token = token


def add_in_two_steps() -> Run[Shop]:
    seen = yield Step("reads", lambda s: s.counter)
    yield Step("writes", lambda s: s.store(seen + 1))
    return None


def add_in_one_step() -> Run[Shop]:
    yield Step("adds", Shop.add)
    return None


def both_counted(shop: Shop) -> str | None:
    return None if shop.counter == 2 else f"two additions made {shop.counter}"


class TestLostUpdate:
    def test_is_found_with_its_shortest_trace(self) -> None:
        adders = tuple(client(name, add_in_two_steps) for name in "AB")
        result = explore(Scenario(Shop(), adders, at_rest=both_counted))
        assert result.violation == "at rest: two additions made 1"
        assert len(result.trace) == 4
        assert {line.split(":")[0] for line in result.trace[:2]} == {"A", "B"}

    def test_an_atomic_step_has_none(self) -> None:
        adders = tuple(client(name, add_in_one_step) for name in "AB")
        result = explore(Scenario(Shop(), adders, at_rest=both_counted))
        assert result.holds, str(result)
        assert result.states == 4


def give_way(me: str, other: str) -> Run[Shop]:
    """Takes the token from the other, who does the same, for ever."""
    yield Step("takes it", lambda s: s.put(me) if s.token in ("", other) else BLOCKED)
    return continue_as(give_way, me, other)


def end_it() -> Run[Shop]:
    yield Step("takes the token away", lambda s: s.put("gone"))
    return None


class TestLivelock:
    def test_is_found(self) -> None:
        polite = client("A", give_way, "A", "B"), client("B", give_way, "B", "A")
        assert explore(Scenario(Shop(), polite)).violation == "never comes to rest from here"

    def test_a_loop_that_can_end_is_none(self) -> None:
        polite = client("A", give_way, "A", "B"), client("B", give_way, "B", "A")
        assert explore(Scenario(Shop(), (*polite, client("C", end_it)))).holds


def transfer() -> Run[Shop]:
    """Debit, then credit; what was debited already is only credited."""
    if not (yield Step("was it debited?", lambda s: s.debited)):
        yield Step("debits", Shop.debit)
    yield Step("credits", Shop.credit)
    return None


def half_transferred(shop: Shop) -> str | None:
    return "debited and not credited" if shop.debited and not shop.credited else None


class TestCrash:
    def test_of_a_client_between_two_steps_is_found(self) -> None:
        result = explore(
            Scenario(Shop(), (client("T", transfer),), at_rest=half_transferred, crashes=1)
        )
        assert result.violation == "at rest: debited and not credited"
        assert result.trace[-1] == "T: dies"

    def test_none_without_a_crash(self) -> None:
        assert explore(Scenario(Shop(), (client("T", transfer),), at_rest=half_transferred)).holds

    def test_a_daemon_is_started_again_and_repairs(self) -> None:
        result = explore(
            Scenario(Shop(), (daemon("T", transfer),), at_rest=half_transferred, crashes=3)
        )
        assert result.holds, str(result)

    def test_an_immortal_does_not_die(self) -> None:
        result = explore(
            Scenario(Shop(), (immortal("T", transfer),), at_rest=half_transferred, crashes=3)
        )
        assert result.holds, str(result)


def wait_for(token: str) -> Run[Shop]:
    def look(shop: Shop) -> object:
        shop.counter = 99  # forgotten: a blocked step changes nothing
        return None if shop.token == token else BLOCKED

    yield Step("waits", look)
    return None


def choose() -> Run[Shop]:
    token = yield Step("chooses", lambda _: OneOf(("left", "right")))
    yield Step("puts it", lambda s: s.put(token))
    return None


class TestSteps:
    def test_a_blocked_step_changes_nothing(self) -> None:
        result = explore(
            Scenario(
                Shop(),
                (client("W", wait_for, "never"),),
                always=lambda s: "counted" if s.counter else None,
            )
        )
        assert result.holds, str(result)

    def test_waiting_for_ever_is_a_violation_where_a_process_must_finish(self) -> None:
        waits = client("W", wait_for, "right", must_finish=True)
        result = explore(Scenario(Shop(), (waits, client("C", choose))))
        assert result.violation == "at rest: W waits for ever"
        assert "C: chooses -> left" in result.trace

    @pytest.mark.parametrize("token", ["left", "right"])
    def test_each_open_result_is_explored(self, token: str) -> None:
        result = explore(
            Scenario(
                Shop(),
                (client("C", choose),),
                always=lambda s: f"{token} was met" if s.token == token else None,
            )
        )
        assert result.violation == f"{token} was met"

    def test_a_violation_in_passing_is_found_though_rest_is_good(self) -> None:
        result = explore(
            Scenario(
                Shop(),
                (client("T", transfer),),
                always=half_transferred,
                at_rest=lambda s: None if s.credited else "never credited",
            )
        )
        assert result.violation == "debited and not credited"

    def test_a_scenario_above_the_limit_is_not_called_good(self) -> None:
        adders = tuple(client(str(number), add_in_two_steps) for number in range(4))
        with pytest.raises(TooManyStatesError):
            explore(Scenario(Shop(), adders), state_limit=20)
