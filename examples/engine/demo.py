"""``make demo``: an engine and its workers on Podium, and what kills in the middle do to their workflows: nothing."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from examples.engine import load
from examples.engine.checks import Evidence, check
from examples.engine.definition_model import load_definitions, simple_task_types
from examples.engine.journal import Entry, JournalReader
from examples.engine.processes import Cast, Process
from examples.engine.screen import Row, Screen
from podium_client import PodiumClient
from podium_core.errors import StorageError

WORKERS = 4
STARTS_PER_SECOND = 15
REDRAW_SECONDS = 0.25
SETTLE_SECONDS = 15.0
BUSY_SECONDS = 2.0


class DemoError(Exception):
    """The demo can't go on."""


class Demo:
    """One run."""

    def __init__(self, options: argparse.Namespace, cast: Cast, screen: Screen) -> None:
        self._workflow_count: int = options.workflows
        self._kill_count: int = options.kills
        self._random = random.Random(options.seed)
        self._cast = cast
        self._screen = screen
        self._definitions = load_definitions()
        self._rows = {kind: Row(kind) for kind in (*load.KINDS, load.CHILD_KIND)}
        self._started: list[str] = []
        self._reader = JournalReader(cast.journals)
        self._entries: list[Entry] = []
        self._reported = 0
        self._in_hand: dict[str, set[str]] = {}

    async def run(self) -> bool:
        """Play the whole story; whether every check has passed."""
        async with PodiumClient(self._cast.address) as podium:
            self._podium = podium
            await self._open()
            try:
                async with asyncio.timeout(60 + 15 * self._kill_count):
                    await self._play()
            except TimeoutError:
                self._screen.say("not every workflow ended in time", style="bold red")
            checks = check(await self._gather())
        self._screen.sum_up(checks)
        return all(one.passed for one in checks)

    async def _open(self) -> None:
        begun = time.monotonic()
        self._cast.server.start()
        await self._answered()
        self._screen.say(
            f"server started in {time.monotonic() - begun:.1f} s at {self._cast.address}"
        )
        await load.register(self._podium, self._definitions.values())
        for player in (self._cast.engine, *self._cast.workers):
            player.start()
        self._screen.say(
            f"an engine, {len(self._cast.workers)} workers, {self._workflow_count} workflows"
        )

    async def _play(self) -> None:
        """Start workflows, kill processes and redraw, all at the same time, until no workflow is pending."""
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(self._start_workflows())
            killing = group.create_task(self._kill_by_and_by())
            drawing = group.create_task(self._draw())
            await starting
            await killing
            await self._until_none_is_pending()
            drawing.cancel()
        self._take_in_journals()
        self._screen.show(list(self._rows.values()))

    # Workflows

    async def _start_workflows(self) -> None:
        for order in range(self._workflow_count):
            kind = load.KINDS[order % len(load.KINDS)]
            self._started.append(
                await load.start_workflow(self._podium, self._definitions[kind], order)
            )
            self._rows[kind].started += 1
            await asyncio.sleep(1 / STARTS_PER_SECOND)

    async def _until_none_is_pending(self) -> None:
        while any((await load.pending_counts(self._podium)).values()):
            await asyncio.sleep(REDRAW_SECONDS)

    # Kills

    async def _kill_by_and_by(self) -> None:
        least = sum(
            load.least_tasks(self._definitions[load.KINDS[order % len(load.KINDS)]])
            for order in range(self._workflow_count)
        )
        victims = self._victims()
        for at, role in enumerate(victims, start=1):
            while self._reported < least * at / (len(victims) + 1):
                await asyncio.sleep(REDRAW_SECONDS)
            await self._kill(role)

    def _victims(self) -> list[str]:
        """The roles to kill, in order: a worker, the server, and beyond two, whomever chance picks."""
        first = ["worker", "server", "engine"][: self._kill_count]
        others = self._random.choices(
            ["worker", "server", "engine"], k=self._kill_count - len(first)
        )
        return [*first, *others]

    async def _kill(self, role: str) -> None:
        if role == "server":
            await self._kill_server()
        elif role == "engine":
            self._kill_and_restart(self._cast.engine, "what it was looking at is looked at again")
        else:
            worker = self._random.choice(self._cast.workers)
            await self._until_busy(worker)
            tasks = len(self._in_hand.get(worker.name, ()))
            self._kill_and_restart(
                worker, f"tasks in its hands: {tasks}, due again when their leases lapse"
            )

    async def _kill_server(self) -> None:
        acknowledged = list(self._started)
        killed_at = time.monotonic()
        self._kill_and_restart(self._cast.server, "nothing is told to anyone")
        await self._answered()
        away = time.monotonic() - killed_at
        found = len(await load.read_back(self._podium, acknowledged))
        what = "nothing lost" if found >= len(acknowledged) else f"only {found} workflows are left"
        self._screen.say(f"server back after {away:.1f} s, {what}", style="green")

    def _kill_and_restart(self, process: Process, remark: str) -> None:
        self._cast.kill(process)
        self._in_hand.pop(process.name, None)
        self._screen.say(f"killed {process.name} (kill -9): {remark}", style="yellow")
        process.start()

    async def _until_busy(self, worker: Process) -> None:
        """Wait for a moment in which the worker has a task in its hands."""
        give_up_at = time.monotonic() + BUSY_SECONDS
        while not self._in_hand.get(worker.name) and time.monotonic() < give_up_at:
            await asyncio.sleep(0.01)
            self._take_in_journals()

    async def _answered(self) -> None:
        """Wait until the server answers; the client itself tries again."""
        try:
            await self._podium.metadata.get_workflow_names()
        except StorageError as error:
            raise DemoError(f"{error}\n{self._cast.server.log_tail()}") from error

    # What is seen

    async def _draw(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._count_pending())
            while True:
                self._require_alive()
                self._take_in_journals()
                self._screen.show(list(self._rows.values()))
                await asyncio.sleep(REDRAW_SECONDS)

    async def _count_pending(self) -> None:
        while True:
            await asyncio.sleep(REDRAW_SECONDS)
            try:
                counts = await load.pending_counts(self._podium)
            except StorageError:
                continue  # while the server is away, the table shows what was last known
            for kind, count in counts.items():
                self._rows[kind].running = count

    def _require_alive(self) -> None:
        for process in self._cast.everyone:
            if process.ended:
                raise DemoError(f"{process.name} ended by itself:\n{process.log_tail()}")

    def _take_in_journals(self) -> None:
        for entry in self._reader.new_entries():
            self._entries.append(entry)
            self._take_in(entry)

    def _take_in(self, entry: Entry) -> None:
        in_hand = self._in_hand.setdefault(entry.who, set())
        match entry.what:
            case "started":
                in_hand.add(entry.subject)
            case "reported" | "discarded" | "abandoned":
                in_hand.discard(entry.subject)
            case "child started":
                self._rows[entry.kind].started += 1
            case "ended" if entry.detail != "COMPLETED":
                self._rows[entry.kind].failed += 1
        if entry.what == "reported":
            self._reported += 1
            self._rows[entry.kind].count_task(entry.at)

    # What is checked

    async def _gather(self) -> Evidence:
        await self._settle()
        podium = self._podium
        workflows = await load.read_back(podium, self._started)
        pending = await load.pending_counts(podium)
        pending |= await load.pending_tasks(podium, simple_task_types(self._definitions))
        queues = await podium.queues.queues_detail_verbose()
        self._take_in_journals()
        return Evidence(
            started=self._started,
            workflows=workflows,
            entries=self._entries,
            killed=self._cast.killed,
            queues=queues,
            pending=pending,
        )

    async def _settle(self) -> None:
        """Wait until every queue is empty: a message that a killed process held comes back first."""
        give_up_at = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < give_up_at:
            queues = await self._podium.queues.queues_detail_verbose()
            if not any(queue.size or queue.unacked for queue in queues):
                return
            await asyncio.sleep(REDRAW_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 if every check has passed."""
    options = _options(arguments)
    folder = Path(tempfile.mkdtemp(prefix="podium-demo-"))
    cast = Cast(folder, workers=WORKERS)
    passed = False
    # So that whoever ends the demo, the others end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Screen() as screen:
            passed = asyncio.run(Demo(options, cast, screen).run())
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except (DemoError, StorageError, ExceptionGroup) as error:
        print(_first(error), file=sys.stderr)
    finally:
        cast.stop()
        _clear_away(folder, keep=options.keep or not passed)
    return 0 if passed else 1


def _first(error: Exception) -> Exception:
    """The error inside a group; a defect is raised."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, DemoError | StorageError):
        raise error
    return error


def _clear_away(folder: Path, *, keep: bool) -> None:
    if keep:
        print(f"data, logs and journals: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.engine.demo", description=__doc__)
    parser.add_argument(
        "--workflows", type=int, default=200, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--kills", type=int, default=2, metavar="N", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=None, help="what chance does, again")
    parser.add_argument("--keep", action="store_true", help="leave data and logs behind")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
