"""A real ``podium serve`` on a data folder, which can be killed and started again on the same port."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium_client import PodiumClient, RetryPolicy
from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess

START_SECONDS = 30
ONCE = RetryPolicy(max_attempts=1)


class KillableServer:
    """One server process.

    Attributes:
        address: Where it listens; the same after a restart.
    """

    def __init__(self, folder: Path, name: str = "podium") -> None:
        """Takes the folder of its data and its log; two servers on one folder need two names."""
        (port,) = free_ports(1)
        self.address = f"{LOOPBACK}:{port}"
        command = [sys.executable, "-m", "podium_server", "serve"]
        command += ["--data-dir", str(folder / "data"), "--listen", self.address]
        self._process = ServerProcess(name, command, folder / f"{name}.log")

    @property
    def pid(self) -> int:
        """The process id of the server that runs."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written since its last start."""
        return self._process.output()

    def start(self) -> None:
        """Start it; returns when it listens."""
        self._process.start(
            lambda: f"listening on {self.address}" in self.log, timeout_seconds=START_SECONDS
        )

    def kill(self) -> None:
        """``kill -9``, by its process id."""
        self._process.kill()

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        self._process.stop()

    def restart(self) -> None:
        """``kill -9``, and start it again on the same data."""
        self.kill()
        self.start()

    def client(self, *, timeout_seconds: float = 10, retry: RetryPolicy = ONCE) -> PodiumClient:
        """A client that never repeats a call by itself, so that each outcome is known to the test."""
        return PodiumClient(self.address, timeout_seconds=timeout_seconds, retry=retry)


@contextmanager
def running(folder: Path, name: str = "podium") -> Iterator[KillableServer]:
    """A server that runs; killed in the end."""
    server = KillableServer(folder, name)
    server.start()
    try:
        yield server
    finally:
        server.kill()
