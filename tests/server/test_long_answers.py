"""One call at a time makes a long answer, and none where the bytes of answers are used up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium_core.errors import OverloadedError
from podium_protocol.rpcs import rpc
from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.limits import CallLimits
from podium_server.interceptors.long_answers import LongAnswers, begin_long_answer

GET_TASKS = rpc("ExecutionService", "GetTasks")
LIMITS = CallLimits(max_bytes_in_flight=1_000, connection_share=0.5)


class QuietContext:
    """As much of gRPC's side as a call asks for when it is made."""

    def time_remaining(self) -> float | None:
        return None


class World:
    """The place, and calls of one connection."""

    def __init__(self) -> None:
        self.in_flight = InFlight()
        self.connection: Connection = self.in_flight.enter("ipv4:127.0.0.1:1")
        self.long_answers = LongAnswers(ByteBudget(LIMITS, self.in_flight))

    def call(self) -> Call:
        """A call under way in this task."""
        context: Any = QuietContext()
        made = Call(GET_TASKS, context, self.connection, LIMITS)
        made.begin_long_answer = self.long_answers.begin
        return made


@pytest.fixture
async def world() -> World:
    return World()


async def test_the_next_one_waits_until_it_ends(world: World) -> None:
    first, second = world.call(), world.call()
    await world.long_answers.begin(first)
    waiting = asyncio.create_task(world.long_answers.begin(second))
    await asyncio.sleep(0)
    assert not waiting.done()
    world.long_answers.end()
    await waiting
    assert second.has_long_answer


async def test_is_refused_where_its_connection_holds_its_share(world: World) -> None:
    world.in_flight.hold(world.connection, 500)
    for _ in range(2):  # a refused one leaves the place
        with pytest.raises(OverloadedError):
            await world.long_answers.begin(world.call())
    world.in_flight.release(world.connection, 500)
    await world.long_answers.begin(world.call())


async def test_a_call_takes_the_place_once_whatever_it_reads(world: World) -> None:
    call = world.call()
    for _ in range(2):
        await begin_long_answer()
    assert call.has_long_answer


async def test_a_call_that_needs_none_takes_none(world: World) -> None:
    call = world.call()
    call.begin_long_answer = None
    await begin_long_answer()
    assert not call.has_long_answer


async def test_a_connection_that_holds_nothing_is_never_exhausted(world: World) -> None:
    budget = ByteBudget(LIMITS, world.in_flight)
    world.in_flight.hold(world.connection, 5_000)
    assert budget.exhausted(world.connection)
    assert not budget.exhausted(world.in_flight.enter("ipv4:127.0.0.1:2"))
