"""The connections of a client: gRPC channels with their callables, made when they are first needed."""

from __future__ import annotations

import asyncio
from itertools import cycle
from typing import Any

import grpc

from podium_client.errors import ClientClosedError
from podium_client.settings import ClientSettings
from podium_protocol.rpcs import Kind, Rpc

KEEPALIVE_MS = 30_000
KEEPALIVE_TIMEOUT_MS = 10_000
FIRST_RECONNECT_MS = 100
SLOWEST_RECONNECT_MS = 1_000
CONNECT_TIMEOUT_MS = 5_000


class Connection:
    """One channel, and what calls its RPCs."""

    def __init__(self, settings: ClientSettings) -> None:
        options = channel_options(settings)
        self.channel = (
            grpc.aio.insecure_channel(settings.address, options)
            if settings.credentials is None
            else grpc.aio.secure_channel(settings.address, settings.credentials, options)
        )
        self._makers = {
            Kind.UNARY: self.channel.unary_unary,
            Kind.SERVER_STREAM: self.channel.unary_stream,
            Kind.CLIENT_STREAM: self.channel.stream_unary,
            Kind.BIDIRECTIONAL: self.channel.stream_stream,
        }
        self._callables: dict[str, Any] = {}

    def callable(self, rpc: Rpc) -> Any:
        """GRPC's callable of an RPC."""
        made = self._callables.get(rpc.path)
        return self._make(rpc) if made is None else made

    async def ready(self, seconds: float) -> None:
        """Wait for the connection, at most so long; the call itself then says what is wrong."""
        if self.channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.channel.channel_ready()
        except TimeoutError:
            return

    def _make(self, rpc: Rpc) -> Any:
        made = self._makers[rpc.kind](
            rpc.path,
            request_serializer=rpc.request.SerializeToString,
            response_deserializer=rpc.response.FromString,
        )
        self._callables[rpc.path] = made
        return made


class Channels:
    """The connections, taken in turn. They belong to the event loop in which the first call was made."""

    def __init__(self, settings: ClientSettings) -> None:
        self.settings = settings
        self.closed = False
        self._connections: list[Connection] = []
        self._turns: cycle[Connection] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def next(self) -> Connection:
        """The connection for the next call.

        Raises:
            ClientClosedError: The client was closed.
            RuntimeError: The client is used in another event loop than before.
        """
        if self._turns is None or self._loop is not asyncio.get_running_loop():
            self._turns = self._open()
        return next(self._turns)

    def _open(self) -> cycle[Connection]:
        if self.closed:
            raise ClientClosedError("this client was closed; make a new one")
        if self._loop is not None:
            raise RuntimeError("this PodiumClient belongs to another event loop: make one in each")
        self._loop = asyncio.get_running_loop()
        self._connections = [Connection(self.settings) for _ in range(self.settings.connections)]
        return cycle(self._connections)

    async def close(self) -> None:
        """Cut off what is under way, and let go of the sockets. A second time does nothing."""
        self.closed, self._turns, self._loop = True, None, None
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.channel.close()


def channel_options(settings: ClientSettings) -> list[tuple[str, Any]]:
    """GRPC's channel arguments."""
    return [
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # Else channels to the same address share one connection.
        ("grpc.use_local_subchannel_pool", 1),
        # A server that is back is found at once, not after gRPC's two minutes.
        ("grpc.initial_reconnect_backoff_ms", FIRST_RECONNECT_MS),
        ("grpc.max_reconnect_backoff_ms", SLOWEST_RECONNECT_MS),
        # In spite of its name: how long an attempt to connect may take.
        ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
        # A consumer whose server vanished without a word learns it.
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ]
