"""The process's own TCP sockets, as the kernel knows them: gRPC for Python tells nothing of its connections."""

from __future__ import annotations

import os
import resource
import socket
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_OWN_FILES = Path("/proc/self/fd")
# Of Linux's struct tcp_info.
_LAST_DATA_RECEIVED = slice(52, 56)
_BYTES_ACKED = slice(120, 128)
_BYTES_RECEIVED = slice(128, 136)
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)


class ClientSocket(NamedTuple):
    """One connection.

    Attributes:
        descriptor: Its number, for as long as nobody closes it.
        peer: The client's address, ``127.0.0.1:41234`` or ``[::1]:41234``.
        silent_ms: Since when its client has sent nothing; 0 where the system doesn't say.
    """

    descriptor: int
    peer: str
    silent_ms: int


class Traffic(NamedTuple):
    """The bytes of a connection since it was opened: those that came, and those that its client has confirmed."""

    received: int
    sent: int


def address_of(peer: str) -> str:
    """The address in a peer's name, which gRPC writes as ``ipv4:127.0.0.1:41234``; empty of a Unix socket."""
    kind, _, address = peer.partition(":")
    return unquote(address) if kind in ("ipv4", "ipv6") else ""


def client_sockets(ports: Iterable[int]) -> list[ClientSocket]:
    """The connections that clients have opened to these ports; opens no file itself."""
    own = set(ports)
    found = []
    for descriptor in _descriptors():
        with _borrow(descriptor) as connection:
            if (
                connection is not None
                and (peer := _peer_of(connection))
                and _port(connection) in own
            ):
                found.append(ClientSocket(descriptor, peer, _silent_ms(connection)))
    return found


def find_sockets(peers: Iterable[str]) -> dict[str, int]:
    """The descriptors of connections, by their clients' addresses."""
    wanted = set(peers)
    found = {}
    for descriptor in _descriptors():
        with _borrow(descriptor) as connection:
            if connection is not None and (peer := _peer_of(connection)) in wanted:
                found[peer] = descriptor
    return found


def traffic_of(descriptor: int, peer: str) -> Traffic | None:
    """The bytes of a connection; None where it is no longer this peer's, or the system doesn't count."""
    with _borrow(descriptor) as connection:
        if connection is None or _peer_of(connection) != peer:
            return None
        info = _tcp_info(connection, _BYTES_RECEIVED.stop)
    if len(info) < _BYTES_RECEIVED.stop:
        return None
    return Traffic(_number(info[_BYTES_RECEIVED]), _number(info[_BYTES_ACKED]))


def shut_down(descriptor: int, peer: str) -> bool:
    """End a connection if it is still this peer's; gRPC then closes it."""
    # A descriptor of our own can't become another's meanwhile. At the limit of open files there is none.
    own = -1
    with suppress(OSError):
        own = os.dup(descriptor)
    try:
        return _shut_down(descriptor if own < 0 else own, peer)
    finally:
        if own >= 0:
            os.close(own)


def _shut_down(descriptor: int, peer: str) -> bool:
    with _borrow(descriptor) as connection:
        if connection is None or _peer_of(connection) != peer:
            return False
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        return True


def shut_down_peer(peer: str) -> bool:
    """End the connection of a peer; false where it isn't there."""
    return any(shut_down(descriptor, peer) for descriptor in _descriptors())


def _descriptors() -> Iterable[int]:
    try:
        return [int(entry.name) for entry in _OWN_FILES.iterdir()]
    except OSError:  # no such folder, or no descriptor left to read it
        return range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


@contextmanager
def _borrow(descriptor: int) -> Iterator[socket.socket | None]:
    """The socket of a descriptor, which stays its owner's; None where it is none."""
    try:
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        connection = socket.socket(fileno=descriptor) if is_socket else None
    except OSError:
        connection = None
    try:
        yield connection
    finally:
        if connection is not None:
            connection.detach()


def _peer_of(connection: socket.socket) -> str:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return ""
    with suppress(OSError):
        host, port = connection.getpeername()[:2]
        # A socket that listens for both families sees an IPv4 client so.
        host = host.removeprefix("::ffff:")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""


def _port(connection: socket.socket) -> int:
    with suppress(OSError):
        return int(connection.getsockname()[1])
    return 0


def _silent_ms(connection: socket.socket) -> int:
    return _number(_tcp_info(connection, _LAST_DATA_RECEIVED.stop)[_LAST_DATA_RECEIVED])


def _tcp_info(connection: socket.socket, size: int) -> bytes:
    """The beginning of what the kernel knows of a connection; empty where it doesn't say."""
    if _TCP_INFO is None:
        return b""
    with suppress(OSError):
        return connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, size)
    return b""


def _number(data: bytes) -> int:
    return int.from_bytes(data, sys.byteorder)
