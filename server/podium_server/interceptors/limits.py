"""The limits that every call is held to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from podium_core.errors import OverloadedError

MIB = 1024 * 1024
MAX_WAITING_CALLS = 20_000


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a call may take.

    Attributes:
        max_message_bytes: The largest answer.
        max_write_bytes: The largest request of a writing call.
        max_calls_in_flight: More are refused with OverloadedError; 0: no limit. Calls that wait for a message don't count.
        default_deadline_ms: For a call whose client sets none; 0: none. A stream has it for each chunk.
        retry_after_ms: When a refused call may come back.
    """

    max_message_bytes: int = 32 * MIB
    max_write_bytes: int = 16 * MIB
    max_calls_in_flight: int = 1_000
    default_deadline_ms: int = 30_000
    retry_after_ms: int = 100


class InFlight:
    """Counts the calls in flight; those that wait for a message cost nothing, and are counted apart."""

    __slots__ = ("calls", "waiting")

    def __init__(self) -> None:
        self.calls = 0
        self.waiting = 0

    @contextmanager
    def apart(self) -> Iterator[None]:
        """While a call waits. Otherwise idle consumers would shut out the push that they wait for.

        Raises:
            OverloadedError: Too many wait already.
        """
        if self.waiting >= MAX_WAITING_CALLS:
            raise OverloadedError(
                f"{MAX_WAITING_CALLS} calls wait for messages", retry_after_ms=1_000
            )
        self.calls -= 1
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
            self.calls += 1
