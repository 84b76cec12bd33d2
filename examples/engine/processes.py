"""The processes of the demo: started, killed and stopped each by its own process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
REPOSITORY = Path(__file__).parents[2]
STOP_SECONDS = 5.0
# Small, so that the demo has large outputs: what is above it moves to the payload store.
SERVER_ENVIRONMENT = {"PODIUM_PAYLOADS__TASK_SOFT_LIMIT_BYTES": "4096"}


class Process:
    """One process, which can be started again after it was killed."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._command = [*_dies_with_parent(), *command]
        self._folder = folder
        self._log = log
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ended(self) -> bool:
        """Whether it ended although nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start it; what it prints goes to its log."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo, which then stops everyone.
                process_group=0,
            )

    def kill(self) -> None:
        """End it at once, as a crash does (kill -9)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask_to_stop(self) -> None:
        """Let it end in its own way (SIGTERM)."""
        if self._process is not None:
            self._process.terminate()

    def stop(self) -> None:
        """Let it end in its own way, and by force when that takes too long."""
        self.ask_to_stop()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def log_tail(self, lines: int = 10) -> str:
        """The end of what it printed."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


class Cast:
    """Everyone who plays: a server, an engine, workers."""

    def __init__(self, folder: Path, *, workers: int, configuration: str = "") -> None:
        """Take the folder of all files, and what ``podium.toml`` says; empty: the embedded stores."""
        self.journals = _made(folder / "journals")
        self._logs = _made(folder / "logs")
        self._data = _made(folder / "data")
        file = folder / "podium.toml"
        file.write_text(configuration, "utf-8")
        self.address = f"{LOOPBACK}:{free_port()}"
        self.server = self._process(
            "server",
            *("-m", "podium_server", "serve"),
            *("--config", str(file)),
            *("--data-dir", str(self._data), "--listen", self.address),
            folder=self._data,
            environment=SERVER_ENVIRONMENT,
        )
        self.engine = self._player("engine", "engine")
        self.workers = [self._player("worker", f"worker {n}") for n in range(1, workers + 1)]
        self.killed: list[tuple[str, float]] = []

    @property
    def everyone(self) -> list[Process]:
        """The workers first, the server last, as they are stopped."""
        return [*self.workers, self.engine, self.server]

    def kill(self, process: Process) -> None:
        """Kill one, and remember when."""
        process.kill()
        self.killed.append((process.name, time.monotonic()))

    def stop(self) -> None:
        """Stop all of them: the server last, so that the others can finish."""
        for process in (*self.workers, self.engine):
            process.ask_to_stop()
        for process in self.everyone:
            process.stop()

    def _player(self, role: str, name: str) -> Process:
        journal = self.journals / f"{name.replace(' ', '-')}.jsonl"
        return self._process(
            name,
            *("-m", "examples.engine.run_process", role),
            *("--name", name, "--address", self.address, "--journal", str(journal)),
            folder=REPOSITORY,
        )

    def _process(
        self, name: str, *command: str, folder: Path, environment: Mapping[str, str] | None = None
    ) -> Process:
        log = self._logs / f"{name.replace(' ', '-')}.log"
        command = (sys.executable, *command)
        return Process(name, command, folder=folder, log=log, environment=environment)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server((LOOPBACK, 0)) as opened:
        port: int = opened.getsockname()[1]
        return port


def _dies_with_parent() -> list[str]:
    """The prefix by which Linux ends a process when the demo itself is killed without warning."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
