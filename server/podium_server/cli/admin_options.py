"""Options of the commands that talk to a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podium_backends.registry import Registry
from podium_server.config.addresses import TcpAddress, parse_address
from podium_server.config.load import load_config
from podium_server.startup_errors import StartupError

AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="The server, host:port or unix:path; default: the first address of the configuration.",
    ),
]
ResumeOption = Annotated[
    str, typer.Option("--resume", metavar="TOKEN", help="Go on where an earlier run ended.")
]

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is what is left out


def server_address(address: str | None, config: Path | None, registry: Registry) -> str:
    """The server that is meant.

    Raises:
        StartupError: Neither says where, or the configuration can't be read.
    """
    try:
        listen = address or load_config(config, registry=registry).server.listen[0]
        found = parse_address(listen)
    except ValueError as error:
        raise StartupError(f"--address: {error}") from None
    if not isinstance(found, TcpAddress):
        return str(found)
    if not found.port:
        raise StartupError(f"{found} has no port: name the server with --address")
    return str(TcpAddress(_EVERYWHERE.get(found.host, found.host), found.port))
