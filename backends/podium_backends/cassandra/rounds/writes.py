"""Writes to partitions: the jobs of one workflow that come together share one read and one conditional batch.

A round: the rows are read; the jobs are decided on them, one after the other; one batch, conditional on the version that
was read, writes what they changed. What enters a set is written before the batch, above that version; what leaves goes
after it, at its token. (``tests/model/one_partition.py`` has each of these rules.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.partition import rows, sets
from podium_backends.cassandra.partition.effects import PlaceChange
from podium_backends.cassandra.partition.jobs import Job
from podium_backends.cassandra.partition.partition import NotReadError, Partition, version_ttl
from podium_backends.cassandra.partition.read import read_partition
from podium_backends.cassandra.partition.rows import RowKey
from podium_backends.cassandra.partition.sets import Member
from podium_backends.cassandra.rounds.callers import (
    Answer,
    WaitingJob,
    answer_jobs,
    decide_jobs,
    fail_jobs,
    places_of,
    take_jobs,
)
from podium_backends.cassandra.rounds.due import DueHints
from podium_backends.cassandra.rounds.log import Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.timestamps import token_after
from podium_core.clock import Clock, token_now
from podium_core.errors import (
    BackendUnavailableError,
    OutcomeUnknownError,
    OverloadedError,
    StorageError,
)

T = TypeVar("T")
# A definition, and a task of it that may hold a place.
Place = tuple[str, str]

MAX_TRIES = 50
_RETRY_AFTER_MS = 50

_VERSION = (
    "SELECT DISTINCT version, TTL(version), workflow_id FROM executions WHERE workflow_id = ?"
)
_RAISE = "UPDATE executions USING TTL ? SET version = ? WHERE workflow_id = ? IF version = ?"

_log = structlog.get_logger("podium.cassandra")


class Places(Protocol):
    """The places of concurrency limits."""

    async def held(self, asked: Sequence[Place]) -> Mapping[Place, Any]:
        """Of these definitions and tasks, the grants of those with a place."""
        ...

    async def occupy(self, workflow_id: str, changes: Sequence[PlaceChange]) -> None:
        """Tasks run, as the documents say that are about to be written."""
        ...

    async def release(self, changes: Sequence[PlaceChange], seen: Mapping[Place, Any]) -> None:
        """Tasks run no more, as documents say that were written: free the grants that were seen before."""
        ...


class PartitionWrites:
    """All writes of a process to partitions."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        log: Log,
        due: DueHints,
        waiting: WaitingEntries,
        places: Places,
    ) -> None:
        self._session = session
        self._clock = clock
        self._log = log
        self._due = due
        self._waiting = waiting
        self._places = places
        self._queues: dict[str, deque[WaitingJob]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # The workflows of which nobody knows yet what a batch did: an heir's work, which only that takes out.
        self.unsettled: set[str] = set()

    async def run(self, workflow_id: str, job: Job[Any]) -> Answer:
        """Carry a job out.

        Raises:
            StorageError: It was refused; or BackendUnavailableError, OverloadedError: nothing was written; or
                OutcomeUnknownError.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(workflow_id)
        if queue is None:
            queue = self._queues[workflow_id] = deque()
            self._begin(self._work(workflow_id, queue))
        queue.append(WaitingJob(job, future))
        return await future

    def is_at_work(self, workflow_id: str) -> bool:
        """Whether a round is under way, or the outcome of one unknown."""
        return workflow_id in self._queues or workflow_id in self.unsettled

    def is_under_way(self, workflow_id: str) -> bool:
        """Whether a round is under way."""
        return workflow_id in self._queues

    async def close(self) -> None:
        """Finish what was begun."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # rounds

    async def _work(self, workflow_id: str, queue: deque[WaitingJob]) -> None:
        while queue:
            jobs = take_jobs(queue)
            try:
                left = await self._round(workflow_id, jobs) if jobs else ()
            except Exception as error:
                fail_jobs(jobs, error)
                continue
            queue.extendleft(reversed(left))
        del self._queues[workflow_id]

    async def _round(self, workflow_id: str, jobs: Sequence[WaitingJob]) -> Sequence[WaitingJob]:
        """Carry jobs out; those that have to wait for the next round."""
        wanted = {rows.THE_WORKFLOW}.union(*(waiting.job.wanted for waiting in jobs))
        entered: dict[Member, int] = {}
        held: dict[Place, Any] = {}
        for tries in range(MAX_TRIES):
            partition = await self._look(workflow_id, jobs, wanted, entered, held, again=tries > 0)
            now_ms = self._clock()
            try:
                decided = decide_jobs(jobs, partition, now_ms)
            except NotReadError as missing:
                wanted.add(missing.key)
                continue
            places = await self._places_held(places_of(decided), held)
            token: int | None = partition.version or 0
            if partition.is_changed:
                await self._as_unwritten(self._places.occupy(workflow_id, places))
                token = await self._write(partition, entered, now_ms)
            if token is not None:
                await self._release(places, held)
                answer_jobs(workflow_id, jobs, decided, token)
                return jobs[len(decided) :]
        raise OverloadedError(
            f"workflow '{workflow_id}' is written by too many at once",
            retry_after_ms=_RETRY_AFTER_MS,
        )

    async def _places_held(
        self, changes: Sequence[PlaceChange], held: dict[Place, Any]
    ) -> list[PlaceChange]:
        """The changes that may find a place: most tasks have no limit, and none."""
        await self._find_held([change.place for change in changes if not change.certain], held)
        return [change for change in changes if change.certain or held[change.place]]

    async def _find_held(self, places: Sequence[Place], held: dict[Place, Any]) -> None:
        asked = [place for place in places if place not in held]
        if asked:
            found = await self._places.held(asked)
            held.update((place, found.get(place)) for place in asked)

    async def _release(self, places: Sequence[PlaceChange], seen: Mapping[Place, Any]) -> None:
        try:
            await self._places.release(places, seen)
        except StorageError as error:
            # The write stands; whoever finds no place left frees those of tasks that run no more.
            _log.warning("a place of a limit wasn't freed", error=str(error))

    async def _look(
        self,
        workflow_id: str,
        jobs: Sequence[WaitingJob],
        wanted: set[RowKey],
        entered: dict[Member, int],
        held: dict[Place, Any],
        *,
        again: bool,
    ) -> Partition:
        """Read, and at the same time write what can be written before: the hint, and members of sets."""
        read = read_partition(
            self._session,
            workflow_id,
            frozenset(wanted),
            all_facts=any(waiting.job.wants_all_facts for waiting in jobs),
            version_first=again,
        )
        beside = self._work_beside(workflow_id, jobs, entered, held, again=again)
        if not beside:
            return await read
        reading = asyncio.ensure_future(read)
        await asyncio.gather(reading, *beside)
        return reading.result()

    def _work_beside(
        self,
        workflow_id: str,
        jobs: Sequence[WaitingJob],
        entered: dict[Member, int],
        held: dict[Place, Any],
        *,
        again: bool,
    ) -> list[Coroutine[Any, Any, None]]:
        """What is looked at and written while the rows are read. Most writes need nothing of it."""
        work = [waiting.job.look() for waiting in jobs if waiting.job.looks]
        if again:
            # A grant of that time may be another's by now.
            held.clear()
            return work
        if not self._is_hinted(workflow_id):
            work.append(self._hint(workflow_id))
        if members := {member for waiting in jobs for member in waiting.job.members()}:
            work.append(self._enter(members, entered, token_now()))
        if places := [place for waiting in jobs for place in waiting.job.places()]:
            work.append(self._find_held(places, held))
        return work

    def _is_hinted(self, workflow_id: str) -> bool:
        return self._log.is_ours and self._log.has_hint(workflow_id)

    async def _hint(self, workflow_id: str) -> None:
        await self._as_unwritten(self._log.hint(workflow_id))

    async def _enter(
        self, members: Iterable[Member], entered: dict[Member, int], timestamp: int
    ) -> None:
        missing = [member for member in members if entered.get(member, -1) < timestamp]
        if missing:
            writes = [write for member in missing for write in sets.add(member, timestamp)]
            await self._as_unwritten(self._session.write_all(writes))
            entered.update(dict.fromkeys(missing, timestamp))

    async def _as_unwritten(self, write: Coroutine[Any, Any, None]) -> None:
        """Carry out a write that only prepares: if its outcome is unknown, nothing was written yet."""
        try:
            await write
        except OutcomeUnknownError as error:
            raise BackendUnavailableError(self._session.store, error.message) from error

    async def _write(
        self, partition: Partition, entered: dict[Member, int], now_ms: int
    ) -> int | None:
        """The token of the batch; None: another write came first, or the log isn't ours any more."""
        workflow_id, version = partition.workflow_id, partition.version or 0
        token = token_after(max(version, partition.above))
        enter, leave = partition.moves()
        late = [member for member in enter if entered.get(member, -1) <= version]
        await self._enter(late, entered, token)
        entries = partition.entries(token)
        await self._as_unwritten(self._due.write(workflow_id, entries, now_ms))
        if not self._is_hinted(workflow_id):
            await self._hint(workflow_id)
            return None
        if not await self._apply(partition, token):
            return None
        self._waiting.written(workflow_id, self._due.soon(entries, now_ms))
        if leave:
            self._begin(self._leave(leave, token))
        return token

    async def _leave(self, members: Iterable[Member], token: int) -> None:
        try:
            await self._session.write_all([sets.remove(member, token) for member in members])
        except StorageError as error:
            # They are candidates: whoever reads the set sees that they are none.
            _log.warning("sets keep records that have left", error=str(error))

    async def _apply(self, partition: Partition, token: int) -> bool:
        try:
            return await self._session.apply(partition.statements(token))
        except OutcomeUnknownError:
            return await self._find_out(partition.workflow_id, partition.version, token)

    async def _find_out(self, workflow_id: str, before: int | None, token: int) -> bool:
        """Whether a batch with an unknown outcome was written, once it surely isn't under way any more.

        Raises:
            OutcomeUnknownError: Nobody can say.
        """
        try:
            there = await self.raise_version(workflow_id, unless=token)
        except StorageError as error:
            self.unsettled.add(workflow_id)
            raise OutcomeUnknownError(self._session.store, error.message) from error
        if there == token:
            return True
        if there == before:
            return False
        self.unsettled.add(workflow_id)
        raise OutcomeUnknownError(
            self._session.store,
            f"workflow '{workflow_id}' was written meanwhile: whether this write came before isn't known",
        )

    async def raise_version(self, workflow_id: str, *, unless: int = 0) -> int | None:
        """Raise the version of a partition, so that no batch by an older one is written any more.

        Returns:
            The version before. Where that is ``unless``, it stays.
        """
        for _ in range(MAX_TRIES):
            found = await self._session.rows(_VERSION, workflow_id)
            version: int | None
            version, ttl, _ = found[0] if found else (None, None, "")
            if version is not None and version == unless:
                return unless
            # One without a workflow goes by itself, as before.
            is_there = bool(found) and ttl is None
            raised = (version_ttl(is_there=is_there), token_after(version or 0))
            try:
                if await self._session.apply([Write(_RAISE, (*raised, workflow_id, version))]):
                    return version
            except OutcomeUnknownError:
                continue
        raise OverloadedError(
            f"workflow '{workflow_id}' is written by too many at once",
            retry_after_ms=_RETRY_AFTER_MS,
        )
