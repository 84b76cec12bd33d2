"""Every typed field with every odd value in ``extra_json``: stored verbatim, or refused with the field's path.

Written from the field tables, so that a new field is among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw

from podium.v1 import task_pb2, workflow_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models import Commit, Task, TaskUpdate, Workflow
from podium_core.models.documents import TASK, WORKFLOW, DocumentType
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import raw_text
from podium_core.models.task import DERIVED_TASK_FIELDS
from podium_core.models.workflow import DERIVED_WORKFLOW_FIELDS
from podium_core.write_set import WriteSet, builders, commit_builder
from podium_protocol import codec

NOW_MS = 1_700_000_000_000
VALUES = [
    "null", "true", "5", "-1", "1.5", "1e400", "2147483648", "9223372036854775808", '""', '"x"', '"2020"',
    '"\\ud83d"', "[]", "[5]", '["x"]', "{}", '{"*":"d1"}', '{"*":"d1","x":1}', '{"\\ude00":"\\ud83d"}',
]  # fmt: skip

# Computed or stamped by every write, whatever the caller says; tasks of a workflow are for reading.
WRITTEN = {
    TASK: {"update_time", *DERIVED_TASK_FIELDS},
    WORKFLOW: {"updated_time", "tasks", *DERIVED_WORKFLOW_FIELDS},
}
TASK_FIELDS: dict[str, Any] = {
    "task_id": "t1",
    "workflow_instance_id": "w1",
    "reference_task_name": "r",
    "status": task_pb2.TASK_STATUS_SCHEDULED,
}
WORKFLOW_FIELDS: dict[str, Any] = {
    "workflow_id": "w1",
    "status": workflow_pb2.WORKFLOW_STATUS_RUNNING,
    "workflow_definition_json": '{"name":"n"}',
}


def task_of(key: str, value: str, status: int) -> Task:
    return codec.task_from_proto(message(task_pb2.Task, TASK_FIELDS, TASK, key, value, status), "")


def workflow_of(key: str, value: str, status: int) -> Workflow:
    return codec.workflow_without_tasks_from_proto(
        message(workflow_pb2.Workflow, WORKFLOW_FIELDS, WORKFLOW, key, value, status), ""
    )


def message(
    message_type: Any, required: dict[str, Any], document: Any, key: str, value: str, status: int
) -> Any:
    attribute = document.fields[key].attribute
    fields = {**required, "status": status}
    own = {name: v for name, v in fields.items() if name.removesuffix("_json") != attribute}
    return message_type(**own, extra_json=f'{{"{key}":{value}}}')


Write = Callable[[Any], WriteSet]


def committed(**parts: Any) -> WriteSet:
    return commit_builder.commit(Commit(workflow_id="w1", **parts), now_ms=NOW_MS)


TASK_WRITES: dict[str, tuple[str, Write]] = {
    "CreateTasks": ("tasks[0]", lambda t: builders.create_tasks([t], now_ms=NOW_MS)),
    "UpdateTask": ("task", lambda t: builders.update_task(TaskUpdate(task=t), now_ms=NOW_MS)),
    "upsert": (
        "task",
        lambda t: builders.update_task(TaskUpdate(task=t), now_ms=NOW_MS, upsert=True),
    ),
    "UpdateTasks": (
        "tasks[0].task",
        lambda t: builders.update_tasks([TaskUpdate(task=t)], now_ms=NOW_MS),
    ),
    "Commit, create": ("create_tasks[0]", lambda t: committed(create_tasks=[t])),
    "Commit, update": (
        "update_tasks[0].task",
        lambda t: committed(update_tasks=[TaskUpdate(task=t)]),
    ),
}
WORKFLOW_WRITES: dict[str, tuple[str, Write]] = {
    "CreateWorkflow": ("workflow", lambda w: builders.create_workflow(w, now_ms=NOW_MS)),
    "replace": (
        "workflow",
        lambda w: builders.create_workflow(w, now_ms=NOW_MS, replace_existing=True),
    ),
    "UpdateWorkflow": ("workflow", lambda w: builders.update_workflow(w, now_ms=NOW_MS)),
    "upsert": ("workflow", lambda w: builders.update_workflow(w, now_ms=NOW_MS, upsert=True)),
    "Commit, create": ("create_workflow", lambda w: committed(create_workflow=w)),
    "Commit, update": ("update_workflow", lambda w: committed(update_workflow=w)),
}


def keys_of(document: DocumentType[Any]) -> list[str]:
    return [key for key, f in document.fields.items() if f.attribute not in WRITTEN[document]]


def member(text: bytes, key: str) -> str:
    return raw_text(members_of_object(text).get(key, Raw(b"")))


def faults(
    record: Any, write: Write, path: str, document: DocumentType[Any], key: str, value: str
) -> list[str]:
    attribute = document.fields[key].attribute
    try:
        write_set = write(record)
    except InvalidArgumentError as error:
        named = {f"{path}.{attribute}", f"{path}.{attribute}_json"}
        return [] if error.field in named else [f"{value}: refused with {error.field!r}"]
    (put,) = write_set.task_puts or write_set.workflow_puts
    stored = put.document.with_stamp(NOW_MS)
    found = {"stored": stored, "came back": through_a_message(document, stored)}
    return [
        f"{value}: {how} as {member(text, key)!r}"
        for how, text in found.items()
        if member(text, key) != value
    ]


def through_a_message(document: DocumentType[Any], stored: bytes) -> bytes:
    record = document.decode(stored, "")
    if document is TASK:
        return TASK.encode(codec.task_from_proto(codec.task_to_proto(record), ""))
    return WORKFLOW.encode(codec.workflow_from_proto(codec.workflow_to_proto(record), ""))


@pytest.mark.parametrize("status", [task_pb2.TASK_STATUS_SCHEDULED, task_pb2.TASK_STATUS_COMPLETED])
@pytest.mark.parametrize("write", TASK_WRITES)
@pytest.mark.parametrize("key", keys_of(TASK))
def test_of_a_task(key: str, write: str, status: int) -> None:
    path, written = TASK_WRITES[write]
    found = [
        fault
        for value in VALUES
        for fault in faults(task_of(key, value, status), written, path, TASK, key, value)
    ]
    assert found == []


@pytest.mark.parametrize(
    "status", [workflow_pb2.WORKFLOW_STATUS_RUNNING, workflow_pb2.WORKFLOW_STATUS_FAILED]
)
@pytest.mark.parametrize("write", WORKFLOW_WRITES)
@pytest.mark.parametrize("key", keys_of(WORKFLOW))
def test_of_a_workflow(key: str, write: str, status: int) -> None:
    path, written = WORKFLOW_WRITES[write]
    found = [
        fault
        for value in VALUES
        for fault in faults(workflow_of(key, value, status), written, path, WORKFLOW, key, value)
    ]
    assert found == []
