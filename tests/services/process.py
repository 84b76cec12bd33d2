"""A server process of our own: output in a file, gone with this interpreter at the latest."""

import atexit
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

# A server that is starting on a busy machine is waited for as long as it lives; this only ends one that hangs.
START_SECONDS = 900
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 20


class ServerStartError(RuntimeError):
    """A server ended or was not ready in time; the message carries the end of its log."""


class ServerProcess:
    """One server, started and stopped by its own process id."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, *, user: int | None = None
    ) -> None:
        """Prepare a server.

        Args:
            name: As errors say it.
            command: What starts it.
            log: The file for its output.
            user: The id that it runs as, which only root can choose; None for ours.
        """
        self._name = name
        self._command = [*(dies_with_parent() if user is None else run_as(user)), *command]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self, ready: Callable[[], bool], *, timeout_seconds: float = START_SECONDS) -> None:
        """Start the server and return when it is ready.

        Raises:
            ServerStartError: It ended, or was not ready in time. It does not run then.
        """
        # To a file: a pipe that nobody reads fills up and hangs the server.
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the tests, which then stop the server themselves.
                process_group=0,
            )
        atexit.register(self.kill)
        try:
            self._wait_until(ready, timeout_seconds)
        except BaseException:
            self.kill()
            raise

    def stop(self, *, timeout_seconds: float = 20) -> None:
        """End the server in its own way, and by force when that takes too long."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """End the server at once, as a crash does; harmless when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """Let the server hang until ``resume``: connections stay open, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def output(self) -> str:
        """Return what the server has printed since its last start."""
        return self._log.read_text(errors="replace")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self._name} is not running")
        return self._process

    def _wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        process = self._running()
        while not ready():
            if process.poll() is not None:
                raise self._start_error(f"ended with code {process.returncode}")
            if time.monotonic() > deadline:
                raise self._start_error(f"was not ready after {timeout_seconds:g} s")
            time.sleep(POLL_SECONDS)

    def _start_error(self, what: str) -> ServerStartError:
        tail = "\n".join(self.output().splitlines()[-LOG_LINES_SHOWN:])
        return ServerStartError(f"{self._name} {what}:\n{tail}")


def dies_with_parent() -> list[str]:
    """Return the prefix by which Linux ends a command when we are killed without warning."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def run_as(user: int) -> list[str]:
    """Return the same prefix for a command of another user: the signal has to be set after the user."""
    return [
        "setpriv",
        *("--reuid", str(user), "--regid", str(user), "--clear-groups"),
        *("--pdeathsig", "KILL", "--"),
    ]
