"""The IndexDAO: search over workflows and tasks, and what is kept for looking up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Raw

from podium_core.models import EventExecution
from podium_core.models.search import (
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)


class IndexDAO(Protocol):
    """Mirrors Conductor's ``IndexDAO``. Its ``async…`` twins are the same method with ``wait=Wait.ACCEPTED``.

    The index is eventual: a search sees a write once the index has refreshed, or, with ``Wait.INDEXED``, when the call
    has returned. A write is one entry, stored whole or not at all; of two writes of one entry the later one stays.

    Unless a method says otherwise it raises ``InvalidArgumentError`` for missing or malformed fields,
    ``FailedPreconditionError`` where no index is routed, and ``BackendUnavailableError`` where the store was not reached.
    Writes with ``Wait.INDEXED`` raise ``DeadlineExceededError`` where the index didn't confirm in time: the write is kept
    and still going to be indexed.

    Searches take Conductor's two texts. ``query`` is its structured language (``name op value`` with AND, OR, NOT and
    parentheses; ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``IN (a, b)``, ``BETWEEN a AND b``, ``STARTS_WITH``, ``IS
    NULL``, ``IS NOT NULL``; values bare or in quotes), empty for everything; ``free_text`` searches the words of all
    fields, ``*`` or empty for everything. A text that can't be parsed, and a sort field that can't be sorted by, is
    ``InvalidArgumentError`` with the field (``query``, ``free_text``, ``sort[0]``) and the column. So is ``start + count``
    above the store's window, where it has one (Elasticsearch: its ``max_result_window``, 10,000 unless it was changed);
    SQLite pages on. A page token goes on from there on every store.
    """

    async def setup(self) -> None:
        """Create what the index needs (indices, mappings, tables), if it isn't there. Source: ``IndexDAO.setup``."""
        ...

    # workflows and tasks

    async def index_workflow(self, workflow: WorkflowSummary, *, wait: Wait = Wait.INDEXED) -> None:
        """Store the whole entry of a workflow, in place of the one that is there, but for its archive.

        An entry that holds an archive (``rawJSON``, ``archived``) keeps it until the entry is removed. Only an archive
        that came through this DAO gives way, to a write that brings a ``rawJSON`` of its own.

        Args:
            workflow: ``workflow_id`` is required.
            wait: What the answer means.
        Source: ``IndexDAO.indexWorkflow`` and ``asyncIndexWorkflow``.
        """
        ...

    async def index_task(self, task: TaskSummary, *, wait: Wait = Wait.INDEXED) -> None:
        """Store the whole entry of a task, in place of the one that is there, but for its archive.

        Args:
            task: ``task_id`` and ``workflow_id`` are required.
            wait: What the answer means.
        Source: ``IndexDAO.indexTask`` and ``asyncIndexTask``.
        """
        ...

    async def update_workflow(
        self, workflow_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        """Set some fields of a workflow's entry; the others stay, and so does an archive, as in ``index_workflow``.

        Args:
            workflow_id: Whose entry.
            fields: A JSON object with Conductor's keys, as ``{"archived": true}``. The key of a typed field must hold its
                type, a time as ISO 8601 text or as milliseconds since the epoch; ids can't be changed.
            wait: What the answer means.
        Raises:
            NotFoundError: It has no entry. With ``Wait.ACCEPTED`` that can't be told.
        Source: ``IndexDAO.updateWorkflow`` and ``asyncUpdateWorkflow``.
        """
        ...

    async def update_task(
        self, workflow_id: str, task_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        """Set some fields of a task's entry; the others stay, and so does an archive, as in ``index_workflow``.

        Args:
            workflow_id: The task's workflow.
            task_id: Whose entry.
            fields: As in ``update_workflow``.
            wait: What the answer means.
        Raises:
            NotFoundError: It has no entry. With ``Wait.ACCEPTED`` that can't be told.
        Source: ``IndexDAO.updateTask`` and ``asyncUpdateTask``.
        """
        ...

    async def remove_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        """Remove the entry of a workflow, an archived one too.

        Args:
            workflow_id: Whose entry.
            include_tasks: Remove the entries of its tasks too, those that the index has now; first, so that a call that
                breaks off can be repeated.
            wait: What the answer means.
        Returns:
            Whether the workflow's entry was there; None with ``Wait.ACCEPTED``, where it isn't known yet.
        Source: ``IndexDAO.removeWorkflow`` and ``asyncRemoveWorkflow``, which leave the entries of tasks.
        """
        ...

    async def remove_task(
        self, workflow_id: str, task_id: str, *, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        """Remove the entry of a task, if it is of this workflow.

        Returns:
            Whether it was there; None with ``Wait.ACCEPTED``, where it isn't known yet.
        Source: ``IndexDAO.removeTask`` and ``asyncRemoveTask``.
        """
        ...

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
        """The ids of the workflows that match.

        Args:
            query: Structured query.
            free_text: Words to search for.
            start: How many results to skip.
            count: At most so many, 0 to 10,000; 0 asks for ``total_hits`` alone.
            sort: Field names, each followed by ``:ASC`` (the default) or ``:DESC``; none: by relevance.
            page_token: ``next_page_token`` of the page before, with the same texts and sort and without ``start``: the page
                after it, however deep. What doesn't change meanwhile comes exactly once; but by relevance, scores may move
                when other entries change.
            lucene_query: A text in the syntax of Lucene's ``query_string``, which the index reads itself: it has to match
                too. Without ``sort`` it counts for relevance.
        Raises:
            UnsupportedOperationError: There is a ``lucene_query``, and the index (SQLite) has no such language.
        Source: ``IndexDAO.searchWorkflows``.
        """
        ...

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
        """The entries of the workflows that match. Arguments as ``search_workflows``.

        Source: ``IndexDAO.searchWorkflowSummary``.
        """
        ...

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
        """The ids of the tasks that match. Arguments as ``search_workflows``. Source: ``IndexDAO.searchTasks``."""
        ...

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
        """The entries of the tasks that match. Arguments as ``search_workflows``.

        Source: ``IndexDAO.searchTaskSummary``.
        """
        ...

    async def get_workflow_count(
        self, query: str = "", free_text: str = "", *, lucene_query: str = ""
    ) -> int:
        """How many workflows match. Arguments and errors as ``search_workflows``. Source: ``IndexDAO.getWorkflowCount``."""
        ...

    async def get(self, workflow_id: str, field: str) -> Raw | None:
        """One field of a workflow's entry as JSON text.

        Args:
            workflow_id: Whose entry.
            field: Conductor's key, as ``status`` or ``rawJSON``.
        Returns:
            The value; None without an entry, or where that doesn't have the field.
        Source: ``IndexDAO.get``, which returns the value's ``toString``.
        """
        ...

    async def search_archivable_workflows(
        self, archive_ttl_days: int, *, index_name: str = ""
    ) -> list[str]:
        """Ids of at most 1,000 terminal workflows that ended so many days and one ago (UTC) and aren't archived.

        Args:
            archive_ttl_days: Days that an ended workflow stays unarchived, at least 0.
            index_name: The index to search; empty: the configured workflow index.
        Source: ``IndexDAO.searchArchivableWorkflows``, whose arguments are in the other order.
        """
        ...

    # what is kept for looking up

    async def add_task_execution_logs(
        self, logs: Sequence[TaskExecLog], *, wait: Wait = Wait.INDEXED
    ) -> None:
        """Store lines of task logs. A line of an id that is there replaces it: a repeat adds nothing.

        Args:
            logs: At most 1,000, of any tasks; ``task_id`` is required.
            wait: What the answer means.
        Source: ``IndexDAO.addTaskExecutionLogs`` and ``asyncAddTaskExecutionLogs``.
        """
        ...

    async def get_task_execution_logs(
        self, task_id: str, *, count: int | None = None
    ) -> list[TaskExecLog]:
        """The log of a task, oldest lines first; none for an unknown task.

        Args:
            task_id: Whose log.
            count: At most so many, 1 to 10,000; None: as many as the store is configured for.
        Source: ``IndexDAO.getTaskExecutionLogs``.
        """
        ...

    async def add_event_execution(
        self, event_execution: EventExecution, *, wait: Wait = Wait.INDEXED
    ) -> None:
        """Store an event execution for looking up, in place of the one of its name, event, message id and id.

        Source: ``IndexDAO.addEventExecution`` and ``asyncAddEventExecution``.
        """
        ...

    async def get_event_executions(self, event: str, *, count: int = 1_000) -> list[EventExecution]:
        """The event executions of an event, oldest first, at most ``count`` (1 to 10,000).

        Source: ``IndexDAO.getEventExecutions``.
        """
        ...

    async def add_message(self, message: IndexedMessage, *, wait: Wait = Wait.INDEXED) -> None:
        """Store a message of an event queue for looking up, in place of the one of its queue and message id.

        Args:
            message: ``queue_name`` and ``message_id`` are required.
            wait: What the answer means.
        Source: ``IndexDAO.addMessage`` and ``asyncAddMessage``, which take queue and message apart.
        """
        ...

    async def get_messages(self, queue_name: str, *, count: int = 1_000) -> list[IndexedMessage]:
        """The messages of an event queue, oldest first, at most ``count`` (1 to 10,000).

        Source: ``IndexDAO.getMessages``.
        """
        ...
