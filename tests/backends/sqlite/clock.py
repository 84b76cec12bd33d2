"""A clock that a test sets."""

from __future__ import annotations


class FakeClock:
    """Milliseconds since the epoch; stands still unless told otherwise."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def pass_by(self, ms: int) -> None:
        self.now_ms += ms
