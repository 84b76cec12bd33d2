"""``make demo``: an engine and its workers on Podium, and what kills in the middle do to their workflows: nothing."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from examples.engine import load
from examples.engine.aftermath import look_back
from examples.engine.aftermath_checks import check_aftermath
from examples.engine.cassandra_store import CassandraUnavailableError, executions_on_cassandra
from examples.engine.checks import Evidence, check
from examples.engine.definition_model import load_definitions, simple_task_types
from examples.engine.elasticsearch_store import (
    EMBEDDED,
    ElasticsearchUnavailableError,
    index_on_elasticsearch,
)
from examples.engine.ledger import Ledger
from examples.engine.processes import Cast, Process
from examples.engine.redis_store import (
    OWN_SERVER,
    RedisUnavailableError,
    redis_configuration,
)
from examples.engine.screen import Screen
from podium_client import PodiumClient, RetryPolicy
from podium_core.errors import StorageError
from podium_core.models import collect

WORKERS = 4
STARTS_PER_SECOND = 20
REDRAW_SECONDS = 0.25
SETTLE_SECONDS = 15.0
BUSY_SECONDS = 2.0
STOPPED = 130
# Rather until the deadline than a number of times: the server may be killed again while it comes back.
PATIENT = RetryPolicy(max_attempts=100)


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
        self._ledger = Ledger(cast.journals, screen.say)
        self._started: list[str] = []

    async def run(self) -> bool:
        """Play the whole story; whether every check has passed."""
        async with PodiumClient(self._cast.address, retry=PATIENT) as podium:
            self._podium = podium
            await self._open()
            try:
                async with asyncio.timeout(60 + 15 * self._kill_count):
                    await self._play()
            except TimeoutError:
                self._screen.say("not every workflow ended in time", style="bold red")
            evidence = await self._gather()
            aftermath = await look_back(podium, evidence.workflows)
        removed = [aftermath.removed.answer] if aftermath.removed else []
        self._screen.show_answers([*aftermath.answers, *removed])
        checks = [*check(evidence), *check_aftermath(aftermath)]
        self._screen.sum_up(checks)
        return all(one.passed for one in checks)

    async def _open(self) -> None:
        begun = time.monotonic()
        self._cast.server.start()
        await self._wait_for_answer()
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
        self._ledger.take_in()
        self._screen.show(list(self._ledger.rows.values()))

    # Workflows

    async def _start_workflows(self) -> None:
        for order in range(self._workflow_count):
            kind = load.KINDS[order % len(load.KINDS)]
            self._started.append(
                await load.start_workflow(self._podium, self._definitions[kind], order)
            )
            self._ledger.rows[kind].started += 1
            await asyncio.sleep(1 / STARTS_PER_SECOND)

    async def _until_none_is_pending(self) -> None:
        while any((await self._count_pending()).values()):
            await asyncio.sleep(REDRAW_SECONDS)

    async def _count_pending(self) -> dict[str, int]:
        counts = await load.pending_counts(self._podium)
        for kind, count in counts.items():
            self._ledger.rows[kind].running = count
        return counts

    # Kills

    async def _kill_by_and_by(self) -> None:
        least = sum(
            load.least_tasks(self._definitions[load.KINDS[order % len(load.KINDS)]])
            for order in range(self._workflow_count)
        )
        victims = self._victims()
        for at, role in enumerate(victims, start=1):
            await self._until_more_is_done(least * at / (len(victims) + 1))
            await self._kill(role)

    async def _until_more_is_done(self, tasks: float) -> None:
        """Wait until so many tasks are done, and one more than now; for that one only a while."""
        done = self._ledger.reports
        give_up_at = time.monotonic() + BUSY_SECONDS
        while self._ledger.reports < tasks or (
            self._ledger.reports == done and time.monotonic() < give_up_at
        ):
            await asyncio.sleep(REDRAW_SECONDS)

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
            self._cast.kill(self._cast.engine)
            self._screen.say("killed the engine (kill -9)", style="yellow")
            self._cast.engine.start()
        else:
            await self._kill_worker()

    async def _kill_worker(self) -> None:
        worker = self._random.choice(self._cast.workers)
        await self._until_busy(worker)
        self._cast.kill(worker)
        tasks = self._ledger.cut_off(worker.name)
        self._screen.say(f"killed {worker.name} (kill -9), tasks in hand: {tasks}", style="yellow")
        worker.start()

    async def _kill_server(self) -> None:
        acknowledged = list(self._started)
        killed_at = time.monotonic()
        self._cast.kill(self._cast.server)
        self._screen.say("killed the server (kill -9)", style="yellow")
        self._cast.server.start()
        await self._wait_for_answer()
        away = time.monotonic() - killed_at
        found = len(await collect(self._podium.executions.get_workflows(acknowledged)))
        what = "nothing lost" if found == len(acknowledged) else f"only {found} workflows are left"
        self._screen.say(f"server back after {away:.1f} s, {what}", style="green")

    async def _until_busy(self, worker: Process) -> None:
        """Wait for a moment in which the worker has a task in its hands."""
        give_up_at = time.monotonic() + BUSY_SECONDS
        self._ledger.take_in()
        while not self._ledger.in_hand(worker.name) and time.monotonic() < give_up_at:
            await asyncio.sleep(0.01)
            self._ledger.take_in()

    async def _wait_for_answer(self) -> None:
        """Wait until the server answers; the client itself tries again."""
        try:
            await self._podium.metadata.get_workflow_names()
        except StorageError as error:
            raise DemoError(f"{error}\n{self._cast.server.log_tail()}") from error

    # What is seen

    async def _draw(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_counting())
            while True:
                self._require_alive()
                self._ledger.take_in()
                self._screen.show(list(self._ledger.rows.values()))
                await asyncio.sleep(REDRAW_SECONDS)

    async def _keep_counting(self) -> None:
        while True:
            # While the server is away, the table shows what was last known.
            with contextlib.suppress(StorageError):
                await self._count_pending()
            await asyncio.sleep(REDRAW_SECONDS)

    def _require_alive(self) -> None:
        for process in self._cast.everyone:
            if process.ended:
                raise DemoError(f"{process.name} ended by itself:\n{process.log_tail()}")

    # What is checked

    async def _gather(self) -> Evidence:
        await self._settle()
        podium = self._podium
        workflows = await load.read_back(podium, self._started)
        pending = await load.pending_counts(podium)
        pending |= await load.pending_tasks(podium, simple_task_types(self._definitions))
        queues = await podium.queues.queues_detail_verbose()
        self._ledger.take_in()
        return Evidence(
            started=self._started,
            workflows=workflows,
            entries=self._ledger.entries,
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
    exit_code = 1
    try:
        with _configuration(options, folder) as configuration:
            exit_code = _play_in(folder, options, configuration)
    except (
        RedisUnavailableError,
        CassandraUnavailableError,
        ElasticsearchUnavailableError,
    ) as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        exit_code = _stopped()
    finally:
        _clear_away(folder, keep=options.keep or exit_code == 1)
    return exit_code


@contextlib.contextmanager
def _configuration(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """What the server's configuration says, as long as what it names is there."""
    with contextlib.ExitStack() as stack:
        configuration = ""
        if options.redis is not None:
            configuration = stack.enter_context(redis_configuration(options.redis, folder))
        if options.cassandra is not None:
            executions = executions_on_cassandra(options.cassandra, configuration or EMBEDDED)
            configuration = stack.enter_context(executions)
        if options.elasticsearch is not None:
            index = index_on_elasticsearch(options.elasticsearch, configuration or EMBEDDED)
            configuration = stack.enter_context(index)
        yield configuration


def _play_in(folder: Path, options: argparse.Namespace, configuration: str) -> int:
    """Run it with its files in this folder; the exit code."""
    cast = Cast(folder, workers=WORKERS, configuration=configuration)
    try:
        with Screen() as screen:
            passed = asyncio.run(_until_stopped(Demo(options, cast, screen).run()))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return _stopped()
    except (DemoError, StorageError, ExceptionGroup) as error:
        print(_first(error), file=sys.stderr)
        return 1
    else:
        return 0 if passed else 1
    finally:
        # One more Ctrl-C must not leave a process running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        cast.stop()


def _stopped() -> int:
    print("stopped", file=sys.stderr)
    return STOPPED


async def _until_stopped(work: Coroutine[Any, Any, bool]) -> bool:
    """Do the work, unless Ctrl-C or SIGTERM comes first; a second one changes nothing."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    stopped: list[bool] = []

    def stop() -> None:
        if not stopped:
            stopped.append(task.cancel())

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return await task


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
    parser.add_argument("--workflows", type=_at_least(1), default=200, metavar="N")
    parser.add_argument("--kills", type=_at_least(0), default=2, metavar="N")
    parser.add_argument("--seed", type=int, default=None, help="what chance does, again")
    parser.add_argument(
        "--redis",
        nargs="?",
        const=OWN_SERVER,
        metavar="URL",
        help="everything but index and payloads on this Redis; without a URL on one that is started for it",
    )
    parser.add_argument(
        "--cassandra",
        metavar="HOST:PORT",
        help="executions and definitions on this Cassandra; queues stay where they are",
    )
    parser.add_argument(
        "--elasticsearch", metavar="URL", help="the index on this Elasticsearch 6.8"
    )
    parser.add_argument("--keep", action="store_true", help="keep data and logs")
    return parser.parse_args(arguments)


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"a number from {least} on is wanted, not '{text}'")
        return int(text)

    return number


if __name__ == "__main__":
    sys.exit(main())
