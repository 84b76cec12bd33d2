"""Archiving: the whole execution of a workflow in the document of its entry, and back."""

from __future__ import annotations

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from podium_core.errors import CorruptRecordError
from podium_core.index.documents import RAW_JSON, members_of, merged
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.models.json_members import elements_of_array, object_of_members

_TASKS = "tasks"
_encode = msgspec.json.Encoder().encode


def archived_document(summary_document: bytes, raw_json: str) -> bytes:
    """The document of an archived workflow.

    Args:
        summary_document: Its document until then.
        raw_json: What ``raw_execution`` gives.
    Source: ``ExecutionDAOFacade.removeWorkflow``, which sets the same two by ``IndexDAO.updateWorkflow``.
    """
    return merged(summary_document, Raw(_encode({RAW_JSON: raw_json, "archived": True})))


def raw_execution(workflow: Workflow) -> str:
    """A workflow with its tasks, by ``seq``, as the text of ``rawJSON``: the document that Conductor stores, and reads."""
    tasks = b",".join(TASK.encode(task) for task in sorted(workflow.tasks, key=_seq))
    whole = merged(WORKFLOW.encode(replace(workflow, tasks=())), Raw(b'{"tasks":[%b]}' % tasks))
    return whole.decode()


def _seq(task: Task) -> int:
    return task.seq


def execution_of(raw_json: str, workflow_id: str = "") -> Workflow:
    """The workflow of a ``rawJSON``, with its tasks.

    Args:
        raw_json: The text.
        workflow_id: For the error.
    Raises:
        CorruptRecordError: It isn't a workflow document with a list of tasks.
    """
    members = members_of(raw_json, WORKFLOW.resource_type, workflow_id)
    tasks = members.pop(_TASKS, None)
    try:
        documents = [] if tasks is None else elements_of_array(tasks)
    except msgspec.ValidationError as error:
        raise CorruptRecordError(WORKFLOW.resource_type, workflow_id, str(error)) from error
    workflow = WORKFLOW.decode(object_of_members(members), workflow_id)
    return replace(
        workflow,
        tasks=tuple(TASK.decode(bytes(document), workflow_id) for document in documents),
    )
