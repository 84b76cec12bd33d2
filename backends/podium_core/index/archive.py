"""Archiving: the whole execution of a workflow in the document of its entry, or in those of its tasks too, and back.

Conductor reads ``rawJSON`` of a workflow's entry: the workflow's document with its tasks filled in. An execution above a
size doesn't fit into one document. Then each task's entry has a ``rawJSON`` of its own, and that of the workflow has no
tasks but their ids, under ``TASK_IDS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from podium_core.errors import CorruptRecordError
from podium_core.index.documents import RAW_JSON, members_of, with_members
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.models.json_members import elements_of_array, object_of_members, text_of_member

TASK_IDS = "podium:taskIds"
"""The member of a ``rawJSON`` that names the tasks, by ``seq``, whose documents are in their own entries."""

_TASKS = "tasks"
_encode = msgspec.json.Encoder().encode
_ids = msgspec.json.Decoder(list[str])


class ArchivedExecution(msgspec.Struct, frozen=True, kw_only=True):
    """What the entry of an archived workflow holds.

    Attributes:
        workflow: Without its tasks.
        tasks: The tasks' documents, by ``seq``, where they are in this entry.
        task_ids: The tasks' ids, by ``seq``, where their documents are in their own entries.
    """

    workflow: Workflow
    tasks: Sequence[Raw] = ()
    task_ids: Sequence[str] = ()


def archived_document(summary_document: bytes, raw_json: str) -> bytes:
    """The document of an archived entry that holds the text of a record.

    Args:
        summary_document: Its document until then.
        raw_json: The text.
    Source: ``ExecutionDAOFacade.removeWorkflow``, which sets the same two by ``IndexDAO.updateWorkflow``.
    """
    return with_members(summary_document, Raw(_encode({RAW_JSON: raw_json, "archived": True})))


def raw_execution(workflow: bytes, tasks: Iterable[bytes]) -> str:
    """The text of ``rawJSON`` with all tasks: the document that Conductor stores, and reads.

    Args:
        workflow: The workflow's document.
        tasks: The tasks' documents, by ``seq``.
    """
    return _with_members(workflow, b'{"tasks":[%b]}' % b",".join(tasks))


def raw_workflow(workflow: bytes, task_ids: Sequence[str]) -> str:
    """The text of ``rawJSON`` where each task's document is in its own entry.

    Args:
        workflow: The workflow's document.
        task_ids: The tasks' ids, by ``seq``.
    """
    members = {_TASKS: (), TASK_IDS: task_ids}
    return _with_members(workflow, _encode(members))


def _with_members(workflow: bytes, members: bytes) -> str:
    return with_members(workflow, Raw(members)).decode()


def archived_execution(document: bytes, workflow_id: str) -> ArchivedExecution | None:
    """What the document of an archived workflow's entry holds; None without a ``rawJSON``.

    Raises:
        CorruptRecordError: It isn't a workflow document with a list of tasks.
    """
    raw_json = _raw_json(document, "archived workflow", workflow_id)
    if raw_json is None:
        return None
    members = members_of(raw_json, WORKFLOW.resource_type, workflow_id)
    try:
        tasks = elements_of_array(members.pop(_TASKS, Raw(b"[]")))
        task_ids = _ids.decode(members.pop(TASK_IDS, Raw(b"[]")))
    except msgspec.ValidationError as error:
        raise CorruptRecordError(WORKFLOW.resource_type, workflow_id, str(error)) from error
    workflow = WORKFLOW.decode(object_of_members(members), workflow_id)
    return ArchivedExecution(workflow=workflow, tasks=tasks, task_ids=task_ids)


def archived_task(document: bytes, workflow_id: str, task_id: str) -> Task:
    """The task in the document of its archived entry.

    Raises:
        CorruptRecordError: It isn't there, or is of another workflow.
    """
    raw_json = _raw_json(document, "archived task", task_id)
    if raw_json is None:
        raise CorruptRecordError(TASK.resource_type, task_id, "its entry holds no document")
    task = TASK.decode(raw_json, task_id)
    if task.workflow_instance_id != workflow_id:
        message = f"its entry is of a task of workflow '{task.workflow_instance_id}'"
        raise CorruptRecordError(TASK.resource_type, task_id, message)
    return task


def _raw_json(document: bytes, resource_type: str, name: str) -> str | None:
    try:
        return text_of_member(document, RAW_JSON)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorruptRecordError(resource_type, name, str(error)) from error
