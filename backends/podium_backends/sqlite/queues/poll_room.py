"""Bounds what polls lease into memory together: how large messages are is only known once they are read."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.models import Message

# Of the payloads of one poll's messages, in characters.
LARGE_SIZE = 1024 * 1024
# Of all polls that share a transaction, before each further one waits for its turn.
MOST_SIZE = 16 * 1024 * 1024
_MOST_QUEUES = 10_000


class NoRoomError(Exception):
    """Others hold too much: nothing was leased."""


class PollRoom:
    """What polls hold between their transaction and their answers, and which queues have large messages."""

    def __init__(self, most_size: int = MOST_SIZE) -> None:
        self._most_size = most_size
        self._held: dict[object, int] = {}
        self._large: set[str] = set()

    def has_large(self, queue_name: str) -> bool:
        """Whether the last messages of a queue were large ones."""
        return queue_name in self._large

    def require(self) -> None:
        """Raise NoRoomError where polls hold too much already."""
        if self._held and sum(self._held.values()) >= self._most_size:
            raise NoRoomError

    def hold(self, poll: object, messages: Sequence[Message]) -> None:
        """Count the messages of a poll; once more if its transaction is run again."""
        size = sum(len(message.payload) for message in messages if isinstance(message.payload, str))
        if size >= LARGE_SIZE:
            self._held[poll] = size

    def leave(self, poll: object, queue_name: str) -> None:
        """A poll has its messages, or none."""
        if self._held.pop(poll, 0):
            if len(self._large) >= _MOST_QUEUES:
                self._large.clear()  # only a short cut: the next polls find out again
            self._large.add(queue_name)
        else:
            self._large.discard(queue_name)
