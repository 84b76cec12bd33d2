"""``python -m examples.engine.run_process engine|worker``: one process of the engine, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from examples.engine.definition_model import load_definitions, simple_task_types
from examples.engine.engine import Engine
from examples.engine.journal import Journal
from examples.engine.worker import Worker
from podium_client import PodiumClient


def main() -> None:
    """Run the process."""
    options = _options()
    with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(_until_stopped(_run(options)))


async def _run(options: argparse.Namespace) -> None:
    with contextlib.closing(Journal(options.journal, options.name)) as journal:
        async with PodiumClient(options.address) as podium:
            if options.role == "engine":
                await Engine(podium, journal).run()
            else:
                task_types = simple_task_types(load_definitions())
                await Worker(podium, options.name, journal).run(task_types)


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("engine", "worker"))
    parser.add_argument("--address", default="127.0.0.1:50051", help="where Podium listens")
    parser.add_argument("--name", required=True, help="what the process is called")
    parser.add_argument("--journal", type=Path, required=True, help="what it did, a line each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
