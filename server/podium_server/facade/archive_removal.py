"""Removes what only the archive holds: the entries of a workflow and its tasks, and their payloads."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexEntry
from podium_core.index.marks import Verify, encode_mark, outbox_kind
from podium_core.models.json_members import text_of_member
from podium_core.outbox import KIND_PAYLOAD, LEFT_MS, WRITER_FIRST_MS, NewEntry
from podium_core.payload_keys import is_owned
from podium_core.ports import IndexTarget
from podium_server.facade.index_marks import IndexMarkWrites

IDS_AT_ONCE = 200

_PATHS = ("externalInputPayloadStoragePath", "externalOutputPayloadStoragePath")


class ArchiveRemoval:
    """Removes archived workflows that have no document any more."""

    def __init__(self, index: IndexTarget, marks: IndexMarkWrites) -> None:
        self._index = index
        self._marks = marks

    async def remove(self, workflow_id: str, *, delete_payloads: bool) -> bool:
        """Remove an archive, the workflow's own entry last; false without one.

        A document that is created meanwhile keeps its entry.

        Args:
            workflow_id: Whose archive.
            delete_payloads: Delete the payloads that Podium stored for the workflow, too.
        Raises:
            BackendUnavailableError: The index was not reached; nothing was removed.
        """
        (entry,) = await self._index.entries(EntryKind.WORKFLOW, [workflow_id])
        if entry is None or not entry.archived:
            return False
        await self._remove_tasks(workflow_id, delete_payloads=delete_payloads)
        await self._marks.put(_payload_deletions([entry], workflow_id) if delete_payloads else [])
        mark = encode_mark(Verify(removes_archive=True))
        kind = outbox_kind(EntryKind.WORKFLOW)
        await self._marks.put_and_wait(
            [
                NewEntry(
                    kind=kind,
                    id=workflow_id,
                    owner=workflow_id,
                    body=mark,
                    delay_ms=WRITER_FIRST_MS,
                )
            ]
        )
        return True

    async def _remove_tasks(self, workflow_id: str, *, delete_payloads: bool) -> None:
        mark = encode_mark(Verify(removes_archive=True, workflow_id=workflow_id))
        kind = outbox_kind(EntryKind.TASK)
        after = ""
        while ids := await self._index.task_ids(workflow_id, after=after, limit=IDS_AT_ONCE):
            payloads = await self._payload_deletions(ids, workflow_id) if delete_payloads else []
            marks = [NewEntry(kind=kind, id=id_, owner=workflow_id, body=mark) for id_ in ids]
            await self._marks.put([*payloads, *marks])
            after = ids[-1]

    async def _payload_deletions(self, task_ids: Sequence[str], workflow_id: str) -> list[NewEntry]:
        marks: list[NewEntry] = []
        rest = task_ids
        while rest:
            entries = await self._index.entries(EntryKind.TASK, rest)
            marks += _payload_deletions(entries, workflow_id)
            rest = rest[len(entries) :]
        return marks


def _payload_deletions(entries: Sequence[IndexEntry | None], workflow_id: str) -> list[NewEntry]:
    paths = {path for entry in entries if entry for path in _paths_of(entry)}
    return [
        NewEntry(kind=KIND_PAYLOAD, id=path, owner=workflow_id, delay_ms=LEFT_MS)
        for path in sorted(paths)
        if is_owned(path, workflow_id)
    ]


def _paths_of(entry: IndexEntry) -> list[str]:
    try:
        paths = [text_of_member(entry.document, key) for key in _PATHS]
    except msgspec.MsgspecError:
        return []  # an entry of another form: Podium wrote no path there
    return [path for path in paths if path]
