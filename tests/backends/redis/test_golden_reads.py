"""Every keyspace that Java left, read by every reading method of ExecutionDAO: the answers agree with its documents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_core.models import Page, Task, Workflow, collect
from podium_core.models.documents import TASK, WORKFLOW
from tests.backends.redis import keyspace
from tests.backends.redis.golden_definitions import Daos
from tests.backends.redis.golden_records import Records, records_in
from tests.golden.documents import DERIVED
from tests.services.redis_server import RedisServer

# Days around the times that the scenario gives its workflows; and a time after all that it knows.
FIRST_MS, LAST_MS = 1_699_000_000_000, 1_701_000_000_000
NOW_MS = 1_800_000_000_000
SECONDS = 60
VERSIONS = (None, 1, 2)


def _left_by_steps() -> list[Any]:
    """One parameter for each keyspace that differs from the one before."""
    return [
        pytest.param(step["after"], id=str(step["step"]))
        for step in keyspace.steps()
        if step["after"] != step["before"]
    ]


@pytest.fixture
async def executions(own_redis: RedisServer, left: keyspace.Keyspace) -> AsyncIterator[Any]:
    link = Link(Target(store="main", url=own_redis.url, connect_timeout=60, reply_timeout=60))
    await link.write("FLUSHALL")
    await keyspace.load(link, left)
    yield Daos.on(link, lambda: NOW_MS).executions
    await link.close()


def _known(document: Any) -> Any:
    """Of a stored document what a typed field holds too: Java writes no more, the recording test left some out."""
    return {key: value for key, value in document.items() if key not in (*DERIVED, "tasks")}


def _agrees(record: Task | Workflow, stored: Any) -> None:
    encoded = TASK.encode(record) if isinstance(record, Task) else WORKFLOW.encode(record)
    read = json.loads(encoded)
    assert {key: read.get(key) for key in _known(stored)} == _known(stored)


async def _ids(pages: AsyncIterator[Page[Any]]) -> list[str]:
    return _ids_of(await collect(pages))


def _ids_of(records: Sequence[Any]) -> list[str]:
    return [
        str(record.task_id if isinstance(record, Task) else record.workflow_id)
        for record in records
    ]


async def _check_tasks(executions: RedisExecutionDAO, records: Records) -> None:
    ids = sorted(records.tasks)
    for id_ in ids:
        task = await executions.get_task(id_)
        assert task is not None
        _agrees(task, records.tasks[id_])
    if ids:
        assert _ids_of(await executions.get_tasks(ids)) == ids
    for name in records.definition_names():
        wanted = records.pending_tasks_of(name)
        assert await _ids(executions.get_pending_tasks_for_task_type(name)) == wanted
        assert _ids_of(await executions.get_tasks_by_type(name, count=1_000)) == wanted
        count = await executions.get_in_progress_task_count(name)
        assert count == len(records.in_progress.get(name, ()))
        for workflow_id in {*records.tasks_of, *records.workflows}:
            pages = executions.get_pending_tasks_by_workflow(name, workflow_id)
            assert await _ids(pages) == sorted({*wanted} & {*records.tasks_in(workflow_id)})


async def _check_workflows(executions: RedisExecutionDAO, records: Records) -> None:
    for id_ in {*records.workflows, *records.tasks_of}:
        workflow = await executions.get_workflow(id_)
        whole = await executions.get_workflow(id_, include_tasks=True)
        tasks = records.tasks_in(id_)
        assert await _ids(executions.get_tasks_for_workflow(id_)) == tasks
        assert (workflow is None) == (whole is None) == (id_ not in records.workflows)
        if workflow is not None and whole is not None:
            _agrees(workflow, records.workflows[id_])
            assert sorted(_ids_of(whole.tasks)) == tasks
            assert [task.seq for task in whole.tasks] == sorted(task.seq for task in whole.tasks)
    ids = sorted(records.workflows)
    for include_tasks in (False, True) if ids else ():
        assert await _ids(executions.get_workflows(ids, include_tasks=include_tasks)) == ids


async def _check_sets(executions: RedisExecutionDAO, records: Records) -> None:
    for name in records.names():
        listed = records.pending_workflows.get(name, [])
        assert await executions.get_pending_workflow_count(name) == len(listed)
        running = await collect(executions.get_running_workflow_ids(name))
        assert running == sorted(listed)
        for version in VERSIONS:
            pages = executions.get_pending_workflows_by_type(name, version=version)
            assert await _ids(pages) == records.pending_workflows_of(name, version)
        for correlation_id in records.correlated:
            for include_tasks in (False, True):
                pages = executions.get_workflows_by_correlation_id(
                    name, correlation_id, include_tasks=include_tasks
                )
                assert await _ids(pages) == records.correlated_of(name, correlation_id)
        pages = executions.get_workflows_by_type(name, start_time=FIRST_MS, end_time=LAST_MS)
        assert await _ids(pages) == records.created_of(name)


@pytest.mark.parametrize("left", _left_by_steps())
async def test_reads(executions: RedisExecutionDAO, left: keyspace.Keyspace) -> None:
    records = records_in(left)
    async with asyncio.timeout(SECONDS):
        await _check_tasks(executions, records)
        await _check_workflows(executions, records)
        await _check_sets(executions, records)
    assert await executions.can_search_across_workflows()
