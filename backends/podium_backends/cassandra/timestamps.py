"""The timestamps of writes that carry one: microseconds of the system's clock, as the driver and Cassandra count."""

from __future__ import annotations

import time


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000
