"""A real gRPC server in the test's own loop, on the real facade over SQLite, and calls to it by the table of RPCs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import msgspec

from podium_protocol.rpcs import Rpc, rpc
from podium_protocol.status import error_of_call
from podium_server.app import open_facade
from podium_server.config.load import load_config
from podium_server.facade.facade import Facade
from podium_server.interceptors import CallLimits, InFlight, Pipeline
from podium_server.services import Services, register
from tests.patience import PATIENCE_SECONDS

Metadata = Sequence[tuple[str, str | bytes]]

UNLIMITED = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


class Caller:
    """Calls RPCs of a server, with messages or with bytes."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    def method(self, entry: Rpc) -> Callable[..., Any]:
        """The call of an RPC, bytes in and bytes out."""
        kinds: dict[str, Callable[..., Any]] = {
            "UNARY": self._channel.unary_unary,
            "SERVER_STREAM": self._channel.unary_stream,
            "CLIENT_STREAM": self._channel.stream_unary,
            "BIDIRECTIONAL": self._channel.stream_stream,
        }
        method: Callable[..., Any] = kinds[entry.kind.name](entry.path)
        return method

    async def unary(
        self, service: str, name: str, /, *, seconds: float | None = PATIENCE_SECONDS, **fields: Any
    ) -> Any:
        """A unary call. Raises the StorageError of its status."""
        entry = rpc(service, name)
        try:
            data = await self.method(entry)(
                entry.request(**fields).SerializeToString(), timeout=seconds
            )
        except grpc.aio.AioRpcError as error:
            raise error_of_call(error) from error
        return entry.response.FromString(data)

    async def stream(self, service: str, name: str, /, **fields: Any) -> list[Any]:
        """All chunks of a server stream. Raises the StorageError of its status."""
        entry = rpc(service, name)
        call = self.method(entry)(
            entry.request(**fields).SerializeToString(), timeout=PATIENCE_SECONDS
        )
        try:
            return [entry.response.FromString(data) async for data in call]
        except grpc.aio.AioRpcError as error:
            raise error_of_call(error) from error

    async def failure(
        self,
        service: str,
        name: str,
        data: bytes = b"",
        *,
        metadata: Metadata = (),
        seconds: float | None = 10,
    ) -> grpc.aio.AioRpcError:
        """How a call with these bytes fails."""
        entry = rpc(service, name)
        call = self.method(entry)(data, metadata=tuple(metadata), timeout=seconds)
        try:
            if entry.kind.name == "SERVER_STREAM":
                async for _ in call:
                    pass
            else:
                await call
        except grpc.aio.AioRpcError as error:
            return error
        raise AssertionError(f"{name} did not fail")


@asynccontextmanager
async def served(add: Callable[[grpc.aio.Server], None]) -> AsyncIterator[Caller]:
    """A server with what ``add`` puts on it, on a free port."""
    server = grpc.aio.server(options=UNLIMITED)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=UNLIMITED) as channel:
            yield Caller(channel)
    finally:
        await server.stop(0)


@asynccontextmanager
async def serving_method(
    entry: Rpc,
    method: Callable[..., Any],
    limits: CallLimits | None = None,
    *,
    streaming_twins: dict[str, str] | None = None,
    log_calls: bool = False,
) -> AsyncIterator[Caller]:
    """A server with one RPC, behind the pipeline."""
    pipeline = Pipeline(limits or CallLimits(), InFlight(), streaming_twins, log_calls=log_calls)

    def add(server: grpc.aio.Server) -> None:
        handlers = {entry.name: pipeline.handler(entry, method)}
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(entry.service, handlers),)
        )

    async with served(add) as caller:
        yield caller


class World(msgspec.Struct):
    """A server with every service, the facade behind it, and a way to call it."""

    caller: Caller
    facade: Facade
    services: Services


@asynccontextmanager
async def serving_everything(
    folder: Path, limits: CallLimits | None = None
) -> AsyncIterator[World]:
    """A server with every service, on SQLite in a folder."""
    config = load_config(environment={"PODIUM_DATA_DIR": str(folder)})
    handle = await open_facade(config)
    services: list[Services] = []
    try:
        async with served(
            lambda server: services.append(register(server, handle.facade, limits or CallLimits()))
        ) as caller:
            yield World(caller, handle.facade, services[0])
            handle.begin_drain()
        await services[0].finish()
    finally:
        await handle.close()
