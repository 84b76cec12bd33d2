"""The reads of IndexDAO on any index: checks of arguments, parsing, pages, look-ups; the index itself only finds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from msgspec import Raw
from msgspec.structs import replace

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import CorruptRecordError, InvalidArgumentError, NotFoundError
from podium_core.index.changes import EntryKind
from podium_core.index.documents import TASK_ENTRY, WORKFLOW_ENTRY, members_of
from podium_core.index.entries import IndexEntry
from podium_core.index.kinds import SEARCHED
from podium_core.index.lookup import decode_event_execution, decode_message, decode_task_log
from podium_core.index.search import Hit, Hits, Search
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    WorkflowSummary,
)
from podium_core.models.json_text import raw_bytes
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.ports.index_table import IndexTable
from podium_core.query import (
    And,
    Equals,
    Not,
    OneOf,
    Range,
    SortKey,
    parse_free_text,
    parse_query,
    parse_sort,
)
from podium_core.requirements import (
    require_count,
    require_duration,
    require_not_negative,
    require_text,
)
from podium_core.searching.page_token import FIELD, Asked, page_token as token_of, place_of

T = TypeVar("T")

# The index that ``search_archivable_workflows`` searches, by Conductor's name.
WORKFLOW_INDEX = "conductor_workflow"
MAX_ARCHIVABLE = 1_000
MAX_COUNT = 10_000
_ENDED = ("COMPLETED", "FAILED", "TIMED_OUT", "TERMINATED")
_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
# More documents, in bytes, are decoded in a thread.
_LARGE = 256 * 1024


class IndexReads:
    """``IndexDAO``, but for its writes: those go through the outbox of the store that serves executions.

    Attributes:
        table: The index.
    """

    def __init__(
        self,
        table: IndexTable,
        *,
        clock: Clock = system_clock_ms,
        task_log_result_limit: int = 10,
        right_grouping: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """On an index.

        Args:
            table: The index.
            clock: Says which day it is.
            task_log_result_limit: The lines of a log where the call doesn't say how many.
            right_grouping: AND and OR group from the right, as in Java.
            max_answer_bytes: As of ``StoreContext``.
        """
        self.table = table
        self._clock = clock
        self._task_log_result_limit = task_log_result_limit
        self._right_grouping = right_grouping
        self._max_answer_bytes = max_answer_bytes
        self.setup = table.setup

    # searching

    async def search_workflows(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[str]:
        asked = Asked(EntryKind.WORKFLOW, query, free_text, lucene_query, tuple(sort))
        search = self._search(asked, start, count, page_token)
        return await self._ids(search, asked.digest)

    async def search_workflow_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[WorkflowSummary]:
        asked = Asked(EntryKind.WORKFLOW, query, free_text, lucene_query, tuple(sort))
        search = self._search(asked, start, count, page_token)
        return await self._summaries(search, asked.digest, WORKFLOW_ENTRY.decode)

    async def search_tasks(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[str]:
        asked = Asked(EntryKind.TASK, query, free_text, lucene_query, tuple(sort))
        search = self._search(asked, start, count, page_token)
        return await self._ids(search, asked.digest)

    async def search_task_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
        page_token: str = "",
        lucene_query: str = "",
    ) -> SearchResult[TaskSummary]:
        asked = Asked(EntryKind.TASK, query, free_text, lucene_query, tuple(sort))
        search = self._search(asked, start, count, page_token)
        return await self._summaries(search, asked.digest, TASK_ENTRY.decode)

    async def get_workflow_count(
        self, query: str = "", free_text: str = "", *, lucene_query: str = ""
    ) -> int:
        asked = Asked(EntryKind.WORKFLOW, query, free_text, lucene_query)
        return (await self._hits(self._search(asked, 0, 0, ""))).total

    def _search(self, asked: Asked, start: int, count: int, page_token: str) -> Search:
        require_not_negative(start, "start")
        if count:
            require_count(count, limit=MAX_COUNT)
        if start and page_token:
            raise InvalidArgumentError(FIELD, "says where to go on: start must be 0")
        fields = SEARCHED[asked.kind].fields
        search = Search(
            kind=asked.kind,
            query=parse_query(asked.query, fields, right_grouping=self._right_grouping),
            free_text=parse_free_text(asked.free_text, fields),
            lucene_query=asked.lucene_query,
            sort=parse_sort(asked.sort, fields),
            start=start,
            count=count,
        )
        if not page_token:
            return search
        return replace(search, after=place_of(page_token, asked.digest, len(search.order) + 1))

    async def _hits(self, search: Search) -> Hits:
        return await self.table.search(search, ReadBudget(self._max_answer_bytes))

    async def _ids(self, search: Search, asked: str) -> SearchResult[str]:
        found = await self._hits(search)
        return SearchResult(
            total_hits=found.total,
            results=tuple(hit.id for hit in found.hits),
            next_page_token=_next_token(search, found, asked),
        )

    async def _summaries(
        self, search: Search, asked: str, decode: Callable[[bytes, str], T]
    ) -> SearchResult[T]:
        found = await self._hits(replace(search, with_documents=True))
        work = partial(_decode_hits, found.hits, decode)
        large = sum(len(hit.document) for hit in found.hits) > _LARGE
        results, unreadable = await asyncio.to_thread(work) if large else work()
        return SearchResult(
            total_hits=found.total,
            results=tuple(results),
            unreadable_ids=tuple(unreadable),
            next_page_token=_next_token(search, found, asked),
        )

    async def search_archivable_workflows(
        self, archive_ttl_days: int, *, index_name: str = ""
    ) -> list[str]:
        if index_name not in {"", WORKFLOW_INDEX}:
            raise NotFoundError("index", index_name)
        ttl_ms = require_duration(archive_ttl_days * _DAY_MS, "archive_ttl_days")
        today_ms = self._clock() // _DAY_MS * _DAY_MS
        end_ms = today_ms - ttl_ms
        found = await self._hits(_archivable(end_ms - _DAY_MS, end_ms))
        return [hit.id for hit in found.hits]

    # looking up

    async def get(self, workflow_id: str, field: str) -> Raw | None:
        require_text(workflow_id, "workflow_id")
        require_text(field, "field")
        (entry,) = await self.table.entries(EntryKind.WORKFLOW, [workflow_id])
        if entry is None:
            return None
        work = partial(_member, entry, field)
        return await asyncio.to_thread(work) if len(entry.document) > _LARGE else work()

    async def get_task_execution_logs(
        self, task_id: str, *, count: int | None = None
    ) -> list[TaskExecLog]:
        require_text(task_id, "task_id")
        limit = self._task_log_result_limit if count is None else count
        return await self._records(EntryKind.TASK_LOG, task_id, limit, decode_task_log)

    async def get_event_executions(self, event: str, *, count: int = 1_000) -> list[EventExecution]:
        require_text(event, "event")
        return await self._records(EntryKind.EVENT, event, count, decode_event_execution)

    async def get_messages(self, queue_name: str, *, count: int = 1_000) -> list[IndexedMessage]:
        require_text(queue_name, "queue_name")
        return await self._records(EntryKind.MESSAGE, queue_name, count, decode_message)

    async def _records(
        self, kind: EntryKind, owner: str, count: int, decode: Callable[[bytes, str], T]
    ) -> list[T]:
        require_count(count, limit=MAX_COUNT)
        found = await self.table.records(kind, owner, count, ReadBudget(self._max_answer_bytes))

        def work() -> list[T]:
            return [decode(document, id_) for id_, document in found]

        large = sum(len(document) for _, document in found) > _LARGE
        return await asyncio.to_thread(work) if large else work()


def _archivable(from_ms: int, to_ms: int) -> Search:
    """Workflows that ended within these milliseconds, ``to_ms`` not included, and aren't archived."""
    fields = SEARCHED[EntryKind.WORKFLOW].fields
    end_time = fields["endTime"]
    conditions = (
        Range(end_time, above=from_ms, below=to_ms, below_included=False),
        OneOf(fields["status"], _ENDED),
        Not(Equals(fields["archived"], True)),
    )
    return Search(
        kind=EntryKind.WORKFLOW,
        query=And(conditions),
        sort=(SortKey(end_time),),
        count=MAX_ARCHIVABLE,
        is_cheap=True,
    )


def _decode_hits(
    hits: Sequence[Hit], decode: Callable[[bytes, str], T]
) -> tuple[Sequence[T], Sequence[str]]:
    """The entries that can be read, and the ids of the others."""
    results: list[T] = []
    unreadable: list[str] = []
    for hit in hits:
        try:
            results.append(decode(hit.document, hit.id))
        except CorruptRecordError:
            unreadable.append(hit.id)
    return results, unreadable


def _next_token(search: Search, found: Hits, asked: str) -> str:
    """Where the next page begins; empty where there is none."""
    shown = len(found.hits)
    if not shown or shown < search.count:
        return ""
    if search.after is None and search.start + shown >= found.total:
        return ""
    return token_of(asked, found.hits[-1].place)


def _member(entry: IndexEntry, field: str) -> Raw | None:
    value = members_of(entry.document, "workflow entry", entry.id).get(field)
    # As in Java, where null is no value.
    return None if value is None or raw_bytes(value) == b"null" else value.copy()
