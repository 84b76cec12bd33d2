"""Addresses to listen on: ``host:port``, ``[ipv6]:port``, ``unix:path`` or ``unix-abstract:name``."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

MAX_PORT = 65_535
UNIX_PREFIX = "unix:"
ABSTRACT_PREFIX = "unix-abstract:"
FORMS = "host:port, [ipv6]:port or unix:path"


@dataclass(frozen=True)
class TcpAddress:
    """A host and a port; port 0 takes a free one."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it. A name other than ``localhost`` counts as reachable."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class UnixAddress:
    """A Unix socket: a path, or a name in Linux's abstract namespace."""

    name: str
    abstract: bool = False

    @property
    def loopback(self) -> bool:
        """True: a Unix socket never leaves the machine."""
        return True

    def __str__(self) -> str:
        return f"{ABSTRACT_PREFIX if self.abstract else UNIX_PREFIX}{self.name}"


ListenAddress = TcpAddress | UnixAddress


def parse_address(text: str) -> ListenAddress:
    """Read an address.

    Raises:
        ValueError: It has none of the forms; the text says which there are.
    """
    if text.startswith(ABSTRACT_PREFIX):
        return UnixAddress(_name(text, ABSTRACT_PREFIX), abstract=True)
    if text.startswith(UNIX_PREFIX):
        return UnixAddress(_name(text, UNIX_PREFIX))
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal():
        raise ValueError(f"'{text}' isn't an address: {FORMS}")
    if int(port) > MAX_PORT:
        raise ValueError(f"'{text}' has no port of 0-{MAX_PORT}")
    return TcpAddress(_host(host, text), int(port))


def _name(text: str, prefix: str) -> str:
    # unix:///path is the URI form of unix:/path.
    name = text.removeprefix(prefix)
    name = name.removeprefix("//") if name.startswith("///") else name
    if not name:
        raise ValueError(f"'{text}' isn't an address: {FORMS}")
    return name


def _host(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise ValueError(f"'{text}' isn't an address: {host} is no IPv6 address") from None
    if ":" in host or "/" in host or any(letter.isspace() for letter in host):
        raise ValueError(f"'{text}' isn't an address: {FORMS}")
    return host
