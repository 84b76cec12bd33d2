"""What the indexer and checks read: documents beside their removal records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from podium_backends.cassandra.connection import Row, Session
from podium_backends.cassandra.executions.reads import CassandraExecutionReads
from podium_backends.cassandra.partition import rows
from podium_core.clock import Clock
from podium_core.decide.removal_record import unqueues, writes_entries
from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.stored_document import SCAN_SIZE, DocumentScan, OwnedId, StoredDocument
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.ports import StoredDocuments

_AT_ONCE = 32
_MIN_TOKEN = -(2**63)

_READ = "SELECT removal, document FROM executions WHERE workflow_id = ? AND kind = ? AND id = ?"
_IDS = "SELECT id, facts FROM executions WHERE workflow_id = ? AND kind = ? AND id = ?"
_TASKS = "SELECT removal, id, document FROM executions WHERE workflow_id = ? AND kind = 1 AND id > ? LIMIT ?"
_SOME_TASKS = (
    "SELECT removal, id, document FROM executions WHERE workflow_id = ? AND kind = 1 AND id IN ?"
)
_PARTITIONS = (
    "SELECT DISTINCT token(workflow_id), workflow_id FROM executions WHERE token(workflow_id) >= ?"
    " LIMIT ?"
)
_DECODE: dict[EntryKind, Callable[[bytes, str], Workflow | Task]] = {
    EntryKind.WORKFLOW: WORKFLOW.decode,
    EntryKind.TASK: TASK.decode,
}
_KINDS = {EntryKind.WORKFLOW: rows.WORKFLOW, EntryKind.TASK: rows.TASK}


class _Cursor(NamedTuple):
    """Where a scan goes on: at this partition, after this task of it; ``done``: after the partition."""

    token: int = _MIN_TOKEN
    workflow_id: str = ""
    task_id: str = ""
    done: bool = False


_cursor = msgspec.json.Decoder(_Cursor)


class CassandraStoredDocuments:
    """Implements ``StoredDocuments``."""

    def __init__(self, session: Session, reads: CassandraExecutionReads, clock: Clock) -> None:
        self._session = session
        self._reads = reads
        self._clock = clock

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        found: list[StoredDocument] = []
        size = 0
        for at in range(0, len(ids), _AT_ONCE):
            for document in await self._some_documents(kind, ids[at : at + _AT_ONCE]):
                found.append(document)
                size += document.size
                if size >= max_size:
                    return found
        return found

    async def _some_documents(
        self, kind: EntryKind, ids: Sequence[OwnedId]
    ) -> list[StoredDocument]:
        """The documents of ids, in order: tasks of one workflow in one request."""
        of_workflows: dict[str, list[str]] = {}
        others: list[OwnedId] = []
        for id_, owner in ids:
            if kind is EntryKind.TASK and owner and owner != id_:
                of_workflows.setdefault(owner, []).append(id_)
            else:
                others.append((id_, owner))
        parts, alone = await asyncio.gather(
            asyncio.gather(*(self._tasks_in(*one) for one in of_workflows.items())),
            asyncio.gather(*(self._document(kind, *one) for one in others)),
        )
        found = {(one.id, one.owner): one for part in parts for one in part}
        found.update(zip(others, alone, strict=True))
        return [found[one] for one in ids]

    async def _tasks_in(self, workflow_id: str, ids: Sequence[str]) -> list[StoredDocument]:
        """The documents of a workflow's tasks, in no order; those that are gone too."""
        found = {
            id_: self._found(EntryKind.TASK, id_, workflow_id, removal, text)
            for removal, id_, text in await self._session.rows(_SOME_TASKS, workflow_id, list(ids))
            if text is not None
        }
        return [
            found.get(id_) or StoredDocument(kind=EntryKind.TASK, id=id_, owner=workflow_id)
            for id_ in ids
        ]

    async def _document(self, kind: EntryKind, id_: str, owner: str) -> StoredDocument:
        for workflow_id in await self._owners(kind, id_, owner):
            row_id = "" if kind is EntryKind.WORKFLOW else id_
            for removal, text in await self._session.rows(_READ, workflow_id, _KINDS[kind], row_id):
                if text is not None:
                    return self._found(kind, id_, workflow_id, removal, text)
        return StoredDocument(kind=kind, id=id_, owner=owner)

    async def _owners(self, kind: EntryKind, id_: str, owner: str) -> list[str]:
        """The partitions in which a document may be."""
        if kind is EntryKind.TASK and owner and owner != id_:
            return [owner]
        if kind is EntryKind.WORKFLOW:
            return [id_]
        return [workflow_id for _, workflow_id in await self._reads.workflows_of([id_])]

    async def stored_ids(self, kind: EntryKind, ids: Sequence[OwnedId]) -> frozenset[str]:
        found: set[str] = set()
        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            there = await asyncio.gather(*(self._is_stored(kind, *one) for one in some))
            found.update(id_ for (id_, _), is_there in zip(some, there, strict=True) if is_there)
        return frozenset(found)

    async def _is_stored(self, kind: EntryKind, id_: str, owner: str) -> bool:
        row_id = "" if kind is EntryKind.WORKFLOW else id_
        for workflow_id in await self._owners(kind, id_, owner):
            for _, facts in await self._session.rows(_IDS, workflow_id, _KINDS[kind], row_id):
                if facts is not None:
                    return True
        return False

    # scans

    async def scan_documents(
        self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000
    ) -> DocumentScan:
        """As ``StoredDocuments.scan_documents``: partition after partition, in the order of the ring."""
        at = _cursor.decode(cursor) if cursor else _Cursor()
        found: list[StoredDocument] = []
        while True:
            # One more than asked for: the first one may be done.
            partitions = await self._session.rows(_PARTITIONS, at.token, _AT_ONCE + 1)
            ahead = _after(partitions, at)
            if not ahead:
                return DocumentScan(found, None)
            for token, workflow_id in ahead:
                after = at.task_id if workflow_id == at.workflow_id else ""
                part = await self._scan_partition(kind, workflow_id, after, limit - len(found))
                found += part
                is_full = len(found) >= limit or sum(one.size for one in found) >= SCAN_SIZE
                ends = kind is EntryKind.WORKFLOW or not is_full
                last = "" if ends or not part else part[-1].id
                at = _Cursor(token, workflow_id, last, done=not last)
                if is_full:
                    return DocumentScan(found, msgspec.json.encode(at).decode())

    async def _scan_partition(
        self, kind: EntryKind, workflow_id: str, after: str, limit: int
    ) -> list[StoredDocument]:
        if kind is EntryKind.TASK:
            found: list[StoredDocument] = []
            while True:
                part = await self.tasks_of(
                    workflow_id, after=after, max_size=SCAN_SIZE, limit=limit - len(found)
                )
                found += part
                if not part or len(found) >= limit or sum(one.size for one in found) >= SCAN_SIZE:
                    return found
                after = part[-1].id
        document = await self._document(kind, workflow_id, workflow_id)
        return [] if document.gone else [document]

    async def tasks_of(
        self, workflow_id: str, *, after: str = "", max_size: int, limit: int = 1_000
    ) -> list[StoredDocument]:
        found: list[StoredDocument] = []
        size = 0
        pages = self._session.pages(_TASKS, (workflow_id, after, limit), size=_AT_ONCE)
        async for page in pages:
            for removal, id_, text in page:
                if text is None:
                    continue
                found.append(self._found(EntryKind.TASK, id_, workflow_id, removal, text))
                size += len(text)
                if size >= max_size:
                    return found
        return found

    def _found(
        self, kind: EntryKind, id_: str, owner: str, removal: bytes | None, text: bytes
    ) -> StoredDocument:
        unreadable = ""
        record: Workflow | Task | None = None
        try:
            record = _DECODE[kind](text, id_)
        except CorruptRecordError as error:
            unreadable = error.message
        kept = rows.decode_removal(removal) if removal else None
        return StoredDocument(
            kind=kind,
            id=id_,
            owner=owner,
            record=record,
            text=text,
            removing=writes_entries(kept, self._clock()),
            leaving=unqueues(kept),
            unreadable=unreadable,
        )


def _after(partitions: Sequence[Row], at: _Cursor) -> list[Row]:
    """Those that the scan has still to do. Partitions of one token come in the order of their ids."""
    if not at.workflow_id:
        return list(partitions)
    ids = [row[1] for row in partitions if row[0] == at.token]
    place = ids.index(at.workflow_id) if at.workflow_id in ids else -1
    return list(partitions[place + (1 if at.done else 0) if place >= 0 else 0 :])


_: type[StoredDocuments] = CassandraStoredDocuments
