"""A document ready to store but for its stamp, which the store decides at the moment of writing."""

from __future__ import annotations

import secrets

import msgspec
from msgspec import UNSET, Raw
from msgspec.structs import replace

from podium_core.models.documents import TASK, WORKFLOW
from podium_core.models.jackson import read_number, read_text
from podium_core.models.json_members import members_of_object
from podium_core.models.task import Int32, Task
from podium_core.models.workflow import Workflow

# Nobody can guess it, so no payload can hold it; and of 19 digits, as long as any stamp may be.
_HOLE = 9 * 10**18 + secrets.randbelow(10**17)
_TASK_HOLE = b'"updateTime":%d' % _HOLE
_WORKFLOW_HOLE = b'"updatedTime":%d' % _HOLE
_NULL = Raw(b"null")


class Document(msgspec.Struct, frozen=True):
    """The text before and after the stamp; ``tail`` is empty where the document is stored as it is."""

    head: bytes
    tail: bytes = b""

    @property
    def size(self) -> int:
        """About how many bytes it has."""
        return len(self.head) + len(self.tail)

    def with_stamp(self, stamp: int) -> bytes:
        """The whole document, with ``stamp`` as its update time."""
        return self.head + str(stamp).encode() + self.tail if self.tail else self.head

    def with_create_time(self, create_time: int) -> Document:
        """The document of a workflow with the time that an update left out: Java can't read one without it."""
        return Document(b'{"createTime":%d,' % create_time + self.head[1:], self.tail)


class _EmbeddedDefinition(msgspec.Struct, rename="camel"):
    task_definition: Raw = _NULL


class _DefinitionIdentity(msgspec.Struct):
    name: str | msgspec.UnsetType = UNSET
    version: Int32 = 1


_embedded_definition = msgspec.json.Decoder(_EmbeddedDefinition)
_definition_identity = msgspec.json.Decoder(_DefinitionIdentity)


def _split(text: bytes, hole: bytes) -> Document:
    at = text.index(hole) + len(hole)
    return Document(text[: at - len(str(_HOLE))], text[at:])


def task_document(task: Task, *, stamp: bool = True) -> Document:
    """What is stored of a task, with derived fields in the form of a running Conductor server.

    Without ``stamp`` the task keeps the update time that it has.
    """
    derived = replace(
        task,
        task_definition=embedded_task_definition(task),
        loop_over_task=task.iteration > 0,
        queue_wait_time=queue_wait_time(task, stamp=stamp),
        update_time=_HOLE if stamp else task.update_time,
    )
    text = TASK.encode(derived)
    return _split(text, _TASK_HOLE) if stamp else Document(text)


def workflow_document(workflow: Workflow) -> Document:
    """What is stored of a workflow: without its tasks, with derived fields."""
    name, version = workflow_definition_identity(workflow)
    derived = replace(
        workflow,
        tasks=(),
        workflow_name=name,
        workflow_version=version,
        updated_time=_HOLE,
    )
    return _split(WORKFLOW.encode(derived), _WORKFLOW_HOLE)


def embedded_task_definition(task: Task) -> Raw:
    """``workflowTask.taskDefinition`` of a task, or JSON null."""
    if task.workflow_task is UNSET:
        return _NULL
    try:
        return _embedded_definition.decode(task.workflow_task).task_definition
    except msgspec.ValidationError:
        return _NULL
    except msgspec.DecodeError:
        return members_of_object(task.workflow_task).get("taskDefinition", _NULL)


def workflow_definition_identity(
    workflow: Workflow,
) -> tuple[str | msgspec.UnsetType, int | msgspec.UnsetType]:
    """Name and version in a workflow's embedded definition; unset where it has none that can be read."""
    if workflow.workflow_definition is UNSET:
        return UNSET, UNSET
    try:
        identity = _definition_identity.decode(workflow.workflow_definition)
    except msgspec.DecodeError:
        return _identity_as_jackson_reads(workflow.workflow_definition)
    return identity.name, identity.version


def _identity_as_jackson_reads(
    definition: Raw,
) -> tuple[str | msgspec.UnsetType, int | msgspec.UnsetType]:
    try:
        members = members_of_object(definition)
    except msgspec.ValidationError:
        return UNSET, UNSET
    try:
        name = read_text(members.get("name", _NULL))
    except ValueError:
        name = None
    try:
        version = read_number(members.get("version", _NULL))
    except ValueError:
        version = None  # a number that no Java int is, or no number at all
    return UNSET if name is None else name, 1 if version is None else version


def queue_wait_time(task: Task, *, stamp: bool) -> int:
    """Conductor's ``TaskModel.getQueueWaitTime`` at the moment of writing.

    With a callback delay it counts from the update time and that delay on: from a stamp, which is that moment, nothing yet.
    """
    if task.start_time > 0 and task.scheduled_time > 0:
        if task.update_time > 0 and task.callback_after_seconds > 0 and stamp:
            return 0
        return task.start_time - task.scheduled_time
    return 0
