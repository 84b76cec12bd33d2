"""A stock Conductor server and Podium on one Elasticsearch: each finds what the other indexed, and destroys none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from podium_core.execution_service import WorkflowSource
from podium_core.index import EntryKind
from podium_core.index.entries import EntryHead
from podium_core.models import TaskExecLog, TaskStatus, WorkflowStatus
from podium_core.models.json_text import to_raw
from podium_core.reconcile import IndexProblem
from podium_server.config.load import load_config
from tests.backends.elasticsearch6.served import Served, serving
from tests.contract.eventually import eventually
from tests.contract.records import make_task, make_workflow
from tests.interop.conftest import config_on, java_queues, running_conductor
from tests.services.conductor_server import ConductorServer
from tests.services.elasticsearch_server import native_elasticsearch
from tests.services.fixtures import provided

WORKFLOW, TASK = EntryKind.WORKFLOW, EntryKind.TASK
OWNER = "owner@example.com"


@pytest.fixture(scope="module")
def elasticsearch(pytestconfig: pytest.Config) -> Iterator[str]:
    """One of our own: Conductor's templates match indices of others, too."""
    yield from provided(pytestconfig, "Elasticsearch", native_elasticsearch())


@pytest.fixture(scope="module")
def java(
    pytestconfig: pytest.Config,
    shared_redis: tuple[str, int],
    elasticsearch: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ConductorServer]:
    """A stock server that indexes."""
    folder = tmp_path_factory.mktemp("conductor")
    running = running_conductor(shared_redis, folder, elasticsearch)
    yield from provided(pytestconfig, "Conductor", running)


def index_on(url: str, prefix: str) -> dict[str, str]:
    return {
        "PODIUM_STORES__SEARCH__KIND": "elasticsearch6",
        "PODIUM_STORES__SEARCH__URLS": url,
        "PODIUM_STORES__SEARCH__INDEX_PREFIX": prefix,
        "PODIUM_ROUTING__INDEX": "search",
    }


@pytest.fixture
async def podium(
    shared_redis: tuple[str, int], elasticsearch: str, java: ConductorServer, tmp_path: Path
) -> AsyncIterator[Served]:
    """Podium on the server's indices, executions and queues."""
    config = config_on(
        shared_redis,
        java.prefix,
        tmp_path,
        java_queues(java.prefix),
        index_on(elasticsearch, java.prefix),
    )
    async with serving(config) as opened:
        yield opened


@pytest.fixture
async def apart(elasticsearch: str, java: ConductorServer, tmp_path: Path) -> AsyncIterator[Served]:
    """Podium on the server's indices, with executions of its own."""
    environment = {
        "PODIUM_DATA_DIR": str(tmp_path / "apart"),
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "none",
        **index_on(elasticsearch, java.prefix),
    }
    async with serving(load_config(environment=environment)) as opened:
        yield opened


async def seen_by_java(java: ConductorServer, path: str, query: str, free_text: str = "*") -> Any:
    """The hits of a search through the server, once there are any."""

    async def search() -> Any:
        asked = urlencode({"query": query, "freeText": free_text})
        return (await java.rest("GET", f"{path}/search?{asked}"))["results"]

    return await eventually(search)


async def seen_by_podium(podium: Served, workflow_id: str) -> list[Any]:
    """The status that searches show of a workflow."""
    found = await podium.index.search_workflow_summary(f"workflowId = '{workflow_id}'")
    return [summary.status for summary in found.results]


async def run_in_java(java: ConductorServer, name: str) -> tuple[str, str]:
    """Ids of a workflow of the server's, which has run to its end, and of its task, which has written a line."""
    await java.rest("POST", "/metadata/taskdefs", [{"name": f"{name}-task", "ownerEmail": OWNER}])
    task = {"name": f"{name}-task", "taskReferenceName": "t", "type": "SIMPLE"}
    definition = {"name": name, "version": 1, "ownerEmail": OWNER, "tasks": [task]}
    await java.rest("PUT", "/metadata/workflow", [definition])
    workflow_id = await java.rest("POST", f"/workflow/{name}", {"customer": "Alice"})

    async def polled() -> Any:
        return await java.rest(
            "GET", f"/tasks/poll/batch/{name}-task?workerid=w&count=1&timeout=100"
        )

    ((polled_task,)) = await eventually(polled)
    task_id = polled_task["taskId"]
    await java.rest("POST", f"/tasks/{task_id}/log", "a line")
    result = {"taskId": task_id, "workflowInstanceId": workflow_id, "status": "COMPLETED"}
    await java.rest("POST", "/tasks", {**result, "outputData": {"by": "java"}})

    async def status() -> Any:
        return (await java.rest("GET", f"/workflow/{workflow_id}?includeTasks=false"))["status"]

    await eventually(status, lambda found: found == "COMPLETED")
    return workflow_id, task_id


async def run_in_podium(podium: Served, name: str) -> tuple[str, str]:
    """The same of Podium's."""
    workflow = make_workflow(
        f"{name}-w", name=name, status=WorkflowStatus.COMPLETED, input=to_raw({"customer": "Bob"})
    )
    task = make_task(
        f"{name}-t",
        workflow_id=f"{name}-w",
        definition_name=f"{name}-task",
        status=TaskStatus.COMPLETED,
        workflow_type=name,
    )
    await podium.executions.create_workflow(workflow)
    await podium.executions.create_tasks([task])
    line = TaskExecLog(task_id=f"{name}-t", log="a line")
    await podium.index.add_task_execution_logs([line])
    await podium.at_rest()
    return f"{name}-w", f"{name}-t"


async def test_it_finds_what_podium_indexed(java: ConductorServer, podium: Served) -> None:
    workflow_id, task_id = await run_in_podium(podium, "ours")
    (found,) = await seen_by_java(
        java, "/workflow", "workflowType = 'ours' AND status = 'COMPLETED'"
    )
    assert (found["workflowId"], found["status"], found["workflowType"]) == (
        workflow_id,
        "COMPLETED",
        "ours",
    )
    (found,) = await seen_by_java(java, "/workflow", "workflowType = 'ours'", "Bob")
    assert found["workflowId"] == workflow_id
    (found,) = await seen_by_java(java, "/tasks", "workflowType = 'ours'")
    assert (found["taskId"], found["workflowId"]) == (task_id, workflow_id)
    (line,) = await java.rest("GET", f"/tasks/{task_id}/log")
    assert (line["taskId"], line["log"]) == (task_id, "a line")


async def test_podium_finds_what_it_indexed(java: ConductorServer, podium: Served) -> None:
    workflow_id, task_id = await run_in_java(java, "theirs")

    async def workflows() -> Any:
        found = await podium.index.search_workflow_summary(
            "workflowType = 'theirs' AND status = 'COMPLETED'", "Alice"
        )
        assert not found.unreadable_ids
        return found.results

    (workflow,) = await eventually(workflows)
    assert (workflow.workflow_id, workflow.version) == (workflow_id, 1)

    query = f"workflowId = '{workflow_id}' AND status = 'COMPLETED'"

    async def tasks() -> Any:
        return (await podium.index.search_task_summary(query)).results

    (task,) = await eventually(tasks)
    assert (task.task_id, task.task_type, task.output) == (task_id, "theirs-task", "{by=java}")

    async def lines() -> Any:
        return await podium.index.get_task_execution_logs(task_id)

    (line,) = await eventually(lines)
    # The server keeps the body of the request as it came.
    assert line.log == '"a line"'


async def test_an_entry_that_it_updates_keeps_the_marker_and_is_its_own(
    java: ConductorServer, podium: Served
) -> None:
    """It archives what Podium indexed: by a partial update, and then the execution is gone."""
    workflow_id, _ = await run_in_podium(podium, "archived")
    (before,) = await podium.table.heads(WORKFLOW, [workflow_id])
    assert before is not None
    assert (before.external, before.archived) == (False, False)
    await java.rest("DELETE", f"/workflow/{workflow_id}/remove?archiveWorkflow=true")

    async def updated() -> Any:
        (head,) = await podium.table.heads(WORKFLOW, [workflow_id])
        return head if head is not None and head.archived else None

    after = await eventually(updated)
    assert (after.token, after.external, after.digest) == (before.token + 1, True, b"")
    path = f"/{podium.cluster.names.indices(WORKFLOW)}/workflow/{workflow_id}"
    assert (await podium.cluster.ask("GET", path))["_source"]["podium"]["token"] == before.token
    assert workflow_id not in {one.id for one in await podium.differences()}
    await podium.repair()
    (kept,) = await podium.table.heads(WORKFLOW, [workflow_id])
    assert kept == after
    found = await podium.executions.find_workflow(workflow_id)
    assert found is not None
    assert (found.source, found.workflow.workflow_id) == (WorkflowSource.ARCHIVE, workflow_id)


async def test_a_repair_leaves_what_is_its_own(java: ConductorServer, apart: Served) -> None:
    """Podium holds none of its executions, so it knows nothing of their entries."""
    workflow_id, task_id = await run_in_java(java, "alone")

    async def heads() -> list[EntryHead | None]:
        of_workflow = await apart.table.heads(WORKFLOW, [workflow_id])
        return [*of_workflow, *await apart.table.heads(TASK, [task_id])]

    async def indexed() -> bool:
        return (await seen_by_podium(apart, workflow_id)) == ["COMPLETED"]

    await eventually(indexed)
    before = await heads()
    assert None not in before
    # Of the other tests there are entries of Podium's, whose executions are elsewhere too.
    assert not {workflow_id, task_id} & {one.id for one in await apart.differences()}
    await apart.repair()
    assert await heads() == before


async def test_of_executions_that_podium_holds_its_entries_are_stale(
    java: ConductorServer, podium: Served
) -> None:
    """A repair indexes them as Podium does, and the server goes on finding them."""
    workflow_id, task_id = await run_in_java(java, "both")

    async def stale() -> Any:
        found = {one.id: one.problem for one in await podium.differences()}
        return [found.get(id_) for id_ in (workflow_id, task_id)]

    await eventually(stale, lambda found: found == [IndexProblem.STALE, IndexProblem.STALE])
    await podium.repair()
    assert await podium.differences() == []
    found = await seen_by_java(java, "/workflow", "workflowType = 'both'")
    assert [each["workflowId"] for each in found] == [workflow_id]
