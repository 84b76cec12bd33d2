"""``podium serve``: the event loop, logging and the banner around the life of a server process."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from podium_server.app_shape import App
from podium_server.cli.banner import listening_line, store_lines
from podium_server.config.addresses import ListenAddress
from podium_server.config.config import Config
from podium_server.log_setup import set_up_logging


def run_server(config: Config, load_app: Callable[[], App[Any]]) -> None:
    """Serve until a signal asks to stop."""
    # Here and not above: what grpc and uvloop cost is paid only by those who serve.
    import uvloop

    from podium_server.open_files import allow_open_files
    from podium_server.process_memory import limit_kept_memory
    from podium_server.server_process import serve

    limit_kept_memory()
    allow_open_files()
    set_up_logging(config.logging)

    def announce(addresses: Sequence[ListenAddress]) -> None:
        for line in (*store_lines(config), listening_line(addresses)):
            _say(line)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, load_app(), announce))


def _say(line: str) -> None:
    # stdout is for people and scripts that wait for "listening on"; the log is on stderr.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
