"""A server whose failpoints, clock and index a test has in its hands while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from podium_client import PodiumClient
from tests.faults.server import KillableServer, running
from tests.faults.stores import Store
from tests.faults.switches import Switches
from tests.patience import PATIENCE_SECONDS

PROGRAM = "tests.faults.index_failpoints"


@dataclass(frozen=True)
class Disturbed:
    """A server and its switches."""

    process: KillableServer
    switches: Switches

    def set_clock(self, offset_ms: int) -> None:
        """Let every clock be wrong by as much: the server's, and its store's."""
        self.switches.clock_offset_ms = offset_ms
        self.process.store.set_clock(offset_ms)

    def client(self, *, timeout_seconds: float = PATIENCE_SECONDS) -> PodiumClient:
        """A client that never repeats a call by itself."""
        return self.process.client(timeout_seconds=timeout_seconds)


@contextmanager
def disturbed(
    folder: Path, name: str = "podium", *arguments: str, store: Store | None = None
) -> Iterator[Disturbed]:
    """Such a server, running; killed in the end. ``arguments`` are those of ``index_failpoints``."""
    path = folder / f"{name}.switches"
    with Switches(path) as switches:
        program = (PROGRAM, "--switches", str(path), *arguments)
        with running(folder, name, program, store) as process:
            yield Disturbed(process, switches)
