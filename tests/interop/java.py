"""Conductor's DAOs in a process of their own, called from tests; ``java/`` is the program, and explains its protocol."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import threading
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from tests.services.conductor_jars import JAVA_VERSIONS, interop_jars
from tests.services.java import java
from tests.services.process import dies_with_parent

HEAP = "512m"
END_SECONDS = 20


class JavaError(Exception):
    """What a DAO threw, or that the process ended.

    Attributes:
        kind: The simple name of its class.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class JavaProcess:
    """The program on one Redis or Cassandra. Calls may be made from any event loop, and many at once."""

    def __init__(
        self, host: str, port: int, log: Path, *, store: str = "redis", time_zone: str = "UTC"
    ) -> None:
        """Start it.

        Args:
            host: Where the store is.
            port: Its port.
            log: Where its standard error goes.
            store: What it is: redis or cassandra.
            time_zone: Java's default one, by which it writes the date index.
        Raises:
            ServiceUnavailableError: Java or Maven is missing.
        """
        command = [*dies_with_parent(), java("Conductor", JAVA_VERSIONS), f"-Xmx{HEAP}"]
        command += [f"-Duser.timezone={time_zone}", "-cp", f"{interop_jars()}/*"]
        command += ["podium.interop.Main", store, host, str(port)]
        self._ids = itertools.count()
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                process_group=0,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def below(self, prefix: str) -> JavaDaos:
        """The DAOs of a Conductor with this prefix of its keys; that of its queues is ``<prefix>_queues``.

        On Cassandra the prefix is the keyspace.
        """
        return JavaDaos(self, prefix)

    async def ask(self, **command: Any) -> Any:
        """Send a command, and wait for what it answers.

        Raises:
            JavaError: What the DAO threw, or that the program has ended.
        """
        answered: Future[Any] = Future()
        with self._lock:
            if self._ended:
                raise self._end_error()
            number = next(self._ids)
            self._waiting[number] = answered
            line = json.dumps({"id": number, **command}).encode() + b"\n"
            # The program reads at once, so a line waits for nobody. Where it has just ended, so does the answer.
            with suppress(BrokenPipeError):
                self._stdin.write(line)
                self._stdin.flush()
        return await asyncio.wrap_future(answered)

    def close(self) -> None:
        """End it."""
        with suppress(BrokenPipeError):
            self._stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()
        self._stdout.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        for line in self._stdout:
            answer = json.loads(line)
            waiting = self._waiting.pop(answer["id"])
            # A caller that was cancelled has cancelled its future too.
            if not waiting.set_running_or_notify_cancel():
                continue
            if "error" in answer:
                error = answer["error"]
                waiting.set_exception(JavaError(error["class"], error["message"]))
            else:
                waiting.set_result(answer["result"])
        with self._lock:
            self._ended = True
        for waiting in self._waiting.values():
            if waiting.set_running_or_notify_cancel():
                waiting.set_exception(self._end_error())

    def _end_error(self) -> JavaError:
        return JavaError("ended", self._log.read_text(errors="replace"))


class JavaDaos:
    """The DAOs below one prefix. Documents are what ``json`` gives; dates are milliseconds."""

    def __init__(self, process: JavaProcess, prefix: str) -> None:
        self._process = process
        self.prefix = prefix

    async def execution(self, method: str, *arguments: Any) -> Any:
        """Call ExecutionDAO, or ConcurrentExecutionLimitDAO, by the name of Java's method."""
        return await self._call("execution", method, arguments)

    async def metadata(self, method: str, *arguments: Any) -> Any:
        """Call MetadataDAO."""
        return await self._call("metadata", method, arguments)

    async def event_handlers(self, method: str, *arguments: Any) -> Any:
        """Call EventHandlerDAO."""
        return await self._call("event_handlers", method, arguments)

    async def poll_data(self, method: str, *arguments: Any) -> Any:
        """Call PollDataDAO."""
        return await self._call("poll_data", method, arguments)

    async def rate_limits(self, method: str, *arguments: Any) -> Any:
        """Call RateLimitingDAO."""
        return await self._call("rate_limits", method, arguments)

    async def queues(self, method: str, *arguments: Any) -> Any:
        """Call QueueDAO: that of the stock server, orkes-conductor-queues."""
        return await self._call("queues", method, arguments)

    async def bench(
        self, dao: str, method: str, *arguments: Any, count: int, threads: int, first: int = 0
    ) -> float:
        """Make so many calls from so many threads, and return the milliseconds that they took together.

        Args:
            dao: As the methods here are called.
            method: Java's name of the method.
            arguments: The arguments; ``{n}`` in a text is the number of the call.
            count: How many calls.
            threads: How many at once.
            first: The number of the first call.
        """
        counts = {"count": count, "threads": threads, "first": first}
        return cast(float, await self._call(dao, method, arguments, **counts))

    async def _call(self, dao: str, method: str, arguments: tuple[Any, ...], **counts: int) -> Any:
        return await self._process.ask(
            prefix=self.prefix, dao=dao, method=method, args=arguments, **counts
        )
