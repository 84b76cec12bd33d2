"""Tokens of conditional writes: microseconds of the system's clock, as the driver and Cassandra count."""

from __future__ import annotations

import random

from podium_core.clock import token_now

# Tokens of processes whose clocks are behind the version differ by up to so much: 4 ms.
_SPREAD_BITS = 12


def token_after(version: int) -> int:
    """A token above a version.

    By clocks behind it, two processes hardly ever give it the same one: a writer knows its batch by its token.
    """
    return max(token_now(), version + 1 + random.getrandbits(_SPREAD_BITS))
