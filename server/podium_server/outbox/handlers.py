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


# An entry, and the clock of its store when it was read.
Target = Callable[[OutboxEntry, int], Awaitable[Settled]]


class OneByOne:
    """A handler whose entries have nothing in common: each goes to the target of its kind."""

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._targets = targets

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that have a target."""
        return tuple(self._targets)

    async def carry_out(self, due: DueEntries) -> Sequence[Settlement]:
        """Carry out all at once."""
        return await asyncio.gather(*(self._try(entry, due.now_ms) for entry in due.entries))

    async def _try(self, entry: OutboxEntry, now_ms: int) -> Settlement:
        try:
            return await self._targets[entry.kind](entry, now_ms)
        except Exception as error:
            return error
