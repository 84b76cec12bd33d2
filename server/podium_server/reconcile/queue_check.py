"""The queues against the executions: what ought to be queued and isn't, and what is queued without being stored.

Source: Conductor's ``WorkflowRepairService``, which looks at one workflow whenever it is swept; this one walks over all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import NamedTuple

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import NotFoundError
from podium_core.index.changes import EntryKind
from podium_core.index.stored_document import DocumentScan
from podium_core.ports import MetadataDAO, Outbox, QueueStore, StoredDocuments
from podium_core.reconcile import QueueFinding, QueueProblem, QueueProgress, QueueReport
from podium_core.write_set import WriteOutcome, WriteSet, builders
from podium_server.reconcile.check_progress import CheckProgress, Place
from podium_server.reconcile.pace import Pace
from podium_server.reconcile.queue_looks import QueueLooks
from podium_server.reconcile.queue_rules import Expected, QueueRules
from podium_server.reconcile.task_queues import TaskQueues

WORKFLOWS, TASKS, MESSAGES = STEPS = ("workflows", "tasks", "messages")
MESSAGE_PAGE = 500

_START: Place = (WORKFLOWS, "")
_COUNTERS = QueueProgress.__struct_fields__
_PUSHED = "pushed"


class _CheckedPage(NamedTuple):
    """The result of a page, and the place after it; None after the last one."""

    checked: int
    findings: Sequence[QueueFinding]
    place: Place | None
    pushed: int = 0


class QueueCheck:
    """Checks and repairs queues. Every run raises ``InvalidArgumentError`` where its token isn't one of ours."""

    def __init__(
        self,
        source: StoredDocuments,
        apply: Callable[[WriteSet], Awaitable[WriteOutcome]],
        queues: QueueStore,
        metadata: MetadataDAO,
        outbox: Outbox | None,
        rules: QueueRules,
        *,
        clock: Clock = system_clock_ms,
    ) -> None:
        """Takes the stores, and ``apply``, as ``ExecutionStore.apply``: a push asks again for what it is of."""
        self._source = source
        self._apply = apply
        self._queues = queues
        self._metadata = metadata
        self._second_look_seconds = rules.second_look_seconds
        self._looks = QueueLooks(source, queues, outbox, rules, clock)

    def verify(self, resume_token: str = "") -> AsyncGenerator[QueueReport]:
        """Report what is wrong."""
        return self._reports(resume_token, apply=False)

    def repair(self, resume_token: str = "", *, apply: bool = False) -> AsyncGenerator[QueueReport]:
        """Report what is wrong; with ``apply`` push what isn't queued. No message is removed or replaced."""
        return self._reports(resume_token, apply=apply)

    async def _reports(self, token: str, *, apply: bool) -> AsyncGenerator[QueueReport]:
        progress = CheckProgress(token, _START, STEPS, (*_COUNTERS, _PUSHED))
        run = _Run(self._source, TaskQueues(self._metadata))
        place: Place | None = progress.place
        while place is not None:
            if place[0] == MESSAGES:
                async for _ in run.all_tasks():
                    yield _report(progress, (), place)
            page = await self._page(run, place, apply=apply)
            progress.add("checked", page.checked)
            progress.add_each(finding.problem.value for finding in page.findings)
            progress.add(_PUSHED, page.pushed)
            place = page.place
            yield _report(progress, page.findings, place)

    async def _page(self, run: _Run, place: Place, *, apply: bool) -> _CheckedPage:
        match place[0]:
            case "workflows":
                return await self._documents(run, EntryKind.WORKFLOW, place, TASKS, apply=apply)
            case "tasks":
                return await self._documents(run, EntryKind.TASK, place, MESSAGES, apply=apply)
            case _:
                return await self._messages(run, place[1])

    async def _documents(
        self, run: _Run, kind: EntryKind, place: Place, following: str, *, apply: bool
    ) -> _CheckedPage:
        documents, cursor = await run.documents(kind, place[1])
        after: Place = (following, "") if cursor is None else (place[0], cursor)
        checked = len(documents)
        suspects = await self._looks.not_queued(documents)
        del documents  # they may be large, and the second look takes a while
        if suspects:
            await asyncio.sleep(self._second_look_seconds)
            suspects = await self._looks.still_not_queued(kind, suspects)
        pushed = await self._push(suspects) if apply else 0
        findings = [
            QueueFinding(expected.problem, expected.queue_name, expected.message.id)
            for expected in suspects
        ]
        return _CheckedPage(checked, findings, after, pushed)

    async def _push(self, wanted: Sequence[Expected]) -> int:
        return sum([await self._push_one(expected) for expected in wanted])

    async def _push_one(self, expected: Expected) -> bool:
        write_set = builders.queue_again(
            expected.queue_name,
            expected.message,
            workflow_id=expected.workflow_id,
            task_id=expected.task_id,
        )
        try:
            outcome = await self._apply(write_set)
        except NotFoundError:
            return False  # removed, or no longer scheduled, since it was looked at
        return outcome.pushed == (True,)

    async def _messages(self, run: _Run, cursor: str) -> _CheckedPage:
        scan = await self._queues.scan_messages(cursor=cursor, limit=MESSAGE_PAGE)
        keys = scan.messages
        known = await run.task_queues.known({name for name, _ in keys})
        suspects = await self._looks.without_document([key for key in keys if key[0] in known])
        if suspects:
            await asyncio.sleep(self._second_look_seconds)
            suspects = await self._looks.still_without_document(suspects)
        findings = [QueueFinding(QueueProblem.MESSAGE_WITHOUT_TASK, *key) for key in suspects]
        findings += [QueueFinding(QueueProblem.MESSAGE_UNREADABLE, *key) for key in scan.unreadable]
        after = None if scan.cursor is None else (MESSAGES, scan.cursor)
        return _CheckedPage(len(keys) + len(scan.unreadable), findings, after)


class _Run:
    """The state that one run keeps from page to page."""

    def __init__(self, source: StoredDocuments, task_queues: TaskQueues) -> None:
        self._source = source
        self._pace = Pace()
        # Whether it walks over the tasks from the first, or has done so.
        self._saw_all_tasks = False
        self.task_queues = task_queues

    async def documents(self, kind: EntryKind, cursor: str) -> DocumentScan:
        """The next page of documents, as large as they allow."""
        if kind is EntryKind.TASK and not cursor:
            self._saw_all_tasks = True
        page = await self._source.scan_documents(kind, cursor=cursor, limit=self._pace.limit)
        self._pace.read(page.documents)
        self.task_queues.met(page.documents)
        return page

    async def all_tasks(self) -> AsyncGenerator[None]:
        """Walk over all tasks for the names of their queues, if a run that was resumed has missed some."""
        cursor: str | None = None if self._saw_all_tasks else ""
        while cursor is not None:
            _, cursor = await self.documents(EntryKind.TASK, cursor)
            yield None


def _report(
    progress: CheckProgress, findings: Sequence[QueueFinding], place: Place | None
) -> QueueReport:
    return QueueReport(
        progress=QueueProgress(**{name: progress[name] for name in _COUNTERS}),
        findings=tuple(findings),
        resume_token="" if place is None else progress.token(place),
        done=place is None,
        pushed=progress[_PUSHED],
    )
