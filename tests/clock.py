"""Clocks that a test sets."""

from __future__ import annotations

from podium_core.clock import system_clock_ms


class FakeClock:
    """Milliseconds since the epoch; stands still unless told otherwise."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def pass_by(self, ms: int) -> None:
        self.now_ms += ms


class ShiftedClock:
    """The system's clock, set forward or back by a test; for stores that a server with its own tasks runs on."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return system_clock_ms() + self.ahead_ms

    def pass_by(self, ms: int) -> None:
        self.ahead_ms += ms
