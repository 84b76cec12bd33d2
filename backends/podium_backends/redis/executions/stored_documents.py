"""What the indexer reads of a Redis: documents beside their removal records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from podium_backends.redis.connection import Link
from podium_backends.redis.executions.documents import each_document
from podium_backends.redis.executions.kept_removal import decode_removal
from podium_backends.redis.executions.members import readable_ids, scan_members
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.keys import Keys, glob_of
from podium_core.decide.removal_record import RemovalRecord, unqueues, writes_entries
from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.stored_document import SCAN_SIZE, DocumentScan, OwnedId, StoredDocument
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.ordered_window import ordered_window
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import StoredDocuments

_DECODE: dict[EntryKind, Callable[[bytes, str], Workflow | Task]] = {
    EntryKind.WORKFLOW: WORKFLOW.decode,
    EntryKind.TASK: TASK.decode,
}
Found = tuple[str, str, bytes]


class RedisStoredDocuments:
    """Implements ``StoredDocuments``."""

    def __init__(self, link: Link, keys: Keys, clock: StoreClock) -> None:
        """Take the connection for what reads much."""
        self._link = link
        self._keys = keys
        self._clock = clock

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        found: list[Found] = []
        size = 0
        read = each_document(self._link, ids, lambda owned: self._key(kind, owned[0]))
        async for owned, document in read:
            found.append((*owned, document or b""))
            size += len(document or b"")
            if size >= max_size:
                break
        return await self._documents(kind, found)

    async def stored_ids(self, kind: EntryKind, ids: Sequence[OwnedId]) -> frozenset[str]:
        if not ids:
            return frozenset()
        there = await self._link.read_all([("EXISTS", self._key(kind, id_)) for id_, _ in ids])
        return frozenset(id_ for (id_, _), is_there in zip(ids, there, strict=True) if is_there)

    async def scan_documents(
        self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000
    ) -> DocumentScan:
        # The cursor is SCAN's own, and the ids that it gave and that didn't fit into the page before.
        position, left = resume_key(cursor, tuple[str, str], ("0", ""))
        ids = left.split("\x00") if left else []
        prefix = self._key(kind, "")
        if not ids:
            # One step of it gives about ``limit`` keys of all kinds, so some steps find nothing.
            pattern = f"{glob_of(prefix)}*"
            step = await self._link.read("SCAN", position, "MATCH", pattern, "COUNT", limit)
            position = step[0].decode()
            ids = [name[len(prefix) :] for name in readable_ids(step[1])]
        found: list[Found] = []
        size = 0
        async for id_, document in each_document(self._link, ids, lambda id_: prefix + id_):
            found.append((id_, id_ if kind is EntryKind.WORKFLOW else "", document or b""))
            size += len(document or b"")
            if size >= SCAN_SIZE:
                break
        stored = [one for one in await self._documents(kind, found) if not one.gone]
        left = "\x00".join(ids[len(found) :])
        over = position == "0" and not left
        return DocumentScan(stored, None if over else resume_token(position, left))

    async def tasks_of(
        self, workflow_id: str, *, after: str = "", max_size: int, limit: int = 1_000
    ) -> list[StoredDocument]:
        found: list[Found] = []
        size = 0
        async for id_, document in self._tasks_after(workflow_id, after, limit):
            found.append((id_, workflow_id, document))
            size += len(document)
            if size >= max_size or len(found) == limit:
                break
        return await self._documents(EntryKind.TASK, found)

    async def _tasks_after(
        self, workflow_id: str, after: str, limit: int
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Tasks with a document, in order of id; further windows where some have none."""
        while True:
            scan = scan_members(self._link, self._keys.tasks_of_workflow(workflow_id))
            ids = await ordered_window(scan, after=after, size=limit)
            async for id_, document in each_document(self._link, ids, self._keys.task):
                if document is not None:
                    yield id_, document
            if len(ids) < limit:
                return
            after = ids[-1]

    async def _documents(self, kind: EntryKind, found: Sequence[Found]) -> list[StoredDocument]:
        records = {}
        unreadable = {}
        for id_, _, document in found:
            if document:
                try:
                    records[id_] = _DECODE[kind](document, id_)
                except CorruptRecordError as error:
                    unreadable[id_] = error.message
        owners = {id_: _owner(records.get(id_), id_, owner) for id_, owner, _ in found}
        removals = await self._removals(sorted(set(owners.values()) - {""}))
        now_ms = self._clock.now_ms()
        return [
            _document(
                kind,
                (id_, owners[id_], document),
                records.get(id_),
                unreadable.get(id_, ""),
                removals.get(owners[id_]),
                now_ms,
            )
            for id_, _, document in found
        ]

    async def _removals(self, workflow_ids: Sequence[str]) -> Mapping[str, RemovalRecord]:
        if not workflow_ids:
            return {}
        names = [self._keys.removal(id_) for id_ in workflow_ids]
        texts = await self._link.read("MGET", *names)
        return {
            id_: decode_removal(text, id_)[1].record
            for id_, text in zip(workflow_ids, texts, strict=True)
            if text is not None
        }

    def _key(self, kind: EntryKind, id_: str) -> str:
        return self._keys.workflow(id_) if kind is EntryKind.WORKFLOW else self._keys.task(id_)


def _owner(record: Workflow | Task | None, id_: str, owner: str) -> str:
    if isinstance(record, Task) and isinstance(record.workflow_instance_id, str):
        return record.workflow_instance_id
    return id_ if isinstance(record, Workflow) else owner


def _document(
    kind: EntryKind,
    found: Found,
    record: Workflow | Task | None,
    unreadable: str,
    removal: RemovalRecord | None,
    now_ms: int,
) -> StoredDocument:
    id_, owner, text = found
    if not text:
        return StoredDocument(kind=kind, id=id_, owner=owner)
    return StoredDocument(
        kind=kind,
        id=id_,
        owner=owner,
        record=record,
        text=text,
        removing=writes_entries(removal, now_ms),
        leaving=unqueues(removal),
        unreadable=unreadable,
    )


_: type[StoredDocuments] = RedisStoredDocuments
