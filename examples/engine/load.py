"""The demo's workflows: registered, started, and in the end read back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence

from examples.engine.definition_model import every_task, parse_definition
from examples.engine.records import new_workflow
from podium_client import PodiumClient
from podium_core.errors import AlreadyExistsError
from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitPush,
    PushMessage,
    Workflow,
    WorkflowDef,
    collect,
)
from podium_core.models.json_text import to_raw

KINDS = ("sequence", "fork_join", "switch", "sub_workflow", "retry_and_limit")
CHILD_KIND = "inspect_item"
SIZES = ("small", "medium", "large")
CUSTOMERS = (
    "Ada Lovelace",
    "Alan Turing",
    "Barbara Liskov",
    "Donald Knuth",
    "Edsger Dijkstra",
    "Grace Hopper",
    "Tony Hoare",
)


async def register(podium: PodiumClient, definitions: Iterable[WorkflowDef]) -> None:
    """Store the definitions, replacing those that are there."""
    for definition in definitions:
        try:
            await podium.metadata.create_workflow_def(definition)
        except AlreadyExistsError:
            await podium.metadata.update_workflow_def(definition)


async def start_workflow(podium: PodiumClient, definition: WorkflowDef, order: int) -> str:
    """Start a workflow, whose first look is due at once; its id."""
    workflow_id = str(uuid.uuid4())
    input_ = to_raw(
        {
            "order": order,
            "customer": CUSTOMERS[order % len(CUSTOMERS)],
            "amount": 10 * order,
            "size": SIZES[order % len(SIZES)],
        }
    )
    workflow = new_workflow(workflow_id, definition, input_, now=time.time_ns() // 1_000_000)
    first_look = CommitPush(queue_name=DECIDER_QUEUE, message=PushMessage(id=workflow_id))
    await podium.executions.commit(
        Commit(
            workflow_id=workflow_id,
            request_id="start",
            create_workflow=workflow,
            pushes=[first_look],
        )
    )
    return workflow_id


async def read_back(podium: PodiumClient, workflow_ids: Sequence[str]) -> list[Workflow]:
    """Workflows and their sub-workflows, with their tasks."""
    workflows = await collect(podium.executions.get_workflows(workflow_ids, include_tasks=True))
    children = [
        str(task.sub_workflow_id)
        for workflow in workflows
        for task in workflow.tasks
        if task.sub_workflow_id
    ]
    if children:
        workflows += await read_back(podium, children)
    return workflows


async def pending_counts(podium: PodiumClient) -> dict[str, int]:
    """How many workflows of each kind are pending."""
    count = podium.executions.get_pending_workflow_count
    return {kind: await count(kind) for kind in (*KINDS, CHILD_KIND)}


async def pending_tasks(podium: PodiumClient, task_types: Iterable[str]) -> dict[str, int]:
    """How many tasks of each type are pending."""
    pages = podium.executions.get_pending_tasks_for_task_type
    return {task_type: len(await collect(pages(task_type))) for task_type in task_types}


def least_tasks(definition: WorkflowDef) -> int:
    """How many tasks of workers a workflow has at least."""
    tasks = parse_definition(definition.document).tasks
    cases = [inner for task in tasks if task.decision_cases for inner in every_task([task])]
    simple = [task for task in every_task(tasks) if task.type == "SIMPLE" and task not in cases]
    return len(simple)
