"""Makes the C library give memory back: by default glibc keeps what large messages once took."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

from podium_server.interceptors import InFlight

# mallopt's numbers, from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# Larger blocks have a mapping of their own, which is given back at once.
MAPPED_BYTES = 1024 * 1024
KEPT_BYTES = 32 * 1024 * 1024
# gRPC's threads allocate what this process's loop frees: few arenas leave few holes.
ARENAS = 2

LOOK_SECONDS = 1.0
# After a peak like this, and a second of quiet, memory is given back.
PEAK_BYTES = 16 * 1024 * 1024


def limit_kept_memory() -> None:
    """Set glibc up; before any thread starts. Elsewhere nothing happens."""
    mallopt = _function("mallopt")
    if mallopt is None:
        return
    mallopt(_ARENA_MAX, ARENAS)
    mallopt(_MMAP_THRESHOLD, MAPPED_BYTES)
    mallopt(_TRIM_THRESHOLD, KEPT_BYTES)


async def give_memory_back(in_flight: InFlight) -> None:
    """Return free memory to the system after each peak, until cancelled."""
    trim = _function("malloc_trim")
    if trim is None:
        return
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if in_flight.peak_bytes >= PEAK_BYTES and not in_flight.bytes:
            in_flight.peak_bytes = 0
            # In a thread: it may take some milliseconds.
            await asyncio.to_thread(trim, 0)


def _function(name: str) -> Callable[..., int] | None:
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    return found
