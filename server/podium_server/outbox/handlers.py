"""The handler that the drainer hands entries to, and its result for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from podium_core.errors import StorageError
from podium_core.outbox import DueEntries, OutboxEntry


class Settled(Enum):
    """The result of an entry that didn't fail."""

    DONE = "done"  # the drainer deletes it, if its token is unchanged
    KEPT = "kept"  # the handler has settled it


class PoisonError(StorageError):
    """An entry that will never be carried out: it is set aside at once."""


Settlement = Settled | Exception


class Handler(Protocol):
    """Carries out the entries of some kinds."""

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that it knows."""
        ...

    async def carry_out(self, due: DueEntries) -> Sequence[Settlement]:
        """Carry entries out, and say of each what became of it; one that fails takes no other along."""
        ...

    async def close(self) -> None:
        """End what it left to go on by itself."""
        ...


# Of an entry: its kind, id and token.
_Key = tuple[str, str, int]

# An entry, and the clock of its store when it was read.
Target = Callable[[OutboxEntry, int], Awaitable[Settled]]


class OneByOne:
    """A handler whose entries have nothing in common: each goes to the target of its kind."""

    def __init__(
        self, targets: Mapping[str, Target], *, patience_seconds: float | None = None
    ) -> None:
        """Hand entries to targets.

        Args:
            targets: By kind.
            patience_seconds: Entries that take longer go on by themselves, and the drainer with others; None: it waits.
        """
        self._targets = targets
        self._patience_seconds = patience_seconds
        self._running: dict[_Key, asyncio.Task[Settlement]] = {}

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that have a target."""
        return tuple(self._targets)

    async def carry_out(self, due: DueEntries) -> Sequence[Settlement]:
        """Carry out all at once. One that isn't through yet is kept: the drainer comes to it again, and learns then."""
        tasks = [self._task(entry, due.now_ms) for entry in due.entries]
        try:
            if tasks:
                await asyncio.wait(tasks, timeout=self._patience_seconds)
        except asyncio.CancelledError:
            await self.close()
            raise
        # An entry that changed meanwhile is asked for as another one.
        self._running = {key: task for key, task in self._running.items() if not task.done()}
        return [task.result() if task.done() else Settled.KEPT for task in tasks]

    def _task(self, entry: OutboxEntry, now_ms: int) -> asyncio.Task[Settlement]:
        key = (entry.kind, entry.id, entry.token)
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._try(entry, now_ms))
        return task

    async def _try(self, entry: OutboxEntry, now_ms: int) -> Settlement:
        try:
            return await self._targets[entry.kind](entry, now_ms)
        except Exception as error:
            return error

    async def close(self) -> None:
        """End what still runs."""
        running, self._running = list(self._running.values()), {}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
