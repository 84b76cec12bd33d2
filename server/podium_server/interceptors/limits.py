"""The limits that every call is held to."""

from __future__ import annotations

import msgspec

MIB = 1024 * 1024


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a call may take.

    Attributes:
        max_message_bytes: The largest answer.
        max_write_bytes: The largest request of a writing call.
        max_calls_in_flight: More are refused with OverloadedError; 0: no limit.
        default_deadline_ms: For a call whose client sets none; 0: none. A stream has it for each chunk.
        retry_after_ms: When a refused call may come back.
    """

    max_message_bytes: int = 32 * MIB
    max_write_bytes: int = 16 * MIB
    max_calls_in_flight: int = 1_000
    default_deadline_ms: int = 30_000
    retry_after_ms: int = 100


class InFlight:
    """Counts the calls in flight."""

    __slots__ = ("calls",)

    def __init__(self) -> None:
        self.calls = 0
