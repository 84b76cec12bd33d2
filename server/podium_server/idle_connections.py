"""Near the limit of open files, connections without a call are cut off: silent ones mustn't shut new ones out.

gRPC closes them after minutes, and at the limit accepts nobody. A client that is cut off opens another connection for its
next call.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterable, Sequence
from contextlib import suppress

import structlog

from podium_server.client_sockets import ClientSocket, address_of, client_sockets, shut_down
from podium_server.interceptors import InFlight

LOOK_SECONDS = 0.5
# Of the limit: where cutting off begins, and what it leaves in use.
PRESSED_SHARE = 0.8
LEFT_SHARE = 0.7
# One that has just come is about to call.
SPARED_MS = 1_000

_log = structlog.get_logger("podium.server")


async def cut_off_idle_connections(ports: Iterable[int], counters: Sequence[InFlight]) -> None:
    """Watch the open files for as long as the server runs.

    Args:
        ports: Where it listens.
        counters: They know the connections that have calls.
    """
    own_ports = frozenset(ports)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if limit != resource.RLIM_INFINITY and _least_in_use(limit) >= limit * PRESSED_SHARE:
            # In a thread: it looks at each open file.
            found = await asyncio.to_thread(client_sockets, own_ports)
            in_use = await asyncio.to_thread(_count_open_files, limit)
            _cut_off(found, in_use - int(limit * LEFT_SHARE), counters)


def _cut_off(found: Sequence[ClientSocket], surplus: int, counters: Sequence[InFlight]) -> None:
    """End the idle connections that have been silent for longest."""
    busy = {address_of(peer) for counter in counters for peer in counter.connections}
    idle = [one for one in found if one.peer not in busy and one.silent_ms >= SPARED_MS]
    idle.sort(key=lambda one: one.silent_ms, reverse=True)
    ended = sum(shut_down(one.descriptor, one.peer) for one in idle[: max(surplus, 0)])
    if ended:
        _log.warning(
            "near the limit of open files: idle connections were cut off",
            count=ended,
            connections=len(found),
        )


def _least_in_use(limit: int) -> int:
    """How many files are open at least: a new one gets the lowest number that is free."""
    try:
        lowest = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return limit
    os.close(lowest)
    return lowest


def _count_open_files(limit: int) -> int:
    count = 0
    for descriptor in range(limit):
        with suppress(OSError):
            os.fstat(descriptor)
            count += 1
    return count
