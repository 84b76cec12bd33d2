"""``podium`` as a real process, on the made-up world or on the real one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from tests.patience import PATIENCE_SECONDS
from tests.server.fake_world import SERVICE

ROOT = Path(__file__).parents[2]
FAKE = "tests.server.fake_world"
SLEEP = f"/{SERVICE}/Sleep"
REAL = "podium_server"


@dataclass
class PodiumProcess:
    """A server that listens.

    Attributes:
        process: The process; its stdout is at the end of the banner.
        banner: What it printed until it listened.
        address: The first TCP address.
        folder: Its working folder.
    """

    process: subprocess.Popen[str]
    banner: str
    address: str
    folder: Path

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    @property
    def log(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "stderr").read_text()

    @property
    def events(self) -> list[str]:
        """What the made-up application noted."""
        path = self.folder / "events"
        return path.read_text().split() if path.exists() else []

    def channel(self) -> grpc.Channel:
        """A new connection."""
        return grpc.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])

    def sleep(self, channel: grpc.Channel) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
        """The one RPC of the made-up application."""
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(SLEEP)
        return call

    def wait_for_event(self, event: str) -> None:
        """Wait until the application has noted it."""
        wait_until(lambda: event in self.events)


def start_podium(
    folder: Path,
    *arguments: str,
    module: str = FAKE,
    environment: Mapping[str, str] | None = None,
    log_to: Path | None = None,
    stdout: int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """A server that may not listen yet, its log in ``stderr`` or where it shall be."""
    with (log_to or folder / "stderr").open("w") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", module, "serve", "--listen", "127.0.0.1:0", *arguments],
            cwd=folder,
            env=_environment(folder, environment),
            stdout=stdout,
            stderr=stderr,
            text=True,
        )


@contextmanager
def podium_serves(
    folder: Path,
    *arguments: str,
    module: str = FAKE,
    environment: Mapping[str, str] | None = None,
    log_to: Path | None = None,
) -> Iterator[PodiumProcess]:
    """A server with its data in a folder, listening on a free port; killed in the end if it is still there."""
    process = start_podium(
        folder, *arguments, module=module, environment=environment, log_to=log_to
    )
    try:
        banner = _banner(process)
        match = re.search(r"listening on (127\.0\.0\.1:\d+)", banner)
        if match is None:
            raise AssertionError(f"{banner}{(folder / 'stderr').read_text()}")
        yield PodiumProcess(process, banner, match[1], folder)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def run_podium(
    folder: Path, *arguments: str, module: str = FAKE, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=_environment(folder, environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def wait_until(condition: object, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until a condition holds; returns how long that took."""
    assert callable(condition)
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"did not come true in {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - started


def _environment(folder: Path, more: Mapping[str, str] | None) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PODIUM_")}
    return (
        clean | {"PYTHONPATH": str(ROOT), "FAKE_EVENTS": str(folder / "events")} | dict(more or {})
    )


def _banner(process: subprocess.Popen[str]) -> str:
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("listening on "):
            break
    return "".join(lines)
