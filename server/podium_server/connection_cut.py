"""Cuts a client's connection off. gRPC for Python can end a call only after its client has taken what was sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import structlog

_OWN_FILES = Path("/proc/self/fd")

_log = structlog.get_logger("podium.calls")


def cut(peer: str) -> bool:
    """Shut the connection of a peer down, named as gRPC does: ``ipv4:127.0.0.1:41234``.

    Returns whether it was there. A client of a Unix socket has no name of its own, so it can't be cut off.
    """
    kind, _, address = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return False
    for connection in _connections():
        with connection:
            if _address(connection) == unquote(address):
                _log.warning("a client that takes no answers is cut off", peer=peer)
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                return True
    return False


def _connections() -> Iterator[socket.socket]:
    """The process's own TCP sockets, each through a descriptor of its own, so that none can change meanwhile."""
    for entry in list(_OWN_FILES.iterdir()) if _OWN_FILES.is_dir() else ():
        with suppress(OSError):
            descriptor = os.dup(int(entry.name))
            try:
                yield socket.socket(fileno=descriptor)
            except OSError:
                os.close(descriptor)


def _address(connection: socket.socket) -> str:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return ""
    with suppress(OSError):
        host, port = connection.getpeername()[:2]
        # A socket that listens for both families sees an IPv4 client so.
        host = host.removeprefix("::ffff:")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""
