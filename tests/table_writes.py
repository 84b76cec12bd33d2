"""The writes of IndexDAO straight on an index, for tests of an index alone: in a server they go through the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.index import (
    IndexAction,
    IndexChange,
    IndexOutcome,
    IndexWrites,
    Merge,
    Put,
    with_members,
)
from podium_core.index.entries import IndexEntry, IndexWrite
from podium_core.index.kinds import LOOKED_UP
from podium_core.models import Wait
from podium_core.models.json_members import text_of_member
from podium_core.models.json_text import raw_bytes
from podium_core.ports import IndexTable


class TableWrites(IndexWrites):
    """Makes each change at once, with a token above all before it. Archives don't matter."""

    def __init__(self, table: IndexTable) -> None:
        self._table = table
        self._tokens = count(1_000_000)

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        outcomes = [await self._make(change) for change in changes]
        await self._table.refresh()
        return outcomes

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        return await self._table.task_ids(workflow_id, after=after, limit=limit)

    async def _make(self, change: IndexChange) -> IndexOutcome:
        entry = None
        if change.kind not in LOOKED_UP:
            (entry,) = await self._table.entries(change.kind, [change.id])
        if entry is not None and not _is_of(change.action, entry):
            return IndexOutcome.ABSENT
        match change.action:
            case Put(document=document):
                text: bytes | None = raw_bytes(document)
            case Merge(fields=fields):
                if entry is None:
                    return IndexOutcome.ABSENT
                text = with_members(entry.document, Raw(fields))
            case _:
                text = None
        write = IndexWrite(
            kind=change.kind, id=change.id, token=next(self._tokens), document=text, external=True
        )
        (answer,) = await self._table.send([write])
        if answer.refused:
            raise InvalidArgumentError("", answer.refused)
        absent = text is None and entry is None
        return IndexOutcome.ABSENT if absent else IndexOutcome.WRITTEN


def _is_of(action: IndexAction, entry: IndexEntry) -> bool:
    """Whether an entry is of the workflow that a change is about."""
    wanted = "" if isinstance(action, Put) else action.workflow_id
    return not wanted or text_of_member(entry.document, "workflowId") == wanted
