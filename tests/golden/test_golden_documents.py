"""What Conductor stored goes in through gRPC and comes back as it was: no number changed, no field, no null lost.

Left out of the comparison are the five derived members alone. Stamps are Podium's: each must be the one that was answered.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from podium.v1 import (
    commit_pb2,
    definitions_pb2,
    event_handler_service_pb2,
    event_handler_service_pb2_grpc,
    event_pb2,
    execution_service_pb2_grpc,
    execution_tasks_pb2,
    execution_workflows_pb2,
    metadata_service_pb2,
    metadata_service_pb2_grpc,
    task_pb2,
    workflow_pb2,
)
from tests.faults.server import running
from tests.golden.documents import DERIVED, Number, Value, document_of, documents, exact, message_of

TASKS = documents("TASK")
WORKFLOWS = documents("WORKFLOW")
TASK_DEFS = documents("TASK_DEFS")
WORKFLOW_DEFS = documents("WORKFLOW_DEF")
EVENT_HANDLERS = documents("EVENT_HANDLERS")
EVENT_EXECUTIONS = documents("EVENT_EXECUTION")

WITHOUT_STATUS = [document for document in TASKS if "status" not in exact(document)]
WITH_STATUS = [document for document in TASKS if document not in WITHOUT_STATUS]
WITH_EVENT = [document for document in EVENT_HANDLERS if "event" in exact(document)]

# What Java writes for a member that a document lacks.
JAVAS_DEFAULTS: tuple[Value, ...] = (Number("0"), False, {}, [])
PENDING_TASK = ("SCHEDULED", "IN_PROGRESS")
PENDING_WORKFLOW = ("RUNNING", "PAUSED")


class Server:
    """The stubs of a server that runs, and its database."""

    def __init__(self, channel: grpc.Channel, database: Path) -> None:
        self.executions = execution_service_pb2_grpc.ExecutionServiceStub(channel)
        self.metadata = metadata_service_pb2_grpc.MetadataServiceStub(channel)
        self.event_handlers = event_handler_service_pb2_grpc.EventHandlerServiceStub(channel)
        self.database = database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("golden")
    with running(folder) as process, grpc.insecure_channel(process.address) as channel:
        yield Server(channel, folder / "data" / "podium.db")


def test_the_golden_files_hold_documents_of_every_kind() -> None:
    found = {
        "tasks": len(TASKS),
        "workflows": len(WORKFLOWS),
        "task definitions": len(TASK_DEFS),
        "workflow definitions": len(WORKFLOW_DEFS),
        "event handlers": len(EVENT_HANDLERS),
        "event executions": len(EVENT_EXECUTIONS),
    }
    assert found == {
        "tasks": 73,
        "workflows": 19,
        "task definitions": 8,
        "workflow definitions": 6,
        "event handlers": 5,
        "event executions": 4,
    }
    assert (len(WITHOUT_STATUS), len(WITH_EVENT)) == (1, 4)


# tasks and workflows: in as the service has it, back as JSON


def _create_task(server: Server, task: task_pb2.Task) -> int:
    server.executions.RemoveTask(execution_tasks_pb2.RemoveTaskRequest(task_id=task.task_id))
    request = execution_tasks_pb2.CreateTasksRequest(tasks=[task], allow_missing_workflow=True)
    answer = server.executions.CreateTasks(request)
    assert list(answer.created_task_ids) == [task.task_id]
    return int(answer.update_time)


def _update_task(server: Server, task: task_pb2.Task) -> int:
    request = execution_tasks_pb2.UpdateTaskRequest(task=task, upsert=True)
    return int(server.executions.UpdateTask(request).update_time)


def _commit_task(server: Server, task: task_pb2.Task) -> int:
    # A Commit updates what is there.
    _update_task(server, task)
    workflow = workflow_pb2.Workflow(
        workflow_id=task.workflow_instance_id, workflow_definition_json='{"name": "of the commit"}'
    )
    server.executions.CreateWorkflow(
        execution_workflows_pb2.CreateWorkflowRequest(workflow=workflow)
    )
    request = commit_pb2.CommitRequest(
        workflow_id=task.workflow_instance_id,
        update_tasks=[execution_tasks_pb2.UpdateTaskItem(task=task)],
    )
    (stamp,) = server.executions.Commit(request).update_task_times
    return int(stamp)


def _create_workflow(server: Server, workflow: workflow_pb2.Workflow) -> int:
    request = execution_workflows_pb2.CreateWorkflowRequest(
        workflow=workflow, if_exists=execution_workflows_pb2.IF_EXISTS_REPLACE
    )
    return int(server.executions.CreateWorkflow(request).updated_time)


def _update_workflow(server: Server, workflow: workflow_pb2.Workflow) -> int:
    request = execution_workflows_pb2.UpdateWorkflowRequest(workflow=workflow, upsert=True)
    return int(server.executions.UpdateWorkflow(request).updated_time)


def _commit_workflow(server: Server, workflow: workflow_pb2.Workflow) -> int:
    _update_workflow(server, workflow)
    request = commit_pb2.CommitRequest(workflow_id=workflow.workflow_id, update_workflow=workflow)
    return int(server.executions.Commit(request).updated_time)


@pytest.mark.parametrize("write", [_create_task, _update_task, _commit_task])
@pytest.mark.parametrize("document", WITH_STATUS, ids=range(len(WITH_STATUS)))
def test_a_task_comes_back_equal(
    server: Server, document: str, write: Callable[[Server, task_pb2.Task], int]
) -> None:
    _expect_task(server, document, write)


@pytest.mark.parametrize("document", WITHOUT_STATUS)
def test_a_task_without_a_status_can_be_created_only(server: Server, document: str) -> None:
    _expect_task(server, document, _create_task)
    with pytest.raises(grpc.RpcError) as caught:
        _update_task(server, message_of(document, task_pb2.Task))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def _expect_task(
    server: Server, document: str, write: Callable[[Server, task_pb2.Task], int]
) -> None:
    began = _now_ms()
    task = message_of(document, task_pb2.Task)
    stamp = write(server, task)
    ended = _now_ms()
    found = server.executions.GetTask(execution_tasks_pb2.GetTaskRequest(task_id=task.task_id))
    server.executions.RemoveTask(execution_tasks_pb2.RemoveTaskRequest(task_id=task.task_id))
    wanted, stored = exact(document), document_of(found.task)
    _expect_stamp(wanted, stored, "updateTime", stamp)
    if wanted.get("status", PENDING_TASK[0]) not in PENDING_TASK:
        _expect_made_now(wanted, stored, "endTime", began, ended)
    elif write is _create_task and "status" in wanted:
        _expect_made_now(wanted, stored, "scheduledTime", began, ended)
    _expect_equal(wanted, stored)


@pytest.mark.parametrize("write", [_create_workflow, _update_workflow, _commit_workflow])
@pytest.mark.parametrize("document", WORKFLOWS, ids=range(len(WORKFLOWS)))
def test_a_workflow_comes_back_equal(
    server: Server, document: str, write: Callable[[Server, workflow_pb2.Workflow], int]
) -> None:
    began = _now_ms()
    workflow = message_of(document, workflow_pb2.Workflow)
    stamp = write(server, workflow)
    ended = _now_ms()
    request = execution_workflows_pb2.GetWorkflowRequest(workflow_id=workflow.workflow_id)
    found = server.executions.GetWorkflow(request)
    wanted, stored = exact(document), document_of(found.workflow)
    _expect_stamp(wanted, stored, "updatedTime", stamp)
    # A Commit that leaves it out keeps the one that was made before.
    _expect_made_now(wanted, stored, "createTime", began, ended)
    if wanted.get("status") not in PENDING_WORKFLOW:
        _expect_made_now(wanted, stored, "endTime", began, ended)
    _expect_equal(wanted, stored)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _expect_stamp(wanted: Value, stored: Value, key: str, stamp: int) -> None:
    """The stored time is the one that the write answered, and not the one that came in."""
    assert stored[key] == Number(stamp)
    assert stamp > int(wanted.get(key) or 0)
    wanted[key] = stored[key]


def _expect_made_now(wanted: Value, stored: Value, key: str, began: int, ended: int) -> None:
    """A time that came in as 0, or not at all, was made during the call; any other one is compared like all else."""
    if wanted.get(key, Number(0)) == Number(0):
        assert began <= int(stored[key]) <= ended
        wanted[key] = stored[key]


def _expect_equal(wanted: Value, stored: Value) -> None:
    for key in DERIVED:
        wanted.pop(key, None)
        stored.pop(key, None)
    added = {key: value for key, value in stored.items() if key not in wanted}
    assert all(value in JAVAS_DEFAULTS for value in added.values()), added
    assert {key: value for key, value in stored.items() if key in wanted} == wanted


# definitions, verbatim


@pytest.mark.parametrize("document", TASK_DEFS, ids=range(len(TASK_DEFS)))
def test_a_task_definition_comes_back_byte_for_byte(server: Server, document: str) -> None:
    definition = definitions_pb2.TaskDef(document_json=document)
    name = exact(document)["name"]
    server.metadata.CreateTaskDef(metadata_service_pb2.CreateTaskDefRequest(task_def=definition))
    server.metadata.UpdateTaskDef(metadata_service_pb2.UpdateTaskDefRequest(task_def=definition))
    found = server.metadata.GetTaskDef(metadata_service_pb2.GetTaskDefRequest(name=name)).task_def
    assert found.document_json == document
    _expect_typed(found, document)
    chunks = server.metadata.GetAllTaskDefs(metadata_service_pb2.GetAllTaskDefsRequest())
    assert [item for chunk in chunks for item in chunk.task_defs if item.name == name] == [found]


@pytest.mark.parametrize("document", WORKFLOW_DEFS, ids=range(len(WORKFLOW_DEFS)))
def test_a_workflow_definition_comes_back_byte_for_byte(server: Server, document: str) -> None:
    definition = definitions_pb2.WorkflowDef(document_json=document)
    name, version = exact(document)["name"], int(exact(document).get("version", 1))
    with suppress(grpc.RpcError):  # an earlier document of this name and version
        server.metadata.CreateWorkflowDef(
            metadata_service_pb2.CreateWorkflowDefRequest(workflow_def=definition)
        )
    server.metadata.UpdateWorkflowDef(
        metadata_service_pb2.UpdateWorkflowDefRequest(workflow_def=definition)
    )
    found = server.metadata.GetWorkflowDef(
        metadata_service_pb2.GetWorkflowDefRequest(name=name, version=version)
    ).workflow_def
    assert found.document_json == document
    _expect_typed(found, document)
    chunks = server.metadata.GetAllWorkflowDefs(metadata_service_pb2.GetAllWorkflowDefsRequest())
    assert found in [item for chunk in chunks for item in chunk.workflow_defs]


@pytest.mark.parametrize("document", WITH_EVENT, ids=range(len(WITH_EVENT)))
def test_an_event_handler_comes_back_byte_for_byte(server: Server, document: str) -> None:
    handler = event_pb2.EventHandler(document_json=document)
    name, event = exact(document)["name"], exact(document)["event"]
    server.event_handlers.AddEventHandler(
        event_handler_service_pb2.AddEventHandlerRequest(event_handler=handler)
    )
    request = event_handler_service_pb2.GetAllEventHandlersRequest()
    chunks = list(server.event_handlers.GetAllEventHandlers(request))
    (own,) = [item for chunk in chunks for item in chunk.event_handlers]
    assert own.document_json == document
    _expect_typed(own, document)
    by_event = event_handler_service_pb2.GetEventHandlersForEventRequest(event=event)
    assert list(server.event_handlers.GetEventHandlersForEvent(by_event).event_handlers) == [own]
    server.event_handlers.RemoveEventHandler(
        event_handler_service_pb2.RemoveEventHandlerRequest(name=name)
    )


def test_an_event_handler_without_an_event_is_refused(server: Server) -> None:
    """Java keeps one that listens to nothing; the contract wants an event."""
    (document,) = set(EVENT_HANDLERS) - set(WITH_EVENT)
    handler = event_pb2.EventHandler(document_json=document)
    with pytest.raises(grpc.RpcError) as caught:
        server.event_handlers.AddEventHandler(
            event_handler_service_pb2.AddEventHandlerRequest(event_handler=handler)
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def _expect_typed(found: Any, document: str) -> None:
    """What is typed says what the document says."""
    wanted = exact(document)
    typed = document_of(found)
    typed.pop("document")
    assert {key: wanted[key] for key in typed} == typed


# event executions: no RPC reads them yet, so what is stored is read from the file


@pytest.mark.parametrize("document", EVENT_EXECUTIONS, ids=range(len(EVENT_EXECUTIONS)))
def test_an_event_execution_is_stored_equal(server: Server, document: str) -> None:
    execution = message_of(document, event_pb2.EventExecution)
    for add in (True, False):
        if add:
            request = execution_tasks_pb2.AddEventExecutionRequest(event_execution=execution)
            assert server.executions.AddEventExecution(request).added
        else:
            server.executions.UpdateEventExecution(
                execution_tasks_pb2.UpdateEventExecutionRequest(event_execution=execution)
            )
        with closing(sqlite3.connect(server.database)) as database:
            (stored,) = database.execute("SELECT document FROM event_executions").fetchone()
        _expect_equal(exact(document), exact(stored))
    server.executions.RemoveEventExecution(
        execution_tasks_pb2.RemoveEventExecutionRequest(event_execution=execution)
    )
