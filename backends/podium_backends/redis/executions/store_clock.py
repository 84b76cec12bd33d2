"""Redis's clock as this process knows it: from the replies of scripts, which tell the time."""

from __future__ import annotations

import time

from podium_core.clock import Clock, system_clock_ms


class StoreClock:
    """What Redis's clock says now, within the time that a reply takes. In tests a clock of their own."""

    def __init__(self, clock: Clock = system_clock_ms) -> None:
        """Takes a clock of a test's; the system's stands for Redis's own."""
        self._test_clock = None if clock is system_clock_ms else clock
        # Until Redis has said its time, the system's is as good as any.
        self._ahead_ms = system_clock_ms() - _local_ms()

    def now_ms(self) -> int:
        """The time, in milliseconds since the epoch."""
        if self._test_clock is not None:
            return self._test_clock()
        return _local_ms() + self._ahead_ms

    def argument(self) -> int:
        """What a script takes for its time: 0 asks Redis."""
        return 0 if self._test_clock is None else self._test_clock()

    def begin(self) -> int:
        """The moment when a script is sent, for ``observe``."""
        return _local_ms()

    def observe(self, redis_ms: int, begun_ms: int) -> None:
        """Take what a reply says: Redis's clock showed it between the moment of sending and now."""
        most = redis_ms + 1 - begun_ms
        least = redis_ms - _local_ms()
        self._ahead_ms = min(max(self._ahead_ms, least), most)


def _local_ms() -> int:
    return time.monotonic_ns() // 1_000_000
