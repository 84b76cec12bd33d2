"""Polls whose messages are large go in turn, and get all that they would have got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.queues.dao import SqliteQueueDAO
from podium_backends.sqlite.queues.poll_room import LARGE_SIZE, NoRoomError, PollRoom
from podium_backends.sqlite.queues.waiters import QueueWaiters
from podium_core.backend import QueueDefaults
from podium_core.models import Message, PushMessage

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


@pytest.fixture
async def queues(tmp_path: Path, turns: Turns) -> AsyncIterator[SqliteQueueDAO]:
    database = Database(tmp_path / "podium.db", begin_long_answer=turns.begin)
    await database.open()
    dao = SqliteQueueDAO(database, QueueWaiters(database), QueueDefaults())
    dao._room = PollRoom(most_size=2 * LARGE_SIZE)
    yield dao
    await dao.close()
    await database.close()


def message(payload: str) -> Message:
    return Message(id="m", payload=payload, priority=0, receipt="r", delivery_count=1)


class TestPollRoom:
    def test_is_full_with_large_messages_only(self) -> None:
        room = PollRoom(most_size=2 * LARGE_SIZE)
        room.hold("small", [message("x")] * 9)
        room.hold("first", [message(LARGE)])
        room.require()
        room.hold("second", [message(LARGE)])
        with pytest.raises(NoRoomError):
            room.require()
        room.leave("first", "q")
        room.require()

    def test_a_poll_that_runs_again_counts_once(self) -> None:
        room = PollRoom(most_size=2 * LARGE_SIZE)
        for _ in range(3):
            room.hold("first", [message(LARGE)])
        room.require()

    def test_remembers_which_queues_have_large_messages(self) -> None:
        room = PollRoom()
        room.hold("first", [message(LARGE)])
        room.leave("first", "q")
        assert room.has_large("q")
        room.hold("second", [message("x")])
        room.leave("second", "q")
        assert not room.has_large("q")


async def test_polls_at_once_get_everything_some_of_them_in_turn(
    queues: SqliteQueueDAO, turns: Turns
) -> None:
    names = [f"q{number}" for number in range(QUEUES)]
    for name in names:
        await queues.push(name, PushMessage(id="m", payload=LARGE))
    polled = await asyncio.gather(*(queues.poll_messages(name, count=5) for name in names))
    assert [[message.id for message in messages] for messages in polled] == [["m"]] * QUEUES
    assert 0 < turns.begun < QUEUES


async def test_a_queue_with_large_messages_takes_turns_from_then_on(
    queues: SqliteQueueDAO, turns: Turns
) -> None:
    for id_ in "abc":
        await queues.push("q", PushMessage(id=id_, payload=LARGE))
    await queues.poll_messages("q", count=1)
    assert turns.begun == 0
    await queues.poll_messages("q", count=1)
    assert turns.begun == 1
