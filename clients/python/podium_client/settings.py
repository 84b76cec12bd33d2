"""What a client is told: where the server is, and how long to wait for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import grpc
import msgspec

from podium_client.errors import InvalidArgumentError
from podium_client.retry import RetryPolicy

DEFAULT_ADDRESS = "127.0.0.1:50051"
DEFAULT_TIMEOUT_SECONDS = 30.0
MAX_MESSAGE_BYTES = 32 * 1024 * 1024

ADDRESS_VARIABLE = "PODIUM_ADDRESS"
CONNECTIONS_VARIABLE = "PODIUM_CONNECTIONS"
TIMEOUT_VARIABLE = "PODIUM_TIMEOUT_SECONDS"
CERTIFICATE_VARIABLE = "PODIUM_TLS_CERTIFICATE"

N = TypeVar("N", int, float)


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a client reaches its server.

    Attributes:
        address: ``host:port``, or any name that gRPC resolves.
        connections: So many TCP connections share the calls; more than one helps above some 10,000 calls a second.
        timeout_seconds: The deadline of each call, repeats included; of a stream, the longest wait for its next chunk.
        credentials: For TLS; without them plain text.
    """

    address: str = DEFAULT_ADDRESS
    connections: int = 1
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    retry: RetryPolicy = RetryPolicy()
    max_message_bytes: int = MAX_MESSAGE_BYTES
    credentials: grpc.ChannelCredentials | None = None

    def __post_init__(self) -> None:
        """Refuse what can't work."""
        if self.connections < 1:
            raise InvalidArgumentError("connections", f"must be at least 1, is {self.connections}")
        require_timeout(self.timeout_seconds)


def require_timeout(timeout_seconds: float) -> float:
    """A deadline in seconds, once it is known to be one.

    Raises:
        InvalidArgumentError: It isn't more than 0.
    """
    if not timeout_seconds > 0:
        raise InvalidArgumentError("timeout_seconds", f"must be more than 0, is {timeout_seconds}")
    return timeout_seconds


def settings_from_env(environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """The settings that ``PODIUM_ADDRESS`` and its like say, defaults for the others.

    Raises:
        InvalidArgumentError: A variable doesn't hold what it should.
    """
    certificate = environment.get(CERTIFICATE_VARIABLE)
    return ClientSettings(
        address=environment.get(ADDRESS_VARIABLE) or DEFAULT_ADDRESS,
        connections=_number(environment, CONNECTIONS_VARIABLE, int, 1),
        timeout_seconds=_number(environment, TIMEOUT_VARIABLE, float, DEFAULT_TIMEOUT_SECONDS),
        credentials=_tls(Path(certificate)) if certificate else None,
    )


def _number(environment: Mapping[str, str], name: str, kind: type[N], default: N) -> N:
    text = environment.get(name)
    try:
        return kind(text) if text else default
    except ValueError:
        raise InvalidArgumentError(name, f"must be a number, is '{text}'") from None


def _tls(certificate: Path) -> grpc.ChannelCredentials:
    try:
        return grpc.ssl_channel_credentials(certificate.read_bytes())
    except OSError as error:
        raise InvalidArgumentError(
            CERTIFICATE_VARIABLE, f"{certificate} can't be read: {error.strerror}"
        ) from None
