"""A workflow's partition while a round is decided: the rows that were read, and the changes so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from podium_backends.cassandra.connection import Write
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.rows import KeptRequest, RowKey, StoredEntry
from podium_backends.cassandra.partition.sets import (
    Member,
    members_of_task,
    members_of_workflow,
)
from podium_core.decide import TaskFacts, WorkflowFacts
from podium_core.decide.removal_record import RemovalRecord
from podium_core.write_set import Slot

# A partition whose workflow is gone keeps its version as long as a write to it may still be under way.
VERSION_TTL_SECONDS = 86_400

_SET_VERSION = "UPDATE executions USING TTL ? SET version = ? WHERE workflow_id = ? IF version = ?"
_SET_REMOVAL = "UPDATE executions SET removal = ? WHERE workflow_id = ?"
_PUT = "INSERT INTO executions (workflow_id, kind, id, document, facts) VALUES (?, ?, ?, ?, ?) USING TTL ?"
_PUT_FACTS = "UPDATE executions SET facts = ? WHERE workflow_id = ? AND kind = ? AND id = ?"
_PUT_VALUE = "INSERT INTO executions (workflow_id, kind, id, value) VALUES (?, ?, ?, ?) USING TTL ?"
_DELETE = "DELETE FROM executions WHERE workflow_id = ? AND kind = ? AND id = ?"
_DELETE_KIND = "DELETE FROM executions WHERE workflow_id = ? AND kind = ?"


def version_ttl(*, is_there: bool) -> int:
    """How many seconds a version is kept (0: for good), by whether the workflow is there."""
    return 0 if is_there else VERSION_TTL_SECONDS


class NotReadError(Exception):
    """A row is needed that wasn't asked for: the round begins again with it."""

    def __init__(self, key: RowKey) -> None:
        super().__init__(key)
        self.key = key


class Found(NamedTuple):
    """What was read of a row: without its document."""

    facts: bytes | None
    value: bytes | None


class _Change(NamedTuple):
    """A row as it is to be. ``document`` None: the stored one stays. ``facts`` and ``value``: decoded."""

    document: bytes | None = None
    facts: Any = None
    value: Any = None
    ttl_seconds: int = 0
    gone: bool = False


_GONE = _Change(gone=True)


class Partition:
    """Rows as they are read, and as the jobs of a round change them, one after the other.

    Attributes:
        workflow_id: Its key.
        version: Of the rows that were read; None: there are none.
        above: The new version has to be greater than this, too.
        ends_round: What was decided last leaves nothing for others to decide by.
        slots_gone: All slots go.
    """

    def __init__(
        self,
        workflow_id: str,
        wanted: frozenset[RowKey],
        version: int | None,
        removal: bytes | None,
        found: Mapping[RowKey, Found],
    ) -> None:
        self.workflow_id = workflow_id
        self.version = version
        self.above = 0
        self.ends_round = False
        self.slots_gone = False
        self._wanted = wanted
        self._found = found
        # What was decoded: several jobs, and the sets in the end, go by the same facts.
        self._decoded: dict[RowKey, Any] = {}
        self._removal_read = rows.decode_removal(removal) if removal else None
        self._removal = self._removal_read
        self._changes: dict[RowKey, _Change] = {}

    # what is there

    def _row(self, key: RowKey, part: str, decode: Any) -> Any:
        change = self._changes.get(key)
        if change is not None:
            return None if change.gone else getattr(change, part)
        if key not in self._wanted:
            raise NotReadError(key)
        return self._stored(key, part, decode)

    def _stored(self, key: RowKey, part: str, decode: Any) -> Any:
        """A part of a row as it was read. Of each kind of row one part is asked for."""
        if key not in self._decoded:
            found = self._found.get(key)
            stored = None if found is None else getattr(found, part)
            self._decoded[key] = None if stored is None else decode(stored)
        return self._decoded[key]

    @property
    def removal(self) -> RemovalRecord | None:
        """The removal record."""
        return self._removal

    def workflow(self) -> WorkflowFacts | None:
        """The workflow, with its removal record."""
        facts: WorkflowFacts | None = self._row(rows.THE_WORKFLOW, "facts", rows.decode_workflow)
        return (
            facts
            if facts is None or self._removal is None
            else replace(facts, removal=self._removal)
        )

    def task(self, task_id: str) -> TaskFacts | None:
        """A task, with its workflow's removal record."""
        facts: TaskFacts | None = self._row(rows.task_row(task_id), "facts", rows.decode_task)
        return (
            facts
            if facts is None or self._removal is None
            else replace(facts, removal=self._removal)
        )

    def holder(self, slot: Slot) -> str | None:
        """The task that holds a slot."""
        value: bytes | None = self._row(rows.slot_row(slot), "value", bytes)
        return None if value is None else value.decode()

    def entry(self, kind: str, id_: str) -> StoredEntry | None:
        """An entry of the outbox."""
        found: StoredEntry | None = self._row(rows.entry_row(kind, id_), "value", rows.decode_entry)
        return found

    def request(self, request_id: str) -> KeptRequest | None:
        """What was remembered of a request."""
        found: KeptRequest | None = self._row(
            rows.request_row(request_id), "value", rows.decode_request
        )
        return found

    def event_expires_ms(self, key: RowKey) -> int | None:
        """When an event execution expires (0: never); None where there is none."""
        kept = self._row(key, "facts", rows.decode_event)
        return None if kept is None else int(kept.expires_ms)

    def tasks_read(self) -> Iterator[TaskFacts]:
        """All tasks that were read and not changed, and those as they were changed."""
        keys = {key for key in (*self._found, *self._changes) if key[0] == rows.TASK}
        for _, task_id in sorted(keys):
            facts = self.task(task_id)
            if facts is not None:
                yield facts

    # changes

    def put_workflow(self, facts: WorkflowFacts, document: bytes | None = None) -> None:
        """Store the workflow; without a document its facts alone."""
        self._put(rows.THE_WORKFLOW, replace(facts, removal=None), document)

    def put_task(self, task_id: str, facts: TaskFacts, document: bytes | None = None) -> None:
        """Store a task; without a document its facts alone."""
        self._put(rows.task_row(task_id), replace(facts, removal=None), document)

    def _put(self, key: RowKey, facts: Any, document: bytes | None, ttl_seconds: int = 0) -> None:
        before = self._changes.get(key)
        if document is None and before is not None:
            document = before.document
        self._changes[key] = _Change(document=document, facts=facts, ttl_seconds=ttl_seconds)

    def put_event(self, key: RowKey, document: bytes, *, expires_ms: int, ttl_seconds: int) -> None:
        """Store an event execution."""
        self._put(key, rows.KeptEvent(expires_ms), document, ttl_seconds)

    def put_slot(self, slot: Slot, task_id: str) -> None:
        """A task holds a slot."""
        self._changes[rows.slot_row(slot)] = _Change(value=task_id.encode())

    def put_entry(self, kind: str, id_: str, entry: StoredEntry) -> None:
        """Write an entry; a token of 0 becomes that of the round."""
        self._changes[rows.entry_row(kind, id_)] = _Change(value=entry)

    def put_request(self, request_id: str, kept: KeptRequest, *, ttl_seconds: int) -> None:
        """Remember a request."""
        self._changes[rows.request_row(request_id)] = _Change(value=kept, ttl_seconds=ttl_seconds)

    def delete(self, key: RowKey) -> None:
        """Delete a row, if it is there."""
        self._changes[key] = _GONE

    def free_slots(self) -> None:
        """Free all slots. A slot that is taken after that has to wait for the next round."""
        for key in [key for key in self._changes if key[0] == rows.SLOT]:
            del self._changes[key]
        self.slots_gone = True
        self.ends_round = True

    def set_removal(self, record: RemovalRecord | None) -> None:
        """The removal record from now on."""
        self._removal = record

    # the batch

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._changes) or self.slots_gone or self._removal != self._removal_read

    def moves(self) -> tuple[frozenset[Member], frozenset[Member]]:
        """The sets that records enter, and those that they leave."""
        before: set[Member] = set()
        after: set[Member] = set()
        for (kind, id_), change in self._changes.items():
            if kind in (rows.WORKFLOW, rows.TASK):
                decode = rows.decode_workflow if kind == rows.WORKFLOW else rows.decode_task
                stored = self._stored((kind, id_), "facts", decode)
                before |= self._members(kind, id_, stored)
                after |= self._members(kind, id_, change.facts)
        return frozenset(after - before), frozenset(before - after)

    def _members(self, kind: int, id_: str, facts: Any) -> frozenset[Member]:
        if kind == rows.WORKFLOW:
            return members_of_workflow(self.workflow_id, facts)
        return members_of_task(id_, facts)

    def entries(self, token: int) -> list[tuple[str, StoredEntry | None]]:
        """The entries that are written (None: deleted), each by the id of its row."""
        return [
            (key[1], None if change.gone else _stamped(change.value, token))
            for key, change in self._changes.items()
            if key[0] == rows.ENTRY
        ]

    def statements(self, token: int) -> list[Write]:
        """One conditional batch."""
        ttl = version_ttl(is_there=self._is_workflow_there())
        writes = [Write(_SET_VERSION, (ttl, token, self.workflow_id, self.version))]
        if self._removal != self._removal_read:
            record = rows.encode(self._removal) if self._removal else None
            writes.append(Write(_SET_REMOVAL, (record, self.workflow_id)))
        if self.slots_gone:
            writes.append(Write(_DELETE_KIND, (self.workflow_id, rows.SLOT)))
        for key, change in self._changes.items():
            writes.append(self._statement(key, change, token))
        return writes

    def _is_workflow_there(self) -> bool:
        change = self._changes.get(rows.THE_WORKFLOW)
        if change is not None:
            return not change.gone
        return rows.THE_WORKFLOW in self._found

    def _statement(self, key: RowKey, change: _Change, token: int) -> Write:
        place = (self.workflow_id, *key)
        if change.gone:
            return Write(_DELETE, place)
        if change.facts is not None:
            facts = rows.encode(change.facts)
            if change.document is None:
                return Write(_PUT_FACTS, (facts, *place))
            return Write(_PUT, (*place, change.document, facts, change.ttl_seconds))
        value = change.value
        if isinstance(value, StoredEntry):
            value = rows.encode(_stamped(value, token))
        elif isinstance(value, KeptRequest):
            value = rows.encode(value)
        return Write(_PUT_VALUE, (*place, value, change.ttl_seconds))


def _stamped(entry: StoredEntry, token: int) -> StoredEntry:
    return entry if entry.token else replace(entry, token=token)
