"""What is done to a workflow's partition in one round: a job says which rows it needs, and decides on them in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.effects import EffectRunner, PlaceChange
from podium_backends.cassandra.partition.partition import Partition
from podium_backends.cassandra.partition.rows import KeptRequest, RowKey, StoredEntry
from podium_backends.cassandra.partition.sets import Member, members_of_task, members_of_workflow
from podium_core.decide import (
    Known,
    Needs,
    TaskFacts,
    WorkflowFacts,
    answer_queue_ops,
    decide,
    needs,
)
from podium_core.decide.effects import Effect
from podium_core.decide.removal_record import RemovalRecord
from podium_core.outbox import CLAIMED, KIND_PAYLOAD, KIND_PUSH, KIND_REMOVAL, EntryPut, message_key
from podium_core.removal import StoredRemoval
from podium_core.write_set import PushOp, PutMode, TaskPut, WorkflowPut, WriteOutcome, WriteSet
from podium_core.write_set.request_memory import REQUEST_MEMORY_MS, outcome_to_keep
from podium_core.write_set.write_limits import bytes_of

T_co = TypeVar("T_co", covariant=True)
FindTasks = Callable[[], Awaitable[Mapping[str, TaskFacts]]]


class Decided(NamedTuple, Generic[T_co]):
    """What a job answers once its round is written, and what limits have to follow.

    Attributes:
        answer: The answer, but for the tokens of intents.
        intents: Entries that it wrote, to be told with the answer.
        places: Changes of places.
    """

    answer: T_co
    intents: Sequence[EntryPut] = ()
    places: Sequence[PlaceChange] = ()


class Job(ABC, Generic[T_co]):
    """One piece of a round.

    Attributes:
        wanted: The rows that it decides by.
        wants_all_facts: It decides by every document's facts.
        looks: It looks at what isn't in the partition, too.
        size: Bytes that it writes, about.
    """

    wanted: frozenset[RowKey] = frozenset()
    wants_all_facts: bool = False
    looks: bool = False
    size: int = 0

    def members(self) -> Iterable[Member]:
        """Sets that records will enter, as far as that is known before anything was read."""
        return ()

    def places(self) -> Iterable[tuple[str, str]]:
        """Definitions and tasks whose places may have to follow, as far as that is known before anything was read."""
        return ()

    async def look(self) -> None:
        """Look at that, while the partition is read. Raises StorageError."""
        return

    @abstractmethod
    def decide(self, partition: Partition, *, now_ms: int) -> Decided[T_co]:
        """Change the partition, and answer.

        Raises:
            StorageError: It is refused. The partition is as it was.
        """


class WriteSetJob(Job[WriteOutcome]):
    """A WriteSet on one workflow."""

    def __init__(self, write_set: WriteSet, *, event_ttl_ms: int, find_foreign: FindTasks) -> None:
        """``find_foreign`` finds those of the tasks that are created that are other workflows'."""
        self._set = write_set
        self._needs = needs(write_set)
        self._event_ttl_ms = event_ttl_ms
        self._find_foreign = find_foreign
        self.looks = any(put.mode is not PutMode.UPDATE for put in write_set.task_puts)
        self._foreign: Mapping[str, TaskFacts] = {}
        self.wanted = frozenset(_rows_of(self._needs, write_set))
        self.size = bytes_of(write_set)

    def members(self) -> Iterable[Member]:
        for workflow in self._set.workflow_puts:
            if workflow.mode is PutMode.CREATE:
                yield from members_of_workflow(workflow.workflow_id, _new_workflow(workflow))
        for task in self._set.task_puts:
            if task.mode is PutMode.CREATE:
                yield from members_of_task(task.task_id, _new_task(task))

    def places(self) -> Iterable[tuple[str, str]]:
        for task in self._set.task_puts:
            if task.mode is not PutMode.CREATE and (task.in_progress or not task.pending):
                yield task.definition_name, task.task_id

    async def look(self) -> None:
        self._foreign = await self._find_foreign()

    def decide(self, partition: Partition, *, now_ms: int) -> Decided[WriteOutcome]:
        s = self._set
        decision = decide(s, self._known(partition, now_ms), now_ms=now_ms)
        runner = EffectRunner(partition, event_ttl_ms=self._event_ttl_ms, now_ms=now_ms)
        runner.run(decision.effects)
        outcome = answer_queue_ops(decision.outcome, runner.acked, runner.removed, runner.pushed)
        if decision.remember:
            kept = KeptRequest(now_ms + REQUEST_MEMORY_MS, outcome_to_keep(outcome, s))
            partition.put_request(s.request_id, kept, ttl_seconds=REQUEST_MEMORY_MS // 1000)
        return Decided(outcome, runner.intents, runner.places)

    def _known(self, partition: Partition, now_ms: int) -> Known:
        needed = self._needs
        if needed.request_id:
            kept = partition.request(needed.request_id)
            if kept is not None and kept.expires_ms > now_ms:
                return Known(remembered=kept.outcome)
        workflow = partition.workflow() if needed.workflows else None
        tasks = {id_: self._task(partition, id_) or self._foreign.get(id_) for id_ in needed.tasks}
        slots = {key: partition.holder(key[1]) for key in needed.slots}
        removal = partition.removal
        return Known(
            workflows={partition.workflow_id: workflow} if workflow is not None else {},
            removals={partition.workflow_id: removal} if removal is not None else {},
            tasks={id_: facts for id_, facts in tasks.items() if facts is not None},
            slots={key: holder for key, holder in slots.items() if holder is not None},
            events=frozenset(
                key for key in needed.events if _is_there(partition, rows.event_row(key), now_ms)
            ),
            unclaimed_payloads=frozenset(key for key in needed.uploads if _waits(partition, key)),
        )

    def _task(self, partition: Partition, task_id: str) -> TaskFacts | None:
        facts = partition.task(task_id)
        if facts is None or facts.slot is None or task_id not in self._needs.created_tasks:
            return facts
        # Slots can be freed while their tasks stay.
        holds = partition.holder(facts.slot) == task_id
        return facts if holds else replace(facts, slot=None)


def _is_there(partition: Partition, event: RowKey, now_ms: int) -> bool:
    expires_ms = partition.event_expires_ms(event)
    return expires_ms is not None and (expires_ms == 0 or expires_ms > now_ms)


def _waits(partition: Partition, payload_key: str) -> bool:
    entry = partition.entry(KIND_PAYLOAD, payload_key)
    return entry is not None and entry.body != CLAIMED


def _rows_of(needed: Needs, s: WriteSet) -> Iterable[RowKey]:
    yield rows.THE_WORKFLOW
    if needed.request_id:
        yield rows.request_row(needed.request_id)
    yield from map(rows.task_row, needed.tasks)
    for _, slot in needed.slots:
        yield rows.slot_row(slot)
    yield from map(rows.event_row, needed.events)
    kept = [key for task in s.task_puts for key in task.payload_keys]
    kept += [key for workflow in s.workflow_puts for key in workflow.payload_keys]
    for key in (*needed.uploads, *kept):
        yield rows.entry_row(KIND_PAYLOAD, key)
    for op in s.queue_ops:
        if isinstance(op, PushOp) and op.if_absent:
            yield rows.entry_row(KIND_PUSH, message_key(op.queue_name, op.message_id))


def _new_workflow(put: WorkflowPut) -> WorkflowFacts:
    return WorkflowFacts(
        stamp=0,
        name=put.name,
        version=put.version,
        status=put.status,
        correlation_id=put.correlation_id,
        create_time=put.create_time,
        pending=put.pending,
        listed=True,
    )


def _new_task(put: TaskPut) -> TaskFacts:
    return TaskFacts(
        workflow_id=put.workflow_id,
        stamp=0,
        definition_name=put.definition_name,
        status=put.status,
        pending=put.pending,
        limited=put.limited,
        queue_name=put.queue_name,
    )


class RemovalStep(Job[bool]):
    """A step of a removal; answers whether the record that it goes by still stands."""

    def __init__(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> None:
        self._removal = removal
        self._record = record
        self._effects = effects
        slots = [facts.slot for _, facts in removal.tasks if facts.slot is not None]
        self.wanted = frozenset(
            (
                rows.THE_WORKFLOW,
                rows.entry_row(KIND_REMOVAL, removal.workflow_id),
                *(rows.task_row(id_) for id_, _ in removal.tasks),
                *map(rows.slot_row, slots),
            )
        )

    def decide(self, partition: Partition, *, now_ms: int) -> Decided[bool]:
        id_ = self._removal.workflow_id
        entry = partition.entry(KIND_REMOVAL, id_)
        if (entry.token if entry else 0) != self._removal.token or partition.removal is None:
            return Decided(False)
        runner = EffectRunner(partition, event_ttl_ms=0, now_ms=now_ms)
        runner.run(self._effects)
        if self._record is None:
            runner.clear_removal(id_)
        else:
            runner.set_removal(id_, self._record)
        return Decided(True, (), runner.places)


class EntryJob(Job[StoredEntry | None]):
    """A change of one entry of the outbox; answers the entry as it is now, None where it isn't the one that was meant."""

    def __init__(self, kind: str, id_: str) -> None:
        self._kind = kind
        self._id = id_
        self.wanted = frozenset((rows.THE_WORKFLOW, rows.entry_row(kind, id_)))

    def decide(self, partition: Partition, *, now_ms: int) -> Decided[StoredEntry | None]:
        before = partition.entry(self._kind, self._id)
        after = self.changed(before, partition, now_ms)
        if after is not None:
            partition.put_entry(self._kind, self._id, after)
        return Decided(after)

    @abstractmethod
    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        """The entry as it is to be; None: it stays as it is."""
