"""Small limits, and records whose inputs and outputs are just as large as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from msgspec import Raw

from podium_core.errors import NotFoundError
from podium_core.execution_service import ExecutionService
from podium_core.models import Commit, Task, TaskUpdate, Workflow
from podium_core.models.json_text import raw_text
from podium_core.outbox import BUCKETS, KIND_PAYLOAD
from podium_core.ports import ExternalPayloadStorage
from tests.contract.daos import Daos
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import Settings

PayloadKeys = Callable[[], set[str]]
"""Gives the keys of all payloads that are stored."""

TASK_SOFT, TASK_HARD = 100, 200
WORKFLOW_SOFT, WORKFLOW_HARD = 300, 400

SMALL_LIMITS: Settings = {
    "PODIUM_PAYLOADS__TASK_SOFT_LIMIT_BYTES": str(TASK_SOFT),
    "PODIUM_PAYLOADS__TASK_HARD_LIMIT_BYTES": str(TASK_HARD),
    "PODIUM_PAYLOADS__WORKFLOW_SOFT_LIMIT_BYTES": str(WORKFLOW_SOFT),
    "PODIUM_PAYLOADS__WORKFLOW_HARD_LIMIT_BYTES": str(WORKFLOW_HARD),
}
SMALL_SOFT_LIMITS: Settings = {
    name: value for name, value in SMALL_LIMITS.items() if "SOFT" in name
}
ALL_BUCKETS = tuple(range(BUCKETS))


def sized(size: int, letter: str = "x") -> Raw:
    """A JSON object of so many bytes."""
    text = f'{{"a":"{letter * ((size - 8) // len(letter.encode()))}"}}'.encode()
    return Raw(text.replace(b'"}', b'"' + b" " * (size - len(text)) + b"}"))


def data_of(record: Task | Workflow, side: str) -> str:
    """The input or the output."""
    raw: Raw = getattr(record, f"{side}_data" if isinstance(record, Task) else side)
    return raw_text(raw)


def path_of(record: Task | Workflow | None, side: str) -> str:
    """Where the input or the output lies; empty: in the document."""
    assert record is not None
    return getattr(record, f"external_{side}_payload_storage_path") or ""


def large_task(id_: str = "t1", size: int = TASK_SOFT + 1, **fields: Any) -> Task:
    """A task whose input is above the soft limit."""
    return make_task(id_, input_data=sized(size), **fields)


def large_workflow(
    workflow_id: str = "w1", size: int = WORKFLOW_SOFT + 1, **fields: Any
) -> Workflow:
    """A workflow whose input is above the soft limit."""
    return make_workflow(workflow_id, input=sized(size), **fields)


async def content_of(payloads: ExternalPayloadStorage, path: str) -> str | None:
    """A payload; None where there is none."""
    try:
        return b"".join([chunk async for chunk in payloads.download(path)]).decode()
    except NotFoundError:
        return None


async def stored(payloads: ExternalPayloadStorage, path: str, content: bytes) -> None:
    """A payload that a caller stores itself."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    await payloads.upload(chunks(), path=path)


async def next_payload_deletion(daos: Daos) -> int | None:
    """How long until the first mark of a payload is due, in milliseconds; None: there are none."""
    return await daos.outbox.due_in_ms(ALL_BUCKETS, [KIND_PAYLOAD])


async def payload_deletions(daos: Daos, keys: Iterable[str]) -> frozenset[str]:
    """Those of these payloads of workflow w1 that are marked to be deleted."""
    return await daos.outbox.waiting_ids(KIND_PAYLOAD, [(key, "w1") for key in keys])


class Write(NamedTuple):
    """A call that stores a workflow or task, whose fields the test sets."""

    make: Callable[..., Task] | Callable[..., Workflow]
    prepare: Callable[[ExecutionService], Awaitable[object]]
    write: Callable[[ExecutionService, Any], Awaitable[object]]


async def _nothing(_: ExecutionService) -> None:
    """The record is new."""


async def _with_workflow(executions: ExecutionService) -> None:
    await executions.create_workflow(make_workflow())


async def _with_task(executions: ExecutionService) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task()])


WRITES: dict[str, Write] = {
    "CreateWorkflow": Write(make_workflow, _nothing, lambda e, w: e.create_workflow(w)),
    "UpdateWorkflow": Write(make_workflow, _with_workflow, lambda e, w: e.update_workflow(w)),
    "Commit.create_workflow": Write(
        make_workflow,
        _nothing,
        lambda e, w: e.commit(Commit(workflow_id="w1", create_workflow=w)),
    ),
    "Commit.update_workflow": Write(
        make_workflow,
        _with_workflow,
        lambda e, w: e.commit(Commit(workflow_id="w1", update_workflow=w)),
    ),
    "CreateTasks": Write(make_task, _with_workflow, lambda e, t: e.create_tasks([t])),
    "UpdateTask": Write(make_task, _with_task, lambda e, t: e.update_task(t)),
    "UpdateTasks": Write(make_task, _with_task, lambda e, t: e.update_tasks([TaskUpdate(task=t)])),
    "Commit.create_tasks": Write(
        make_task,
        _with_workflow,
        lambda e, t: e.commit(Commit(workflow_id="w1", create_tasks=[t])),
    ),
    "Commit.update_tasks": Write(
        make_task,
        _with_task,
        lambda e, t: e.commit(Commit(workflow_id="w1", update_tasks=[TaskUpdate(task=t)])),
    ),
}
