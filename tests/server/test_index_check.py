"""A check of the index finds what stands still and is wrong; a repair only marks it; what isn't ours to judge stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.errors import InvalidArgumentError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead, EntryScan
from podium_core.index.marks import Verify, encode_mark, outbox_kind
from podium_core.index.stored_document import DocumentScan, OwnedId, StoredDocument
from podium_core.models import WorkflowStatus, WorkflowSummary
from podium_core.outbox import NewEntry
from podium_core.paging.resume_token import resume_token
from podium_core.ports import IndexTarget, StoredDocuments
from podium_core.reconcile import IndexDifference, IndexProblem, IndexProgress, IndexReport
from podium_server.reconcile.index_check import IndexCheck
from podium_server.reconcile.pace import MAX_PAGE, PAGE_SIZE, Pace
from tests.contract.records import make_task, make_workflow
from tests.server.reconciling import (
    TASK,
    WORKFLOW,
    Reconciling,
    found,
    reconciling,
)

MISSING, STALE = IndexProblem.MISSING, IndexProblem.STALE
SURPLUS, UNREADABLE = IndexProblem.SURPLUS, IndexProblem.UNREADABLE
STRAY = b'{"workflowId":"stray","status":"RUNNING"}'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Reconciling]:
    async with reconciling(tmp_path) as opened:
        yield opened


async def verified(world: Reconciling, token: str = "") -> list[IndexReport]:
    return [report async for report in world.check().verify(token)]


async def repaired(world: Reconciling, *, rebuild: bool = False) -> list[IndexReport]:
    return [report async for report in world.check().repair(rebuild=rebuild)]


def mark_of(kind: EntryKind, id_: str) -> NewEntry:
    """What a repair sets."""
    return NewEntry(kind=outbox_kind(kind), id=id_, owner="w", body=encode_mark(Verify()))


async def documents(world: Reconciling, kind: EntryKind, *ids: str) -> list[bytes | None]:
    entries = await world.target.entries(kind, ids)
    return [None if entry is None else entry.document for entry in entries]


class TestVerify:
    async def test_an_empty_store_has_one_report_for_each_walk(self, world: Reconciling) -> None:
        *walks, last = await verified(world)
        assert [report.done for report in walks] == [False] * 3
        assert all(report.resume_token for report in walks)
        assert (last.done, last.resume_token) == (True, "")
        assert last.progress == IndexProgress()

    async def test_what_is_right_is_no_difference(self, world: Reconciling) -> None:
        await world.with_documents(3, tasks=2)
        reports = await verified(world)
        assert found(reports) == {}
        assert reports[-1].progress == IndexProgress(checked=9)

    async def test_every_kind_of_difference(self, world: Reconciling) -> None:
        await world.with_documents(3, tasks=1)
        await world.overwrite(WORKFLOW, "w000", None)
        await world.overwrite(TASK, "w001-t0", b'{"taskId":"w001-t0","status":"COMPLETED"}')
        await world.overwrite(WORKFLOW, "stray", STRAY)
        world.corrupt("tasks", "w002-t0")
        reports = await verified(world)
        assert [one for report in reports for one in report.differences] == [
            IndexDifference(WORKFLOW, "w000", MISSING),
            IndexDifference(WORKFLOW, "stray", SURPLUS),
            IndexDifference(TASK, "w001-t0", STALE),
            IndexDifference(TASK, "w002-t0", UNREADABLE),
        ]
        assert reports[-1].progress == IndexProgress(
            checked=7, missing=1, stale=1, surplus=1, unreadable=1
        )

    async def test_changes_nothing(self, world: Reconciling) -> None:
        await world.with_documents(2)
        await world.overwrite(WORKFLOW, "w000", None)
        await verified(world)
        assert (await world.due(), world.woken) == ([], 0)
        assert (await documents(world, WORKFLOW, "w000")) == [None]

    async def test_what_has_a_mark_is_the_indexers(self, world: Reconciling) -> None:
        await world.executions.create_workflow(make_workflow("marked"))
        assert found(await verified(world)) == {}
        await world.drained()
        await world.overwrite(WORKFLOW, "marked", None)
        assert found(await verified(world)) == {"marked": MISSING}

    async def test_an_unreadable_document_is_found_whatever_became_of_its_mark(
        self, world: Reconciling
    ) -> None:
        await world.with_documents(1)
        world.corrupt("workflows", "w000")
        mark = mark_of(WORKFLOW, "w000")
        await world.outbox.put([mark])
        await world.drained()
        assert (await world.outbox.stats()).set_aside == 1
        assert found(await verified(world)) == {"w000": UNREADABLE}

    async def test_a_payload_that_is_no_text_is_unreadable(self, world: Reconciling) -> None:
        await world.executions.create_workflow(make_workflow("w"))
        await world.drained()
        check = IndexCheck(
            _NotText(world.source), world.target, world.outbox, lambda: None, pause_seconds=0
        )
        assert found([report async for report in check.verify()]) == {"w": UNREADABLE}


class TestWhatIsNotOursToJudge:
    async def test_an_archived_entry_is_the_only_copy(self, world: Reconciling) -> None:
        workflow = make_workflow("w", status=WorkflowStatus.COMPLETED)
        await world.executions.create_workflow(workflow)
        await world.executions.create_tasks([make_task("t", workflow_id="w")])
        await world.drained()
        await world.executions.remove_workflow("w", archive=True)
        await world.drained()
        before = await documents(world, WORKFLOW, "w"), await documents(world, TASK, "t")
        assert found(await verified(world)) == {}
        for rebuild in (False, True):
            assert (await repaired(world, rebuild=rebuild))[-1].marked == 0
        # Even a mark that was set by mistake does it no harm.
        for kind, id_ in ((WORKFLOW, "w"), (TASK, "t")):
            mark = mark_of(kind, id_)
            await world.outbox.put([mark])
        await world.drained()
        assert (await documents(world, WORKFLOW, "w"), await documents(world, TASK, "t")) == before
        assert before[0][0] is not None

    async def test_an_archived_entry_gives_way_to_a_document_that_is_there(
        self, world: Reconciling
    ) -> None:
        await world.with_documents(1)
        before = await documents(world, WORKFLOW, "w000")
        await world.overwrite(WORKFLOW, "w000", b'{"workflowId":"w000","archived":true}')
        assert found(await repaired(world)) == {"w000": STALE}
        await world.drained()
        assert await documents(world, WORKFLOW, "w000") == before

    async def test_what_an_engine_indexed_on_its_own_stays(self, world: Reconciling) -> None:
        await world.index.index_workflow(WorkflowSummary(workflow_id="elsewhere", status="RUNNING"))
        await world.index.update_workflow("elsewhere", Raw(b'{"status":"FAILED"}'))
        before = await documents(world, WORKFLOW, "elsewhere")
        assert found(await verified(world)) == {}
        for rebuild in (False, True):
            assert (await repaired(world, rebuild=rebuild))[-1].marked == 0
        mark = mark_of(WORKFLOW, "elsewhere")
        await world.outbox.put([mark])
        await world.drained()
        assert await documents(world, WORKFLOW, "elsewhere") == before
        assert before[0] is not None

    async def test_an_entry_made_from_a_document_is_no_longer_external(
        self, world: Reconciling
    ) -> None:
        await world.index.index_workflow(WorkflowSummary(workflow_id="w", status="RUNNING"))
        [head] = (await world.target.scan(WORKFLOW)).heads
        assert head.external
        await world.executions.create_workflow(make_workflow("w"))
        await world.drained()
        [head] = (await world.target.scan(WORKFLOW)).heads
        assert not head.external
        # Nor does another field that comes through IndexService make it so.
        await world.index.update_workflow("w", Raw(b'{"status":"FAILED"}'))
        [head] = (await world.target.scan(WORKFLOW)).heads
        assert not head.external
        assert found(await verified(world)) == {"w": STALE}

    async def test_a_workflow_that_is_being_removed(self, world: Reconciling) -> None:
        await world.with_documents(1, tasks=1)
        sql = "UPDATE workflows SET removal_due_ms = 0 WHERE id = 'w000'"
        world.execute(world.settings.path, sql)
        await world.overwrite(WORKFLOW, "w000", None)
        await world.overwrite(TASK, "w000-t0", None)
        assert found(await verified(world)) == {}
        assert (await repaired(world, rebuild=True))[-1].marked == 0

    @pytest.mark.parametrize("archive", [False, True])
    async def test_what_is_removed_behind_the_look_is_not_indexed_again(
        self, world: Reconciling, archive: bool
    ) -> None:
        await world.executions.create_workflow(make_workflow("w", status=WorkflowStatus.COMPLETED))
        await world.drained()
        await world.overwrite(WORKFLOW, "w", None)
        assert (await repaired(world))[-1].marked == 1
        await world.executions.remove_workflow("w", archive=archive)
        archived = await documents(world, WORKFLOW, "w")
        await world.drained()
        assert await documents(world, WORKFLOW, "w") == archived
        assert (archived[0] is not None) == archive


class TestWritesUnderWay:
    async def test_what_is_right_at_the_second_look(self, world: Reconciling) -> None:
        await world.with_documents(2)
        lost = await documents(world, WORKFLOW, "w000")
        await world.overwrite(WORKFLOW, "w000", None)
        await world.overwrite(WORKFLOW, "w001", None)

        async def mend() -> None:
            await world.overwrite(WORKFLOW, "w000", lost[0])

        # Between the looks it asks what waits.
        check = IndexCheck(
            world.source,
            world.target,
            _Outbox(world.outbox, mend),  # type: ignore[arg-type]
            lambda: None,
            pause_seconds=0,
        )
        assert found(await _all(check.verify())) == {"w001": MISSING}

    @pytest.mark.parametrize("when", ["documents", "heads", "scan", "stored_ids", "waiting"])
    async def test_a_write_between_any_two_reads(self, world: Reconciling, when: str) -> None:
        """A document that is written, marked, indexed and unmarked just behind one of the check's reads."""
        await world.with_documents(3)
        await world.overwrite(WORKFLOW, "w001", None)

        async def write() -> None:
            await world.executions.update_workflow(make_workflow("w001", priority=5))
            await world.executions.create_workflow(make_workflow("w0005"))
            await world.executions.reset_workflow("w002")
            await world.drained()

        check = IndexCheck(
            _Source(world.source, {when: write}),
            _Target(world.target, {when: write}),
            world.outbox if when != "waiting" else _Outbox(world.outbox, write),  # type: ignore[arg-type]
            lambda: None,
            pause_seconds=0,
        )
        reports = [report async for report in check.verify()]
        # The one that was broken before may be found or not: it was mended meanwhile.
        assert set(found(reports)) <= {"w001"}
        assert found(await verified(world)) == {}

    async def test_random_writes_while_it_walks(self, world: Reconciling) -> None:
        await world.with_documents(20, tasks=3)
        stop = asyncio.Event()

        async def writes() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                id_ = f"w{number * 7 % 20:03}"
                await world.executions.update_workflow(make_workflow(id_, priority=number % 100))
                if number % 3 == 0:
                    await world.executions.create_workflow(make_workflow(f"x{number}"))
                if number % 9 == 0:
                    await world.executions.reset_workflow(f"x{number}")
                if number % 5 == 0:
                    await world.drained()

        writing = asyncio.create_task(writes())
        for _ in range(10):
            assert found(await verified(world)) == {}
        stop.set()
        await writing


class TestRepair:
    async def test_mends_what_differs_and_only_that(self, world: Reconciling) -> None:
        await world.with_documents(3, tasks=1)
        before = await documents(world, TASK, "w001-t0")
        await world.overwrite(WORKFLOW, "w000", None)
        await world.overwrite(TASK, "w001-t0", b'{"taskId":"w001-t0"}')
        await world.overwrite(WORKFLOW, "stray", STRAY)
        world.corrupt("tasks", "w002-t0")
        reports = await repaired(world)
        assert (reports[-1].marked, reports[-1].progress.differences) == (3, 4)
        assert sorted(entry.id for entry in await world.due()) == ["stray", "w000", "w001-t0"]
        assert world.woken == 3
        await world.drained()
        assert found(await verified(world)) == {"w002-t0": UNREADABLE}
        assert await documents(world, WORKFLOW, "stray") == [None]
        assert await documents(world, TASK, "w001-t0") == before

    async def test_a_rebuild_marks_everything(self, world: Reconciling) -> None:
        await world.with_documents(3, tasks=2)
        await world.overwrite(WORKFLOW, "stray", STRAY)
        await world.index.index_workflow(WorkflowSummary(workflow_id="elsewhere"))
        world.lose_entries()
        await world.overwrite(WORKFLOW, "stray", STRAY)
        reports = await repaired(world, rebuild=True)
        assert (reports[-1].marked, reports[-1].progress) == (10, IndexProgress(checked=10))
        assert await world.drained() == 10
        assert found(await verified(world)) == {}

    async def test_goes_on_behind_a_report(self, world: Reconciling) -> None:
        await world.with_documents(130, tasks=1)
        world.lose_entries()
        whole = await verified(world)
        assert whole[-1].progress == IndexProgress(checked=260, missing=260)
        for at, report in enumerate(whole[:-1]):
            rest = await verified(world, report.resume_token)
            assert rest[-1].progress == whole[-1].progress
            assert found(rest).keys() == found(whole[at + 1 :]).keys()

    async def test_three_thousand_documents_in_pages(self, world: Reconciling) -> None:
        await world.executions.create_workflow(make_workflow("w"))
        ids = [f"t{number:04}" for number in range(3_000)]
        for at in range(0, len(ids), 1_000):
            tasks = [make_task(id_, workflow_id="w") for id_ in ids[at : at + 1_000]]
            await world.executions.create_tasks(tasks)
        await world.drained()
        for id_ in ids[::100]:
            await world.overwrite(TASK, id_, None)
        reports = await repaired(world)
        assert (reports[-1].progress.checked, reports[-1].marked) == (3_001, 30)
        assert list(found(reports)) == ids[::100]
        assert len(reports) > 15
        await world.drained()
        assert found(await verified(world)) == {}

    @pytest.mark.parametrize(
        "token",
        [
            "?",
            resume_token("workflow", "a"),
            resume_token("event", "a", 0, 0, 0, 0, 0, 0),
            resume_token("task", "a", -1, 0, 0, 0, 0, 0),
            resume_token("task", "a", 2**60, 0, 0, 0, 0, 0),
        ],
    )
    async def test_a_token_of_something_else(self, world: Reconciling, token: str) -> None:
        with pytest.raises(InvalidArgumentError, match="resume_token"):
            await verified(world, token)


async def _all(reports: AsyncIterator[IndexReport]) -> list[IndexReport]:
    return [report async for report in reports]


async def _nothing() -> None:
    pass


Write = Callable[[], Awaitable[None]]


class _Source:
    """Does something once, after the second look's documents, or before it asks which documents there are."""

    def __init__(self, source: StoredDocuments, then: dict[str, Write]) -> None:
        self._source, self._then = source, then
        self.scan_documents = source.scan_documents
        self.tasks_of = source.tasks_of

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        answer = await self._source.documents(kind, ids, max_size=max_size)
        await self._then.pop("documents", _nothing)()
        return answer

    async def stored_ids(self, kind: EntryKind, ids: Sequence[OwnedId]) -> frozenset[str]:
        await self._then.pop("stored_ids", _nothing)()
        return await self._source.stored_ids(kind, ids)


class _Target:
    """Does something once, before one of the reads."""

    def __init__(self, target: IndexTarget, before: dict[str, Write]) -> None:
        self._target, self._before = target, before
        self.send = target.send
        self.task_ids = target.task_ids
        self.refresh = target.refresh
        self.tombstone_ms = target.tombstone_ms
        self.entries = target.entries

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        await self._before.pop("heads", _nothing)()
        return await self._target.heads(kind, ids)

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        await self._before.pop("scan", _nothing)()
        return await self._target.scan(kind, cursor=cursor, limit=limit)


class _Outbox:
    """Does something once, before it is asked for marks."""

    def __init__(self, outbox: object, before: Write) -> None:
        self._outbox, self._before = outbox, before

    async def waiting_ids(self, kind: str, ids: Sequence[OwnedId]) -> frozenset[str]:
        before, self._before = self._before, _nothing
        await before()
        answer: frozenset[str] = await self._outbox.waiting_ids(kind, ids)  # type: ignore[attr-defined]
        return answer


class _NotText:
    """Documents whose input is bytes that are no text."""

    def __init__(self, source: StoredDocuments) -> None:
        self._source = source
        self.tasks_of = source.tasks_of
        self.documents = source.documents
        self.stored_ids = source.stored_ids

    async def scan_documents(
        self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000
    ) -> DocumentScan:
        documents, last = await self._source.scan_documents(kind, cursor=cursor, limit=limit)
        broken = [
            replace(document, record=replace(document.record, input=Raw(b'{"a":"\xff"}')))  # type: ignore[type-var]
            for document in documents
        ]
        return DocumentScan(broken, last)


def test_pages_are_short_where_documents_are_large() -> None:
    pace = Pace()
    small = StoredDocument(kind=TASK, id="t", owner="w", text=b"." * 100)
    large = StoredDocument(kind=TASK, id="t", owner="w", text=b"." * PAGE_SIZE)
    for _ in range(5):
        pace.read([small] * pace.limit)
    assert pace.limit == MAX_PAGE
    pace.read([large] * pace.limit)
    assert pace.limit == 1
    pace.read([large])
    assert pace.limit == 1
    pace.read([small])
    assert pace.limit == 2
