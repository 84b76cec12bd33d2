"""What a server holds while it works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.processes import Server

_SAMPLE_SECONDS = 0.005


@contextmanager
def peak(server: Server) -> Iterator[list[int]]:
    """The highest resident memory within the block, as the one item of a list."""
    highest = [server.resident_bytes()]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLE_SECONDS):
            highest[0] = max(highest[0], server.resident_bytes())

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield highest
    finally:
        over.set()
        sampler.join()
