"""The servers under measurement: started, watched through /proc, ended by their pid."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 20.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LISTENING = re.compile(rb"^listening on (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A running server process.

    Attributes:
        began: When it was started, by the monotonic clock.
    """

    pid: int
    address: str
    began: float

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.address.rpartition(":")[2])

    def resident_bytes(self) -> int:
        """Its resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES

    def processor_seconds(self) -> float:
        """Processor time of its threads so far; to the nanosecond, unlike /proc/pid/stat."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


@contextmanager
def podium_server(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """``podium serve`` on a folder and a free port; ``settings`` are environment variables of the configuration."""
    arguments = [
        "-m",
        "podium_server",
        "serve",
        "--data-dir",
        str(data_dir),
        "--listen",
        "127.0.0.1:0",
    ]
    with _run_server(arguments, settings or {}) as server:
        yield server


@contextmanager
def echo_server() -> Iterator[Server]:
    """The empty echo on a free port."""
    with _run_server(["-m", "benchmarks.echo_server"], {}) as server:
        yield server


@contextmanager
def copy_server(path: Path) -> Iterator[Server]:
    """The plain copy, to and from a file, on a free port."""
    with _run_server(["-m", "benchmarks.copy_server", str(path)], {}) as server:
        yield server


@contextmanager
def delay_proxy(host: str, port: int, *, each_way_ms: float) -> Iterator[Server]:
    """A store's port as if it was farther away, on a free port."""
    arguments = ["-m", "benchmarks.delay_proxy", host, str(port), str(each_way_ms)]
    with _run_server(arguments, {}) as server:
        yield server


@contextmanager
def _run_server(arguments: Sequence[str], settings: Mapping[str, str]) -> Iterator[Server]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PODIUM_")}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        env={**inherited, "PODIUM_LOGGING__LEVEL": "warning", **settings},
    ) as process:
        try:
            yield Server(process.pid, _address(process), began)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[bytes]) -> str:
    """The address that a server says it listens on."""
    assert process.stdout is not None
    out = process.stdout.fileno()
    said = b""
    deadline = time.monotonic() + START_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([out], [], [], left)[0]:
            continue
        more = os.read(out, 65_536)
        if not more:
            raise RuntimeError(f"the server ended with {process.wait()} before it listened")
        said += more
        if found := _LISTENING.search(said):
            return found[1].decode()
    raise RuntimeError(f"the server did not listen within {START_SECONDS:.0f} s")
