"""The gRPC server of the services: its options, and binding with errors that people understand."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import grpc

from podium_server.config.addresses import ListenAddress, TcpAddress, UnixAddress
from podium_server.config.settings import ServerSettings
from podium_server.startup_errors import StartupError

# A client may ping that often; more often is abuse and ends its connection.
LEAST_PING_INTERVAL_MS = 10_000
# After that long without a word a connection is asked whether it lives, so that a dead consumer frees its streams.
KEEPALIVE_MS = 60_000
KEEPALIVE_TIMEOUT_MS = 20_000
# Of a message that nobody reads yet gRPC holds so much for each stream. It would grow with the speed of the network.
STREAM_WINDOW_BYTES = 64 * 1024
# A socket that doesn't even speak HTTP/2.
HANDSHAKE_TIMEOUT_MS = 10_000
# A connection without calls for so long is closed; its client opens another one for its next call.
IDLE_MS = 300_000
# gRPC's own limit answers CANCELLED without a word; the pipeline refuses with the time to come back.
UNLIMITED = 2**31 - 1
# In gRPC's set of compression algorithms: none. A small compressed request may become a large one.
ONLY_IDENTITY = 1
CONNECT_SECONDS = 0.2
GRPC_LOGGER = "grpc._cython.cygrpc"


def build_server(settings: ServerSettings) -> grpc.aio.Server:
    """A server that isn't bound yet."""
    # A filter that is there is not added again.
    logging.getLogger(GRPC_LOGGER).addFilter(is_no_client_that_left)
    return grpc.aio.server(options=server_options(settings))


def is_no_client_that_left(record: logging.LogRecord) -> bool:
    """Drop gRPC's stack traces of clients that leave while their answer is sent: no defect of anybody's."""
    return not str(record.msg).startswith("ExecuteBatchError raised in core")


def server_options(settings: ServerSettings) -> list[tuple[str, int]]:
    """The channel arguments of grpcio."""
    return [
        # One process owns the port: a second one is told so, instead of silently getting half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # Between the two, grpc refuses at random.
        ("grpc.max_metadata_size", settings.max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", settings.max_metadata_bytes),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", LEAST_PING_INTERVAL_MS),
        ("grpc.http2.max_ping_strikes", 2),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        ("grpc.server.max_pending_requests", UNLIMITED),
        ("grpc.server.max_pending_requests_hard_limit", UNLIMITED),
        # Streams that have ended would count until Python lets go of them, and a client that keeps to the limit be refused.
        ("grpc.http2.max_deallocating_streams", UNLIMITED),
        ("grpc.http.overload_protection", 0),
        ("grpc.http2.bdp_probe", 0),
        ("grpc.http2.lookahead_bytes", STREAM_WINDOW_BYTES),
        ("grpc.compression_enabled_algorithms_bitset", ONLY_IDENTITY),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_TIMEOUT_MS),
        ("grpc.max_connection_idle_ms", IDLE_MS),
    ]


def bind(server: grpc.aio.Server, addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
    """Bind a server; returns the addresses with the ports that were taken.

    Raises:
        StartupError: An address can't be had.
    """
    return tuple(_bind(server, address) for address in addresses)


def _bind(server: grpc.aio.Server, address: ListenAddress) -> ListenAddress:
    try:
        port = server.add_insecure_port(str(address))
    except RuntimeError:
        port = 0
    if not port:
        raise StartupError(f"{address}: can't be bound")
    return TcpAddress(address.host, port) if isinstance(address, TcpAddress) else address


def require_free(addresses: Sequence[ListenAddress]) -> None:
    """Refuse addresses that can't be bound, before any store is opened; grpc itself wouldn't say why.

    Raises:
        StartupError: An address is in use, isn't this machine's, or is out of reach.
    """
    for address in addresses:
        if isinstance(address, TcpAddress):
            _require_free_port(address)
        else:
            _require_free_socket(address)


def _require_free_port(address: TcpAddress) -> None:
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise StartupError(f"{address}: the name '{address.host}' isn't known") from None
    failures = [
        failure for family, _, _, _, target in found if (failure := _bind_failure(family, target))
    ]
    # A name may have an address of a family that this machine lacks; one that works is enough, unless one is in use.
    in_use = next((failure for failure in failures if isinstance(failure, _InUseError)), None)
    if in_use is not None or len(failures) == len(found):
        raise StartupError(f"{address} {in_use or failures[0]}")


class _InUseError(OSError):
    """Somebody else listens there."""

    def __str__(self) -> str:
        return "is in use by another process: stop it, or choose another address with --listen"


def _bind_failure(family: int, target: object) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As grpc does: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)  # type: ignore[arg-type]  # what getaddrinfo gave for this family
            probe.listen(1)
    except OSError as error:
        return (
            _InUseError()
            if error.errno == errno.EADDRINUSE
            else OSError(f"can't be bound: {error.strerror}")
        )
    return None


def _require_free_socket(address: UnixAddress) -> None:
    # grpc removes a socket that it finds there, one in use as well.
    if _answers(address):
        raise StartupError(f"{address} {_InUseError()}")
    if address.abstract:
        return
    path = Path(address.name)
    if path.exists() and not path.is_socket():
        raise StartupError(f"{address}: a file that isn't a socket is there: choose another path")
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise StartupError(f"{address}: the folder {path.parent} isn't there, or can't be written")


def _answers(address: UnixAddress) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        try:
            probe.connect("\0" + address.name if address.abstract else address.name)
        except OSError:
            return False
    return True
