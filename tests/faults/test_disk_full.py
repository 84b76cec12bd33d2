"""A real full disk: health says so while writes fail, reads go on, and all is well when there is space again."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from podium_client import PodiumClient
from podium_core.errors import BackendUnavailableError
from podium_core.models import PushMessage
from tests.faults.server import ONCE
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# A file system of its own, which others see through /proc; no privilege is needed for it.
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
MOUNT_AND_RUN = 'mount -t tmpfs -o size=16m podium "$0" && exec "$@"'
ON_THE_DISK = ("store/main", "store/payloads", "podium.v1.QueueService")


class SmallDisk:
    """A server whose data folder is a disk of 16 MiB.

    Attributes:
        address: Where it listens.
    """

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.address = f"{LOOPBACK}:{port}"
        self._data = folder / "data"
        self._data.mkdir()
        podium = [sys.executable, "-m", "podium_server", "serve", "--listen", self.address]
        podium += ["--data-dir", str(self._data)]
        command = [*OWN_MOUNTS, "sh", "-c", MOUNT_AND_RUN, str(self._data), *podium]
        self.process = ServerProcess("podium", command, folder / "podium.log")

    @property
    def _filler(self) -> Path:
        return Path(f"/proc/{self.process.pid}/root{self._data}/filler")

    def start(self) -> None:
        """Start it; returns when it listens."""
        self.process.start(lambda: f"listening on {self.address}" in self.process.output())

    def fill(self) -> None:
        """Leave not a byte."""
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4_096))
        assert shutil.disk_usage(self._filler.parent).free == 0

    def free(self) -> None:
        """Make space."""
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if shutil.which("unshare") is None or subprocess.run([*OWN_MOUNTS, "true"]).returncode:
        pytest.skip("a file system of its own can't be mounted here: unshare fails")
    server = SmallDisk(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.process.kill()


@asynccontextmanager
async def _health_of(address: str) -> AsyncIterator[health_pb2_grpc.HealthStub]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield health_pb2_grpc.HealthStub(channel)


async def _becomes(stub: health_pb2_grpc.HealthStub, entry: str, wanted: int) -> None:
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=entry))
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for answer in watch:
            if answer.status == wanted:
                break
    watch.cancel()


async def test_health_follows_the_space_on_the_disk(disk: SmallDisk) -> None:
    async with (
        PodiumClient(disk.address, timeout_seconds=PATIENCE_SECONDS, retry=ONCE) as podium,
        _health_of(disk.address) as health,
    ):
        await podium.queues.push("q", PushMessage(id="before"))
        for entry in ON_THE_DISK:
            await _becomes(health, entry, SERVING)
        disk.fill()
        for entry in ON_THE_DISK:
            await _becomes(health, entry, NOT_SERVING)
        large = PushMessage(id="large", payload="x" * 1_000_000)
        with pytest.raises(BackendUnavailableError):
            await podium.queues.push("q", large)
        assert await podium.queues.get_size("q") == 1
        disk.free()
        for entry in ON_THE_DISK:
            await _becomes(health, entry, SERVING)
        await podium.queues.push("q", large)
        assert await podium.queues.get_size("q") == 2
