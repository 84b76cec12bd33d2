"""Bounds what polls lease into memory together: how large messages are is only known once they are read."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.models import Message
from podium_core.paging.read_budget import MAX_ANSWER_BYTES

# A poll with payloads of so many bytes has a large answer.
LARGE_SIZE = 1024 * 1024
# Of all takes under way; above it no further one begins, but in turn.
MOST_SIZE = 16 * 1024 * 1024
_MOST_QUEUES = 10_000
_NO_BOUND = 2**53


class PollRoom:
    """What takes hold until their answers are handed over, and which queues have large messages."""

    def __init__(self, max_bytes: int = MAX_ANSWER_BYTES, most_size: int = MOST_SIZE) -> None:
        """Nothing is held.

        Args:
            max_bytes: Of one poll's messages.
            most_size: Of all takes under way, in bytes.
        """
        self.max_bytes = max_bytes
        self.most_size = most_size
        self.held: dict[object, int] = {}
        self._large: set[str] = set()

    def has_large(self, queue_name: str) -> bool:
        """Whether the last messages of a queue were large ones."""
        return queue_name in self._large

    def note_sizes(self, queue_name: str, polls: Sequence[Sequence[Message]]) -> None:
        """Remember whether one of these polls got a large answer."""
        if any(_size_of(messages) >= LARGE_SIZE for messages in polls):
            if len(self._large) >= _MOST_QUEUES:
                self._large.clear()  # only a short cut: the next polls find out again
            self._large.add(queue_name)
        else:
            self._large.discard(queue_name)


class OneTakeRoom:
    """The room of one take."""

    __slots__ = ("_in_turn", "_room", "max_bytes")

    def __init__(self, room: PollRoom, *, in_turn: bool = False) -> None:
        """Takes the room of all; a take ``in_turn`` may hold as much as it needs."""
        self._room = room
        self._in_turn = in_turn
        self.max_bytes = room.max_bytes

    def has_left(self) -> bool:
        """Whether another ask may be served."""
        held = self._room.held
        return not held or self._in_turn or sum(held.values()) < self._room.most_size

    def left_bytes(self) -> int:
        """How many bytes this take may hold: in turn as many as it needs."""
        if self._in_turn:
            return _NO_BOUND
        return max(self._room.most_size - sum(self._room.held.values()), 0)

    def hold(self, size: int) -> None:
        """Say how many bytes this take holds by now."""
        if size >= LARGE_SIZE:
            self._room.held[self] = size
        elif self._room.held:
            self._room.held.pop(self, None)

    def end(self, queue_name: str, polls: Sequence[Sequence[Message]] = ()) -> None:
        """The take is over; these are its messages, for each poll."""
        room = self._room
        if room.held.pop(self, 0) or room.has_large(queue_name):
            room.note_sizes(queue_name, polls)


def _size_of(messages: Sequence[Message]) -> int:
    return sum(len(message.payload) for message in messages if isinstance(message.payload, str))
