"""What the demo asks the index: each search as a user types it, and what it has to find."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from examples.engine.load import CUSTOMERS
from examples.engine.records import workflow_name
from podium_client import PodiumClient
from podium_core.models import (
    Task,
    TaskStatus,
    Workflow,
    WorkflowStatus,
)
from podium_core.models.json_text import from_raw

PAGE = 1_000
LOOK_AGAIN_SECONDS = 0.1
NEWEST_FIRST = ("startTime:DESC",)


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search for workflows or tasks.

    Attributes:
        expected: Ids of what it has to find, from the executions themselves.
    """

    expected: frozenset[str]
    query: str = ""
    free_text: str = ""
    of_tasks: bool = False

    @property
    def typed(self) -> str:
        """As a user types it."""
        return f"free text: {self.free_text}" if self.free_text else self.query


@dataclass(frozen=True)
class Answer:
    """What a search found: the ids, and its first hit in words."""

    search: Search
    found: frozenset[str]
    first: str


def searches_of(workflows: Sequence[Workflow]) -> list[Search]:
    """The searches of a run."""
    customer = CUSTOMERS[0].split()[-1]
    kind = workflow_name(workflows[0]) if workflows else ""
    completed = [w for w in workflows if w.status is WorkflowStatus.COMPLETED]
    return [
        Search(
            query=f"workflowType = '{kind}' AND status = 'COMPLETED'",
            expected=_ids([w for w in completed if workflow_name(w) == kind]),
        ),
        Search(
            free_text=customer,
            expected=_ids([w for w in workflows if customer in str(from_raw(w.input))]),
        ),
        Search(
            query="taskDefName = 'call_supplier' AND status = 'FAILED'",
            of_tasks=True,
            expected=frozenset(
                str(task.task_id) for w in workflows for task in w.tasks if _supplier_failed(task)
            ),
        ),
    ]


async def ask(podium: PodiumClient, search: Search, *, seconds: float = 0.0) -> Answer:
    """Search: until it finds what it has to, or the time is up. The index is eventual."""
    give_up_at = time.monotonic() + seconds
    while (answer := await _ask(podium, search)).found != search.expected:
        if time.monotonic() >= give_up_at:
            break
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return answer


async def _ask(podium: PodiumClient, search: Search) -> Answer:
    index, query, free_text = podium.index, search.query, search.free_text
    if search.of_tasks:
        found = index.search_each_task(query, free_text, sort=NEWEST_FIRST, page_size=PAGE)
        tasks = [task async for task in found]
        first = str(tasks[0].reason_for_incompletion) if tasks else ""
        return Answer(search, frozenset(str(task.task_id) for task in tasks), first)
    hits = index.search(query, free_text, sort=NEWEST_FIRST, page_size=PAGE)
    workflows = [workflow async for workflow in hits]
    first = _order_in(str(workflows[0].input)) if workflows else ""
    return Answer(search, frozenset(str(w.workflow_id) for w in workflows), first)


# The index as a whole


def statuses_of(workflows: Sequence[Workflow]) -> dict[str, str]:
    """The status of every workflow and task, by id, as the executions have it."""
    records: list[Workflow | Task] = [*workflows, *(task for w in workflows for task in w.tasks)]
    return {_id(record): record.status.value if record.status else "" for record in records}


async def indexed_statuses(
    podium: PodiumClient, wanted: Mapping[str, str], *, seconds: float
) -> dict[str, str]:
    """The same as the index has it: as soon as they are equal, or when the time is up."""
    give_up_at = time.monotonic() + seconds
    while (indexed := await _statuses(podium)) != wanted and time.monotonic() < give_up_at:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return indexed


async def _statuses(podium: PodiumClient) -> dict[str, str]:
    found = {
        str(workflow.workflow_id): str(workflow.status)
        async for workflow in podium.index.search(page_size=PAGE)
    }
    tasks = podium.index.search_each_task(page_size=PAGE)
    return found | {str(task.task_id): str(task.status) async for task in tasks}


def _order_in(input_: str) -> str:
    order = msgspec.json.decode(input_)
    return f"order {order['order']} of {order.get('customer', 'a sub-workflow')}"


def _supplier_failed(task: Task) -> bool:
    return task.task_def_name == "call_supplier" and task.status is TaskStatus.FAILED


def _ids(workflows: Sequence[Workflow]) -> frozenset[str]:
    return frozenset(map(_id, workflows))


def _id(record: Workflow | Task) -> str:
    return str(record.task_id if isinstance(record, Task) else record.workflow_id)
