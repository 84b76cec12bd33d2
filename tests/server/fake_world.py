"""Kinds and an application made up for tests of configuration and process life; ``python fake_world.py`` is ``podium``.

What the process tests steer goes through FAKE_… variables: see ``FakeApp``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from podium_backends.registry import Registry
from podium_core.backend import (
    BackendSpec,
    Capability,
    ConnectedStore,
    DataType,
    Durability,
    StoreContext,
)
from podium_core.errors import BackendUnavailableError
from podium_server.interceptors import InFlight

EVERYTHING_BUT = frozenset(DataType) - {DataType.INDEX, DataType.PAYLOADS}
SERVICE = "podium.v1.QueueService"


class EmbeddedSettings(BaseModel):
    """Like sqlite's."""

    model_config = ConfigDict(extra="forbid")

    path: Path = Path("podium.db")
    lock_timeout_ms: int = Field(5_000, ge=1)


class FolderSettings(BaseModel):
    """Like local_files'."""

    model_config = ConfigDict(extra="forbid")

    path: Path = Path("payloads")


class NetworkSettings(BaseModel):
    """Like redis's."""

    model_config = ConfigDict(extra="forbid")

    url: str
    password: SecretStr | None = None
    pool_size: int = Field(16, ge=1, le=1_000)


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    raise NotImplementedError


def _no_capabilities(_: Any) -> frozenset[Capability]:
    return frozenset()


def _durability(_: Any) -> tuple[Durability, str]:
    return Durability.NONE, "not durable: the test says so"


def spec(kind: str, settings_type: type[BaseModel], serves: frozenset[DataType]) -> BackendSpec:
    """A kind that can't connect."""
    return BackendSpec(
        kind=kind,
        settings_type=settings_type,
        serves=serves,
        capabilities=_no_capabilities,
        connect=_connect,
        durability=_durability,
    )


SPECS = {
    "sqlite": spec("sqlite", EmbeddedSettings, EVERYTHING_BUT | {DataType.INDEX}),
    "local_files": spec("local_files", FolderSettings, frozenset({DataType.PAYLOADS})),
    "redis": spec("redis", NetworkSettings, EVERYTHING_BUT),
    "cassandra": spec(
        "cassandra",
        NetworkSettings,
        EVERYTHING_BUT - {DataType.QUEUES, DataType.RATE_LIMITS, DataType.POLL_DATA},
    ),
    "elasticsearch6": spec("elasticsearch6", NetworkSettings, frozenset({DataType.INDEX})),
}
REGISTRY = Registry({kind: lambda kind=kind: SPECS[kind] for kind in SPECS})  # type: ignore[misc]


class FakeStore:
    """Well as long as the file FAKE_STORE_DOWN isn't there."""

    kind = "sqlite"

    async def ping(self) -> None:
        """Fail where the file is."""
        if _exists(os.environ.get("FAKE_STORE_DOWN")):
            raise BackendUnavailableError("main", "refused the connection")


class FakeHandle:
    """Writes ``drained`` and ``closed`` to FAKE_EVENTS."""

    facade = None
    in_flight = InFlight()
    stores: Mapping[str, FakeStore] = {"main": FakeStore()}

    def begin_drain(self) -> None:
        """Note it."""
        _note("drained")

    async def close(self) -> None:
        """Note it, or hang."""
        if "FAKE_CLOSE_HANGS" in os.environ:
            await asyncio.to_thread(time.sleep, 3_600)
        _note("closed")


class FakeApp:
    """Serves ``QueueService/Sleep``: as many seconds as the request's bytes say, answered with ``done``."""

    async def open_facade(self, config: object) -> FakeHandle:
        """Open, fail (FAKE_OPEN_FAILS), break (FAKE_OPEN_BREAKS) or hang (FAKE_OPEN_HANGS)."""
        if "FAKE_OPEN_FAILS" in os.environ:
            raise BackendUnavailableError(
                "main", "store 'main' (redis at 127.0.0.1:1) refused the connection"
            )
        if "FAKE_OPEN_BREAKS" in os.environ:
            raise RuntimeError("what nobody\nthought of")
        if "FAKE_OPEN_HANGS" in os.environ:
            _note("opening")
            await asyncio.sleep(3_600)
        return FakeHandle()

    def register_services(
        self, server: grpc.aio.Server, handle: object, config: object
    ) -> Sequence[str]:
        """Add the one service."""
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Sleep": grpc.unary_unary_rpc_method_handler(_sleep)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        return (SERVICE,)


async def _sleep(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
    connection = FakeHandle.in_flight.enter(context.peer())
    try:
        _note("called")
        await asyncio.sleep(float(request))
    finally:
        FakeHandle.in_flight.leave(connection)
    return b"done"


def _exists(path: str | None) -> bool:
    return path is not None and Path(path).exists()


def _note(event: str) -> None:
    path = os.environ.get("FAKE_EVENTS")
    if path:
        with Path(path).open("a") as events:
            events.write(f"{event}\n")


def main() -> None:
    """Run ``podium`` on the made-up world, as ``podium_server.__main__`` does on the real one."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from podium_server.cli.run import run
    from podium_server.cli.world import World

    sys.exit(run(sys.argv[1:], World(registry=REGISTRY, load_app=FakeApp)))


if __name__ == "__main__":
    main()
