"""Where Redis is, and how a connection to it is made: redis-py does that, with AUTH, TLS, SELECT and Sentinel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import redis.asyncio as redis
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError

from podium_backends.redis.connection.pipe import Pipe
from podium_core.errors import BackendUnavailableError

_CLIENT_NAME = "podium"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where to connect, and how long that may take.

    Attributes:
        store: The configured name of the store, for errors.
        url: ``redis://``, ``rediss://`` or ``unix://``; behind Sentinel its host and port aren't used.
        options: Further arguments of redis-py's connection: user name, password, files for TLS.
        sentinels: Addresses of Sentinels; empty: the URL's own host is the server.
        service: What the Sentinels call the primary.
        sentinel_options: As ``options``, for connections to Sentinels.
        connect_timeout: In seconds.
        reply_timeout: In seconds, of each command.
        max_bytes_in_flight: Of commands without a reply, on one connection.
    """

    store: str
    url: str
    options: Mapping[str, Any] = {}
    sentinels: Sequence[tuple[str, int]] = ()
    service: str = ""
    sentinel_options: Mapping[str, Any] = {}
    connect_timeout: float = 2.0
    reply_timeout: float = 5.0
    max_bytes_in_flight: int = 64 * 1024 * 1024


async def connect(target: Target) -> Pipe:
    """A connection that is ready for commands. Raises as ``open_stream``."""
    stream = await open_stream(target)
    pipe = Pipe(reply_timeout=target.reply_timeout, max_bytes_in_flight=target.max_bytes_in_flight)
    pipe.take_over(stream)
    return pipe


async def open_stream(target: Target) -> asyncio.StreamWriter:
    """A connection that is logged in, on which nothing is under way: a protocol of ours takes over its transport.

    The stream has to be kept as long as the transport is used.

    Raises:
        BackendUnavailableError: There is none to be had: why, and for what address.
    """
    connection: AbstractConnection | None = None
    try:
        async with asyncio.timeout(target.connect_timeout):
            connection = await _connection(target)
            await connection.connect()  # type: ignore[no-untyped-call]  # redis-py's
    except (RedisError, OSError, TimeoutError) as error:
        if connection is not None:
            await connection.disconnect(nowait=True)
        raise BackendUnavailableError(target.store, _failure(target, error)) from error
    except BaseException:
        if connection is not None:
            await connection.disconnect(nowait=True)
        raise
    return _take_writer(connection)


async def _connection(target: Target) -> AbstractConnection:
    arguments: dict[str, Any] = {**parse_url(target.url)}
    kind: type[AbstractConnection] = arguments.pop("connection_class", redis.Connection)
    arguments |= target.options
    if target.sentinels:
        host, port = await _primary(target)
        arguments |= {"host": host, "port": port}
    return kind(
        **arguments,
        socket_connect_timeout=target.connect_timeout,
        socket_timeout=target.connect_timeout,
        client_name=_CLIENT_NAME,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )


async def _primary(target: Target) -> tuple[str, int]:
    options = {"socket_timeout": target.connect_timeout, **target.sentinel_options}
    sentinels = list(target.sentinels)
    sentinel = Sentinel(sentinels, sentinel_kwargs=options)  # type: ignore[no-untyped-call]  # redis-py's
    try:
        host, port = await sentinel.discover_master(target.service)
        return str(host), int(port)
    finally:
        for client in sentinel.sentinels:
            await client.aclose()


def _take_writer(connection: AbstractConnection) -> asyncio.StreamWriter:
    # redis-py has no public way to give its stream away. Its own object would close what is forgotten with it.
    writer: Any = connection._writer
    connection._reader = connection._writer = None
    return cast(asyncio.StreamWriter, writer)


def _failure(target: Target, error: Exception) -> str:
    where = f"Sentinel's '{target.service}'" if target.sentinels else _address(target.url)
    if isinstance(error, TimeoutError):
        return f"Redis at {where}: no connection in {target.connect_timeout:g} s"
    if isinstance(error, AuthenticationError):
        return f"Redis at {where}: {error} Set 'password', or 'username' and 'password'"
    return f"Redis at {where}: {error}"


def _address(url: str) -> str:
    arguments = parse_url(url)
    if "path" in arguments:
        return str(arguments["path"])
    return f"{arguments.get('host', 'localhost')}:{arguments.get('port', 6379)}"
