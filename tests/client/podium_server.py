"""Podium's own server in the test's loop, on SQLite and a free port, which can go away and come back."""

from __future__ import annotations

from pathlib import Path

from podium_server.app import FacadeHandle, open_facade, register_services
from podium_server.config.config import Config
from podium_server.config.load import load_config
from podium_server.transport import build_server


class PodiumServer:
    """One server.

    Attributes:
        address: Where it listens; the same after a restart.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        """Takes the folder of its data, and further variables of its configuration."""
        environment["PODIUM_DATA_DIR"] = str(folder)
        self._config: Config = load_config(environment=environment)
        self._port = 0
        self._handle: FacadeHandle | None = None

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Open the store and listen."""
        self._handle = await open_facade(self._config)
        self._grpc = build_server(self._config.server)
        register_services(self._grpc, self._handle, self._config)
        self._port = self._grpc.add_insecure_port(self.address)
        await self._grpc.start()

    async def stop(self, grace_seconds: float = 0) -> None:
        """Cut off what is under way, and close the store."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            if grace_seconds:
                handle.begin_drain()
            await self._grpc.stop(grace_seconds)
            await handle.close()
