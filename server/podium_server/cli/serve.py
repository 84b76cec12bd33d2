"""``podium serve``: the event loop, logging and the banner around the life of a server process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from podium_server.app_shape import App
from podium_server.cli.banner import listening_line, store_lines
from podium_server.config.addresses import ListenAddress
from podium_server.config.config import Config
from podium_server.line_writer import LineWriter
from podium_server.log_setup import log_stray_output, set_up_logging
from podium_server.printable import printable

_log = structlog.get_logger("podium.config")


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
    log_stray_output()
    for name, nearest in config.unread_variables.items():
        _log.warning("no setting reads this variable", variable=name, did_you_mean=nearest)
    # stdout is for people and scripts that wait for "listening on"; the log is on stderr.
    stdout = LineWriter(sys.stdout)

    def announce(addresses: Sequence[ListenAddress]) -> None:
        for line in (*store_lines(config), listening_line(addresses)):
            stdout.put(printable(line))

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(config, load_app(), announce))
    finally:
        stdout.close()
