"""Index and executions side by side, both ways; and both beside the journal of what was acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from podium_client import PodiumClient
from podium_core.execution_service import WorkflowSource
from podium_core.index import task_summary, workflow_summary
from podium_core.models import SearchResult, TaskSummary, Workflow, WorkflowSummary, collect
from podium_core.reconcile import IndexDifference, QueueFinding
from tests.faults.index_entries import EVENT, QUEUE, TASK_WITH_A_LOG, Entry
from tests.faults.index_executions import Execution, Fate
from tests.faults.index_load import IndexJournal
from tests.faults.stores import Store
from tests.patience import PATIENCE_SECONDS

S = TypeVar("S", WorkflowSummary, TaskSummary)

PAGE = 2_000
FAULTS_SHOWN = 20


async def soon_at_rest(
    podium: PodiumClient, journal: IndexJournal, store: Store, seconds: float = PATIENCE_SECONDS
) -> float:
    """Index and executions are what they have to be, at once or within this time; returns how long it took."""
    began = time.monotonic()
    while True:
        asked = time.monotonic() - began
        faults = [*store.marks_left(), *await differences(podium, journal)]
        if not faults:
            assert not await _verified(podium)
            assert not await _queue_findings(podium)
            return asked
        assert asked < seconds, "\n".join([f"{len(faults)} faults", *faults[:FAULTS_SHOWN]])
        await asyncio.sleep(0.05)


async def _verified(podium: PodiumClient) -> list[IndexDifference]:
    """What VerifyIndex finds. Entries of executions that live elsewhere are their engine's, and no differences."""
    reports = [report async for report in podium.admin.verify_index()]
    assert reports[-1].done
    return [difference for report in reports for difference in report.differences]


async def _queue_findings(podium: PodiumClient) -> list[QueueFinding]:
    """What VerifyQueues finds."""
    reports = [report async for report in podium.admin.verify_queues()]
    assert reports[-1].done
    return [finding for report in reports for finding in report.findings]


async def differences(podium: PodiumClient, journal: IndexJournal) -> list[str]:
    """What is missing, stale or surplus in the index, and what is lost of what was acknowledged."""
    wanted = _Wanted()
    ids = [execution.id for execution in journal.executions]
    stored = await _stored(podium, ids)
    for execution in journal.executions:
        await wanted.execution(podium, execution, stored.get(execution.id))
    wanted.workflows.foreign(journal.foreign.workflows)
    wanted.tasks.foreign(journal.foreign.tasks)
    await wanted.workflows.compare(podium.index.search_workflow_summary, "workflowId")
    await wanted.tasks.compare(podium.index.search_task_summary, "taskId")
    looked_up = [fault async for fault in _looked_up(podium, journal)]
    return wanted.faults + wanted.workflows.faults + wanted.tasks.faults + looked_up


async def _stored(podium: PodiumClient, ids: list[str]) -> Mapping[str, Workflow]:
    found: dict[str, Workflow] = {}
    for at in range(0, len(ids), PAGE):
        pages = podium.executions.get_workflows(ids[at : at + PAGE], include_tasks=True)
        found |= {str(workflow.workflow_id): workflow for workflow in await collect(pages)}
    return found


@dataclass
class _Side(Generic[S]):
    """The entries of workflows, or of tasks: each in one of the states that it may be in, and no others."""

    states: dict[str, list[S | None]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def foreign(self, entries: Mapping[str, Entry[S]]) -> None:
        """Those that came through IndexService."""
        self.states |= {id_: entry.states for id_, entry in entries.items()}

    async def compare(self, search: Callable[..., Awaitable[SearchResult[S]]], key: str) -> None:
        """Read every entry, and say what is wrong."""
        shown = {_id(summary): summary async for summary in _all(search, key)}
        for id_ in sorted(self.states.keys() | shown.keys()):
            states = self.states.get(id_, [None])
            if shown.get(id_) not in states:
                self.faults.append(f"the index shows {shown.get(id_)} instead of {states}")


@dataclass
class _Wanted:
    """What executions say that the index should show."""

    workflows: _Side[WorkflowSummary] = field(default_factory=_Side)
    tasks: _Side[TaskSummary] = field(default_factory=_Side)
    faults: list[str] = field(default_factory=list)

    async def execution(
        self, podium: PodiumClient, execution: Execution, stored: Workflow | None
    ) -> None:
        """What has to be there of one execution."""
        archived = stored is None and execution.fate is Fate.ARCHIVED
        if stored is not None and execution.gone:
            self.faults.append(f"{execution.id} is there after its removal")
        if archived:
            stored = await self._archived(podium, execution)
        if stored is None and execution.fate is Fate.REMOVED:
            return
        self.faults += filter(None, execution.faults(stored))
        if stored is not None:
            self._entries(stored, archived=archived)

    async def _archived(self, podium: PodiumClient, execution: Execution) -> Workflow | None:
        found = await podium.executions.find_workflow(execution.id, include_tasks=True)
        if found is not None and found.source is not WorkflowSource.ARCHIVE:
            self.faults.append(f"{execution.id} is read from {found.source}")
        return found.workflow if found else None

    def _entries(self, stored: Workflow, *, archived: bool) -> None:
        flag = True if archived else UNSET
        shown = replace(workflow_summary(stored), archived=flag)
        self.workflows.states[str(stored.workflow_id)] = [shown]
        for task in stored.tasks:
            self.tasks.states[str(task.task_id)] = [replace(task_summary(task), archived=flag)]


def _id(summary: WorkflowSummary | TaskSummary) -> str:
    return str(summary.workflow_id if isinstance(summary, WorkflowSummary) else summary.task_id)


async def _all(search: Callable[..., Awaitable[SearchResult[S]]], key: str) -> AsyncIterator[S]:
    start = 0
    while True:
        found = await search(start=start, count=PAGE, sort=[key])
        assert not found.unreadable_ids
        for summary in found.results:
            yield summary
        start += len(found.results)
        if not found.results or start >= found.total_hits:
            return


async def _looked_up(podium: PodiumClient, journal: IndexJournal) -> AsyncIterator[str]:
    kept = journal.foreign
    lines = await podium.index.get_task_execution_logs(TASK_WITH_A_LOG, count=10_000)
    messages = await podium.index.get_messages(QUEUE, count=10_000)
    events = await podium.index.get_event_executions(EVENT, count=10_000)
    for fault in (
        *kept.logs.faults({str(line.id) for line in lines}),
        *kept.messages.faults({str(message.message_id) for message in messages}),
        *kept.events.faults({str(event.id) for event in events}),
    ):
        yield fault
