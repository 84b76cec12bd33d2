"""How often calls go to Redis and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from podium_backends.redis.connection.pipe import Pipe


class Trips:
    """The trips so far: commands that leave together, as those of a transaction, are one."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def counted_trips() -> Iterator[Trips]:
    """Count the trips of all connections within the block, but for those of notifications."""
    trips = Trips()
    send: Callable[..., Any] = Pipe._send

    def counting(pipe: Pipe, packed: bytes, *arguments: Any, **named: Any) -> Any:
        # EVAL is the second try of a script that this Redis has never run.
        trips.count += b"\r\nEVAL\r\n" not in packed[:20]
        return send(pipe, packed, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pipe, "_send", counting)
        yield trips


class Recorder:
    """An adapter that tells which of its methods are called."""

    def __init__(self, adapter: object, called: set[str]) -> None:
        self._adapter = adapter
        self._called = called

    def __getattr__(self, name: str) -> Any:
        self._called.add(name)
        return getattr(self._adapter, name)
