"""How many bytes one compound read may hold: it stops at the first excess, not after everything was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from podium_core.errors import ResultTooLargeError

T = TypeVar("T")

MAX_ANSWER_BYTES = 32 * 1024 * 1024

# A stored document names its fields, a message on the wire doesn't: those names are not counted.
_NAMES_BYTES = 1_024


class ReadBudget:
    """The bytes that one answer may still take.

    It counts what is stored, less the names of the fields, so it refuses no answer that the wire could take, but for tens
    of thousands of records that are nearly empty. The exact size is checked when the answer is serialized.

    Attributes:
        left: The bytes that may still be taken.
    """

    __slots__ = ("_limit_bytes", "_subject", "left")

    def __init__(self, limit_bytes: int = MAX_ANSWER_BYTES, subject: str = "") -> None:
        """Nothing is taken yet.

        Args:
            limit_bytes: The most bytes of one answer.
            subject: What they are for, as ``workflow 'w1' with its tasks``, for the error; empty: the whole answer.
        """
        self._limit_bytes = limit_bytes
        self._subject = subject
        self.left = limit_bytes

    def take(self, size: int) -> None:
        """Count bytes that the answer will hold as they are.

        Raises:
            ResultTooLargeError: The answer is above its limit.
        """
        self.left -= size
        if self.left < 0:
            raise ResultTooLargeError(self._limit_bytes, subject=self._subject)

    def take_document(self, size: int) -> None:
        """Count a stored document of so many bytes. Raises as ``take``."""
        self.take(max(size - _NAMES_BYTES, size // 2))


def up_to(items: Iterable[T], max_size: int, size_of: Callable[[T], int]) -> list[T]:
    """The first items: at least one, and no more once ``max_size`` is reached."""
    taken: list[T] = []
    size = 0
    for item in items:
        taken.append(item)
        size += size_of(item)
        if size >= max_size:
            break
    return taken
