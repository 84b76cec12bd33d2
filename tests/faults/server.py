"""A real ``podium serve`` on a data folder, which can be killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from podium_client import PodiumClient, RetryPolicy
from tests.faults.stores import EmbeddedStore, Store
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess

POLL_SECONDS = 0.01
PODIUM = ("podium_server",)
ONCE = RetryPolicy(max_attempts=1)


class KillableServer:
    """One server process.

    Attributes:
        address: Where it listens; the same after a restart.
        data: The folder of its data.
        store: Where it keeps executions and queues.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "podium",
        program: Sequence[str] = PODIUM,
        store: Store | None = None,
    ) -> None:
        """Takes the folder of its data and its log; two servers on one folder need two names.

        ``program`` is the module to run, with arguments before ``serve``; ``store`` is by default the embedded one.
        """
        self.store = store or EmbeddedStore(folder)
        (port,) = free_ports(1)
        self.address = f"{LOOPBACK}:{port}"
        self.data = folder / "data"
        command = [sys.executable, "-m", *program, "serve"]
        command += ["--data-dir", str(self.data), "--listen", self.address]
        command += self.store.arguments(folder)
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
        self._process.start(lambda: f"listening on {self.address}" in self.log)

    def kill(self) -> None:
        """``kill -9``, by its process id."""
        self._process.kill()

    def resume(self) -> None:
        """SIGCONT, by its process id."""
        self._process.resume()

    def wait_until_killed(self) -> None:
        """Wait for a server that kills itself."""
        self._wait_for(os.WEXITED, os.CLD_KILLED, signal.SIGKILL)

    def wait_until_stopped(self) -> None:
        """Wait for a server that stops itself, and hangs from then on until ``resume``."""
        self._wait_for(os.WSTOPPED, os.CLD_STOPPED, signal.SIGSTOP)

    def _wait_for(self, options: int, code: int, signal_number: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            # It is left for the process object to reap.
            found = os.waitid(os.P_PID, self.pid, options | os.WNOHANG | os.WNOWAIT)
            if found is not None:
                assert (found.si_code, found.si_status) == (code, signal_number), self.log
                return
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"it is still there\n{self.log}")

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        self._process.stop()

    def restart(self) -> None:
        """``kill -9``, and start it again on the same data."""
        self.kill()
        self.start()

    def client(
        self, *, timeout_seconds: float = PATIENCE_SECONDS, retry: RetryPolicy = ONCE
    ) -> PodiumClient:
        """A client that never repeats a call by itself, so that each outcome is known to the test."""
        return PodiumClient(self.address, timeout_seconds=timeout_seconds, retry=retry)


@contextmanager
def running(
    folder: Path,
    name: str = "podium",
    program: Sequence[str] = PODIUM,
    store: Store | None = None,
) -> Iterator[KillableServer]:
    """A server that runs; killed in the end."""
    server = KillableServer(folder, name, program, store)
    server.start()
    try:
        yield server
    finally:
        server.kill()
