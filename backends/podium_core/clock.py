"""The clock of the contract's times, milliseconds since the epoch; and that of tokens."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def system_clock_ms() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def token_now() -> int:
    """Microseconds since the epoch: pushes and intents are ordered by it, across the stores of one machine.

    Not the store's clock, whose milliseconds hold many of both.
    """
    return time.time_ns() // 1_000
