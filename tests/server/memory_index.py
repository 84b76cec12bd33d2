"""An IndexDAO in memory that finds everything: what is tested with it is the way there and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from podium_core.index import (
    TASK_ENTRY,
    WORKFLOW_ENTRY,
    EntryKind,
    IndexChange,
    IndexOutcome,
    IndexWrites,
    Merge,
    Put,
    decode_event_execution,
    decode_message,
    decode_task_log,
    with_members,
)
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.ports import IndexDAO

UNREADABLE = "unreadable"


class MemoryIndex(IndexWrites):
    """Keeps documents by kind and id, and notes what reads were asked for."""

    def __init__(self) -> None:
        self.documents: dict[tuple[EntryKind, str], bytes] = {}
        self.waits: list[Wait] = []
        self.asked: list[tuple[Any, ...]] = []
        self.set_up = 0

    async def setup(self) -> None:
        self.set_up += 1

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        self.waits.append(wait)
        outcomes = [self._apply(change) for change in changes]
        return outcomes if wait is Wait.INDEXED else [IndexOutcome.ACCEPTED] * len(changes)

    def _apply(self, change: IndexChange) -> IndexOutcome:
        key = (change.kind, change.id)
        if isinstance(change.action, Put):
            self.documents[key] = bytes(change.action.document)
        elif key not in self.documents:
            return IndexOutcome.ABSENT
        elif isinstance(change.action, Merge):
            self.documents[key] = with_members(self.documents[key], change.action.fields)
        else:
            del self.documents[key]
        return IndexOutcome.WRITTEN

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        ids = sorted(id_ for id_ in self._of(EntryKind.TASK) if id_ > after)
        return ids[:limit]

    def _of(self, kind: EntryKind) -> dict[str, bytes]:
        return {id_: text for (kind_, id_), text in self.documents.items() if kind_ is kind}

    async def search_workflows(
        self, query: str = "", free_text: str = "", **page: Any
    ) -> SearchResult[str]:
        self.asked.append((query, free_text, page))
        ids = tuple(self._of(EntryKind.WORKFLOW))
        return SearchResult(total_hits=2**40, results=ids)

    async def search_workflow_summary(
        self, query: str = "", free_text: str = "", **page: Any
    ) -> SearchResult[WorkflowSummary]:
        self.asked.append((query, free_text, page))
        found = self._of(EntryKind.WORKFLOW).items()
        results = tuple(WORKFLOW_ENTRY.decode(text, id_) for id_, text in found)
        return SearchResult(total_hits=2**40, results=results, unreadable_ids=(UNREADABLE,))

    async def search_tasks(
        self, query: str = "", free_text: str = "", **page: Any
    ) -> SearchResult[str]:
        self.asked.append((query, free_text, page))
        return SearchResult(total_hits=2**40, results=tuple(self._of(EntryKind.TASK)))

    async def search_task_summary(
        self, query: str = "", free_text: str = "", **page: Any
    ) -> SearchResult[TaskSummary]:
        self.asked.append((query, free_text, page))
        found = self._of(EntryKind.TASK).items()
        results = tuple(TASK_ENTRY.decode(text, id_) for id_, text in found)
        return SearchResult(total_hits=2**40, results=results, unreadable_ids=(UNREADABLE,))

    async def get_workflow_count(
        self, query: str = "", free_text: str = "", *, lucene_query: str = ""
    ) -> int:
        self.asked.append((query, free_text, lucene_query))
        return 2**40

    async def get(self, workflow_id: str, field: str) -> Raw | None:
        return Raw(b'{ "a": 1.00 }') if field == "there" else None

    async def search_archivable_workflows(
        self, archive_ttl_days: int, *, index_name: str = ""
    ) -> list[str]:
        self.asked.append((archive_ttl_days, index_name))
        return ["w1", "w2"]

    async def get_task_execution_logs(
        self, task_id: str, *, count: int | None = None
    ) -> list[TaskExecLog]:
        self.asked.append((task_id, count))
        return [decode_task_log(text, id_) for id_, text in self._of(EntryKind.TASK_LOG).items()]

    async def get_event_executions(self, event: str, *, count: int = 1_000) -> list[EventExecution]:
        self.asked.append((event, count))
        found = self._of(EntryKind.EVENT).items()
        return [decode_event_execution(text, id_) for id_, text in found]

    async def get_messages(self, queue_name: str, *, count: int = 1_000) -> list[IndexedMessage]:
        self.asked.append((queue_name, count))
        return [decode_message(text, id_) for id_, text in self._of(EntryKind.MESSAGE).items()]


_: type[IndexDAO] = MemoryIndex
