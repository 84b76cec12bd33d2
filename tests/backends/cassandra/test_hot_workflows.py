"""Many callers on one workflow, through several servers; and workflows that are large."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from podium_backends.cassandra.settings import CassandraSettings
from podium_core.errors import PayloadTooLargeError
from podium_core.models import Commit, Workflow, collect
from podium_core.models.json_text import to_raw
from podium_core.write_set import WriteSet, builders
from podium_core.write_set.commit_builder import commit
from podium_core.write_set.write_limits import bytes_of
from tests.backends.cassandra.open_stores import Process, process_on
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow

CALLERS = 64
STEPS = 4
NOW_MS = 1_700_000_000_000


async def test_each_commit_of_many_callers_and_three_servers_is_done_once(
    first: Process,
    second: Process,
    settings: CassandraSettings,
    monkeypatch: pytest.MonkeyPatch,
    clock: FakeClock,
) -> None:
    await first.executions.create_workflow(make_workflow())
    stamps: list[int] = []

    async def call(process: Process, caller: int) -> None:
        last = 0
        for step in range(STEPS):
            task = make_task(f"t{caller}-{step}")
            request = Commit(workflow_id="w1", update_workflow=make_workflow(), create_tasks=[task])
            outcome = await process.executions.apply(commit(request, now_ms=NOW_MS))
            assert outcome.created_task_ids == (task.task_id,)
            # Each caller sees its own writes in order.
            assert outcome.workflow_times["w1"] > last
            last = outcome.workflow_times["w1"]
            stamps.append(last)

    async with process_on(settings, monkeypatch, clock) as third:
        processes = (first, second, third)
        await asyncio.gather(*(call(processes[at % len(processes)], at) for at in range(CALLERS)))
        assert len(set(stamps)) == CALLERS * STEPS
        # Calls of one process share their batches.
        assert sum(process.batches for process in processes) < CALLERS * STEPS
        stored = await first.executions.get_workflow("w1", include_tasks=True)
    assert stored is not None
    assert stored.updated_time == max(stamps)
    assert len(stored.tasks) == CALLERS * STEPS


class TestLarge:
    async def test_ten_thousand_tasks_in_a_workflow(self, first: Process) -> None:
        await first.executions.create_workflow(make_workflow())
        ids = [f"t{number:05}" for number in range(10_000)]
        for at in range(0, len(ids), 1_000):
            await first.executions.create_tasks([make_task(id_) for id_ in ids[at : at + 1_000]])
        pages = first.executions.get_tasks_for_workflow("w1")
        assert [task.task_id for task in await collect(pages)] == ids
        task = await first.executions.get_task(ids[5_000])
        assert task is not None
        await first.executions.update_task(task)
        assert await first.executions.remove_workflow("w1")
        assert await collect(first.executions.get_tasks_for_workflow("w1")) == []
        assert await first.executions.get_task(ids[5_000]) is None

    async def test_a_document_of_three_mebibytes(self, first: Process) -> None:
        large = to_raw({"text": "x" * 3 * 1024 * 1024})
        await first.executions.create_workflow(make_workflow(output=large))
        await first.executions.update_workflow(
            make_workflow(output=large, reason_for_incompletion="no")
        )
        stored = await first.executions.get_workflow("w1")
        assert stored is not None
        assert stored.output == large
        assert stored.reason_for_incompletion == "no"

    async def test_a_write_as_large_as_the_limit(
        self, first: Process, settings: CassandraSettings
    ) -> None:
        workflow, limit = _of_size(settings.max_write_bytes), settings.max_write_bytes
        assert bytes_of(_created(workflow)) == limit
        await first.executions.create_workflow(workflow)
        stored = await first.executions.get_workflow("w1")
        assert stored is not None
        assert stored.output == workflow.output

    async def test_a_larger_one_is_refused(
        self, first: Process, settings: CassandraSettings
    ) -> None:
        limit = settings.max_write_bytes
        with pytest.raises(PayloadTooLargeError) as refused:
            await first.executions.create_workflow(_of_size(limit + 1))
        assert refused.value.limit_bytes == limit
        assert await first.executions.get_workflow("w1") is None


def _of_size(size: int) -> Workflow:
    """A workflow whose creation writes so many bytes."""
    empty = make_workflow(output=to_raw({"text": ""}))
    missing = size - bytes_of(_created(empty))
    return msgspec.structs.replace(empty, output=to_raw({"text": "x" * missing}))


def _created(workflow: Workflow) -> WriteSet:
    return builders.create_workflow(workflow, now_ms=NOW_MS)
