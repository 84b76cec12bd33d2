"""Polls whose messages are large go in turn, and get all that they would have got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.backend import DataType, StoreContext
from podium_core.clock import system_clock_ms
from podium_core.models import Guarantee, PushMessage
from podium_core.queues import TableQueueDAO
from podium_core.queues.poll_room import LARGE_SIZE
from tests.backends.queue_tables import KINDS, opener
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

LARGE = "x" * LARGE_SIZE
QUEUES = 8


class Turns:
    """Counts who begins a long answer."""

    def __init__(self) -> None:
        self.begun = 0

    async def begin(self) -> None:
        self.begun += 1


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture(params=KINDS)
async def queues(
    request: pytest.FixtureRequest, tmp_path: Path, turns: Turns
) -> AsyncIterator[TableQueueDAO]:
    context = StoreContext(
        name="main",
        serves=frozenset(DataType),
        commit_guarantee=Guarantee.ATOMIC,
        begin_long_answer=turns.begin,
    )
    async with opener(request.param, request, tmp_path)(system_clock_ms) as table:
        dao = TableQueueDAO(table, context, most_held_bytes=2 * LARGE_SIZE)
        yield dao
        await dao.close()


async def test_polls_at_once_get_everything_some_of_them_in_turn(
    queues: TableQueueDAO, turns: Turns
) -> None:
    names = [f"q{number}" for number in range(QUEUES)]
    for name in names:
        await queues.push(name, PushMessage(id="m", payload=LARGE))
    polled = await asyncio.gather(*(queues.poll_messages(name, count=5) for name in names))
    assert [[message.id for message in messages] for messages in polled] == [["m"]] * QUEUES
    assert 0 < turns.begun < QUEUES


async def test_a_queue_with_large_messages_takes_turns_from_then_on(
    queues: TableQueueDAO, turns: Turns
) -> None:
    for id_ in "abc":
        await queues.push("q", PushMessage(id=id_, payload=LARGE))
    await queues.poll_messages("q", count=1)
    assert turns.begun == 0
    await queues.poll_messages("q", count=1)
    assert turns.begun == 1


async def test_those_who_wait_get_large_messages_in_turn(
    queues: TableQueueDAO, turns: Turns
) -> None:
    waiting = [
        asyncio.create_task(queues.poll_messages("q", count=1, timeout_ms=PATIENCE_MS))
        for _ in range(QUEUES)
    ]
    await asyncio.sleep(0.05)
    messages = [PushMessage(id=f"m{number}", payload=LARGE) for number in range(QUEUES)]
    await queues.push_messages("q", messages)
    answers = await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE_SECONDS)
    assert sorted(message.id for answer in answers for message in answer) == [
        message.id for message in messages
    ]
    assert turns.begun == QUEUES - 2


async def test_who_waits_for_large_messages_takes_no_turn_before_there_are_some(
    queues: TableQueueDAO, turns: Turns
) -> None:
    await queues.push("q", PushMessage(id="m", payload=LARGE))
    await queues.poll_messages("q", count=1)
    assert await queues.poll_messages("q", count=1, timeout_ms=50) == []
    assert turns.begun == 0
