"""How much takes may hold together."""

from __future__ import annotations

from podium_core.models import Message
from podium_core.queues.poll_room import LARGE_SIZE, OneTakeRoom, PollRoom

LARGE = [Message(id="m", payload="x" * LARGE_SIZE)]
SMALL = [Message(id="m", payload="x")]


def test_is_full_with_large_messages_only() -> None:
    room = PollRoom(most_size=2 * LARGE_SIZE)
    small, first, second = OneTakeRoom(room), OneTakeRoom(room), OneTakeRoom(room)
    small.hold(LARGE_SIZE - 1)
    first.hold(LARGE_SIZE)
    assert small.has_left()
    second.hold(LARGE_SIZE)
    assert not small.has_left()
    first.end("q", [LARGE])
    assert small.has_left()


def test_a_take_in_turn_always_has_room() -> None:
    room = PollRoom(most_size=LARGE_SIZE)
    OneTakeRoom(room).hold(LARGE_SIZE)
    assert OneTakeRoom(room, in_turn=True).has_left()


def test_says_how_many_bytes_are_left() -> None:
    room = PollRoom(most_size=3 * LARGE_SIZE)
    OneTakeRoom(room).hold(LARGE_SIZE)
    assert OneTakeRoom(room).left_bytes() == 2 * LARGE_SIZE
    OneTakeRoom(room).hold(5 * LARGE_SIZE)
    assert OneTakeRoom(room).left_bytes() == 0
    assert OneTakeRoom(room, in_turn=True).left_bytes() > 1_000 * LARGE_SIZE


def test_a_take_that_runs_again_counts_once() -> None:
    room = PollRoom(most_size=2 * LARGE_SIZE)
    take = OneTakeRoom(room)
    for _ in range(3):
        take.hold(LARGE_SIZE)
    assert take.has_left()
    take.hold(0)
    assert room.held == {}


def test_remembers_which_queues_have_large_messages() -> None:
    room = PollRoom()
    for messages, large in (([LARGE], True), ([SMALL], False), ([SMALL, LARGE], True), ([], False)):
        take = OneTakeRoom(room)
        take.hold(sum(len(message.payload or "") for found in messages for message in found))
        take.end("q", messages)
        assert room.has_large("q") is large
        assert not room.has_large("other")


def test_many_small_answers_of_one_take_are_no_large_one() -> None:
    room = PollRoom()
    take = OneTakeRoom(room)
    half = [Message(id="m", payload="x" * (LARGE_SIZE // 2))]
    take.hold(LARGE_SIZE)
    take.end("q", [half, half])
    assert not room.has_large("q")
