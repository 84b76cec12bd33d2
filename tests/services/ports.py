"""Free ports on the loopback interface, and whether something listens on one."""

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on now."""
    with ExitStack() as stack:
        # All are held open until all are chosen, so that none is chosen twice.
        sockets = [stack.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


def accepts_connections(port: int) -> bool:
    """Tell whether something listens on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=10).close()
    except OSError:
        return False
    return True
