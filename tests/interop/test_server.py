"""A stock Conductor server and Podium on one Redis: what each registers, the other has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.models.json_text import to_raw
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.services.conductor_server import ConductorServer, RestError

TASK = {"name": "t", "taskReferenceName": "t", "type": "SIMPLE"}


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "ownerEmail": "owner@example.com", **fields}


async def test_what_podium_registers(conductor: ConductorServer, beside_conductor: Daos) -> None:
    task = named("podium-task", retryCount=7)
    workflow = named("podium-flow", version=3, tasks=[TASK])
    handler = {"name": "podium-handler", "event": "conductor:podium", "actions": []}
    await beside_conductor.metadata.create_task_def(task_def_of(to_raw(task)))
    await beside_conductor.metadata.create_workflow_def(workflow_def_of(to_raw(workflow)))
    await beside_conductor.event_handlers.add_event_handler(event_handler_of(to_raw(handler)))

    async def seen_task() -> Any:
        found = await conductor.rest("GET", "/metadata/taskdefs")
        return [each for each in found if each["name"] == "podium-task"]

    # The server reads task definitions once a second.
    (found,) = await eventually(seen_task)
    assert found["retryCount"] == 7
    found = await conductor.rest("GET", "/metadata/workflow/podium-flow")
    assert (found["version"], found["tasks"][0]["name"]) == (3, "t")
    handlers = await conductor.rest("GET", "/event/conductor:podium?activeOnly=false")
    assert [each["name"] for each in handlers] == ["podium-handler"]
    with pytest.raises(RestError, match="409"):
        await conductor.rest("POST", "/metadata/workflow", workflow)


async def test_what_the_server_registers(
    conductor: ConductorServer, beside_conductor: Daos
) -> None:
    await conductor.rest("POST", "/metadata/taskdefs", [named("java-task", retryCount=7)])
    workflow = named("java-flow", version=3, tasks=[TASK])
    await conductor.rest("POST", "/metadata/workflow", workflow)
    action = {"action": "start_workflow", "start_workflow": {"name": "java-flow"}}
    handler = {"name": "java-handler", "event": "conductor:java", "actions": [action]}
    await conductor.rest("POST", "/event", handler)
    task_def = await beside_conductor.metadata.get_task_def("java-task")
    assert task_def is not None
    assert json.loads(bytes(task_def.document))["retryCount"] == 7
    assert await beside_conductor.metadata.get_workflow_versions("java-flow") == [3]
    found = await beside_conductor.event_handlers.get_event_handlers_for_event("conductor:java")
    assert [each.name for each in found] == ["java-handler"]
    await beside_conductor.metadata.remove_workflow_def("java-flow", 3)
    with pytest.raises(RestError, match="404"):
        await conductor.rest("GET", "/metadata/workflow/java-flow")


async def test_polls(conductor: ConductorServer, beside_conductor: Daos) -> None:
    await conductor.rest("GET", "/tasks/poll/batch/polled?workerid=java&count=1&timeout=10")
    found = await beside_conductor.poll_data.get_poll_data("polled", None)
    assert found is not None
    assert found.worker_id == "java"
    await beside_conductor.poll_data.update_last_poll_data("polled", None, "podium")
    polls = await conductor.rest("GET", "/tasks/queue/polldata?taskType=polled")
    assert [each["workerId"] for each in polls] == ["podium"]
