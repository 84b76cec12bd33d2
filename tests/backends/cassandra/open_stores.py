"""Stores on one keyspace, as the processes of several servers have them; and what happens to their batches on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.executions.dao import CassandraExecutionDAO
from podium_backends.cassandra.outbox import log_keeper
from podium_backends.cassandra.outbox.outbox import CassandraOutbox
from podium_backends.cassandra.rounds.log import Log, release_log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.windows import LOG_WINDOW_MS
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.store import open_store
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.models import Guarantee
from podium_core.outbox import KIND_PUSH, WRITER_FIRST_MS, OutboxEntry
from tests.clock import FakeClock

EXECUTIONS = frozenset({DataType.EXECUTIONS, DataType.CONCURRENCY_LIMITS})
Between = Callable[[], Awaitable[object]]


@dataclass
class Process:
    """What a server has of a store.

    Attributes:
        away: No read is answered.
        batches: So many batches on workflows were sent.
    """

    store: ConnectedStore
    executions: CassandraExecutionDAO
    outbox: CassandraOutbox
    clock: FakeClock
    away: bool = False
    batches: int = 0
    _before: Between | None = None
    _lost: bool = False
    _leaves: bool = False
    _held: list[Sequence[Write]] | None = None

    @property
    def session(self) -> Session:
        """The one that all of it shares."""
        return self.executions._session

    @property
    def writes(self) -> PartitionWrites:
        """Rounds."""
        return self.executions._writes

    @property
    def log(self) -> Log:
        """Hints."""
        return self.writes._log

    @property
    def waiting(self) -> WaitingEntries:
        """What it is to drain."""
        return self.writes._waiting

    def before_next_batch(self, between: Between) -> None:
        """Let something happen once the next batch is about to leave."""
        self._before = between

    def lose_next_answer(self, *, goes_away: bool = False) -> None:
        """Apply the next batch, and let nobody know. Cassandra may be away after that."""
        self._lost, self._leaves = True, goes_away

    def hold_next_batch(self) -> list[Sequence[Write]]:
        """Keep the next batch on its way, and its writer from ever hearing of it; the batch, once it was sent."""
        self._held = []
        return self._held

    async def lapse(self, owner: str = "") -> None:
        """The lease of its log, or of an older one, comes to its end: it was still for so long."""
        if not owner:
            self.log._held_until = 0.0
        await release_log(self.session, owner or self.log.owner, self.log._id)

    async def windows_pass(self, count: int = 1) -> None:
        """Its keeper looks once in each of the next windows."""
        for _ in range(count):
            self.clock.pass_by(LOG_WINDOW_MS)
            await self.log.renew()
            await self.log.drop_old_windows(self._is_needed)

    def _is_needed(self, workflow_id: str) -> bool:
        return self.waiting.has_of(workflow_id) or self.writes.is_at_work(workflow_id)

    async def inherit(self) -> None:
        """Take over what others left undone."""
        await self.outbox._heir.inherit()

    async def drained(self, kind: str = KIND_PUSH) -> list[OutboxEntry]:
        """Carry out what is due once writers had their time: all entries of a kind are settled."""
        self.clock.pass_by(WRITER_FIRST_MS)
        buckets = await self.outbox.lease_buckets("test")
        entries = list((await self.outbox.due_entries(buckets, [kind], 1_000)).entries)
        await self.outbox.finish(entries)
        return entries

    def disturb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand between it and its Cassandra."""
        apply, page = self.session.apply, self.session.page

        async def around_apply(writes: Sequence[Write]) -> bool:
            if "UPDATE executions" not in writes[0].cql:
                return await apply(writes)
            self.batches += 1
            between, self._before = self._before, None
            if between is not None:
                await between()
            if self.away:
                raise BackendUnavailableError("main", "away")
            if self._held is not None:
                self._held.append(writes)
                self._held = None
                raise BackendUnavailableError("main", "the writer is dead")
            lost, self._lost = self._lost, False
            applied = await apply(writes)
            if lost:
                self.away, self._leaves = self._leaves, False
                raise OutcomeUnknownError("main", "nobody answered")
            return applied

        async def around_page(*arguments: object, **named: object) -> object:
            if self.away:
                raise BackendUnavailableError("main", "away")
            return await page(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(self.session, "apply", around_apply)
        monkeypatch.setattr(self.session, "page", around_page)


@asynccontextmanager
async def process_on(
    settings: CassandraSettings,
    monkeypatch: pytest.MonkeyPatch,
    clock: FakeClock,
) -> AsyncIterator[Process]:
    """A store, opened and disturbed. Its keeper looks when a test says so."""
    monkeypatch.setattr(log_keeper, "RENEW_SECONDS", 3_600)
    context = StoreContext(
        name="main", serves=EXECUTIONS, commit_guarantee=Guarantee.ORDERED, clock=clock
    )
    store = await open_store(context, settings)
    try:
        assert isinstance(store.executions, CassandraExecutionDAO)
        assert isinstance(store.outbox, CassandraOutbox)
        process = Process(store, store.executions, store.outbox, clock)
        process.disturb(monkeypatch)
        yield process
        process.away = False
    finally:
        await store.close()


async def rows_of(session: Session, tables: Sequence[str]) -> dict[str, list[tuple[object, ...]]]:
    """All rows of tables."""
    found = await asyncio.gather(*(session.rows(f"SELECT * FROM {table}") for table in tables))  # noqa: S608
    return dict(zip(tables, found, strict=True))
