"""Cuts a client's connection off. gRPC for Python can end a call only after its client has taken what was sent."""

from __future__ import annotations

import structlog

from podium_server.client_sockets import address_of, shut_down_peer

_log = structlog.get_logger("podium.calls")


def cut(peer: str) -> bool:
    """Shut the connection of a peer down, named as gRPC does: ``ipv4:127.0.0.1:41234``.

    Returns whether it was there. A client of a Unix socket has no name of its own, so it can't be cut off.
    """
    address = address_of(peer)
    if not address or not shut_down_peer(address):
        return False
    _log.warning("a client that takes no answers is cut off", peer=peer)
    return True
