"""Writes to the index through the durable outbox; where the writer waits, it carries its marks out itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from podium_core.errors import BackendUnavailableError, InvalidArgumentError, OutcomeUnknownError
from podium_core.index.changes import IndexOutcome
from podium_core.outbox import NewEntry, OutboxEntry
from podium_core.ports import IndexTarget, Outbox
from podium_server.outbox.handlers import PoisonError, Settled
from podium_server.outbox.indexer import Indexed, Indexer
from podium_server.outbox.shared_turns import SharedTurns

FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 2.0


class IndexMarkWrites:
    """Writes index marks. The outbox holds the whole change before the index is asked, so it can't be lost."""

    def __init__(
        self,
        outbox: Outbox,
        indexer: Indexer,
        target: IndexTarget,
        wake_indexer: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._indexing = SharedTurns[OutboxEntry, list[Indexed]](indexer.index)
        self._refresh = SharedTurns[None, None](lambda _: target.refresh())
        self._wake_indexer = wake_indexer

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        """Set marks for the drainer."""
        put = await self._outbox.put(entries)
        self._wake_indexer()
        return put

    async def put_and_wait(
        self, entries: Sequence[NewEntry]
    ) -> tuple[list[OutboxEntry], list[IndexOutcome]]:
        """Set marks and carry them out until searches find it, or the call's deadline ends that; then the drainer does.

        Returns:
            The marks as they were combined with those that waited, and the outcome of each.
        Raises:
            InvalidArgumentError: The index refuses an entry; its mark is gone.
            BackendUnavailableError: The store of the outbox was not reached; the marks may stand.
        """
        put = await self._outbox.put(entries)
        outcomes = await self._carry_out(put)
        await self._make_searchable()
        return put, outcomes

    async def _carry_out(self, entries: Sequence[OutboxEntry]) -> list[IndexOutcome]:
        outcomes: list[IndexOutcome] = [IndexOutcome.WRITTEN] * len(entries)
        waiting = dict(enumerate(entries))
        pause = FIRST_PAUSE_SECONDS
        while True:
            results, start = await self._indexing.join(list(waiting.values()))
            own = results[start : start + len(waiting)]
            pairs = list(zip(waiting.items(), own, strict=True))
            await self._outbox.finish([e for (_, e), r in pairs if r.settlement is Settled.DONE])
            waiting = {}
            for (at, entry), result in pairs:
                outcomes[at] = result.outcome
                again = await self._again(entry, result)
                if again is not None:
                    waiting[at] = again
            if not waiting:
                return outcomes
            # Waits for the index alone: where the store of the outbox is away, the caller learns of it at once.
            await self._look_at_outbox(next(iter(waiting.values())))
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)

    async def _look_at_outbox(self, entry: OutboxEntry) -> None:
        await self._outbox.waiting_ids(entry.kind, [(entry.id, entry.owner)])

    async def _make_searchable(self) -> None:
        while True:
            try:
                await self._refresh.join()
            except BackendUnavailableError:
                await asyncio.sleep(MAX_PAUSE_SECONDS)
            else:
                return

    async def _again(self, entry: OutboxEntry, result: Indexed) -> OutboxEntry | None:
        """The mark as it has to be carried out once more; None where it is settled."""
        match result.settlement:
            case PoisonError() as error:
                # The caller learns of it: nothing is kept that could never be indexed.
                await self._outbox.finish([entry])
                raise InvalidArgumentError("", error.message)
            case BackendUnavailableError() | OutcomeUnknownError():
                return entry
            case Exception() as error:
                raise error
        if result.again is None:
            return None
        return msgspec.structs.replace(entry, token=result.again)
