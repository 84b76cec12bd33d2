"""What the demo does when all is done: it searches, fetches what lies outside, and removes a workflow with archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UNSET

from examples.engine.searches import (
    Answer,
    Search,
    ask,
    indexed_statuses,
    searches_of,
    statuses_of,
)
from podium_client import PodiumClient
from podium_core.execution_service import FoundWorkflow
from podium_core.models import Task, Workflow, WorkflowStatus, collect

# The index is eventual: how long it may take with what came last.
INDEX_SECONDS = 10.0


@dataclass(frozen=True)
class MovedOutput:
    """A task's output that lies in the payload store: as the document has it, and as it is with payloads."""

    stored: Task
    whole: Task


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A workflow that was removed with archive.

    Attributes:
        workflow: As it was before, with its tasks and payloads.
        left: How many of its documents the executions still have.
        found: What GetWorkflow answers now.
        answer: What a search for archived workflows finds.
    """

    workflow: Workflow
    left: int
    found: FoundWorkflow | None
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """All findings of the aftermath.

    Attributes:
        workflows: All of them with their tasks, as stored.
        indexed: The status of every workflow and task in the index, by id.
        answers: What the searches found.
        moved: The outputs that lie in the payload store.
        removed: None where no workflow was through.
    """

    workflows: Sequence[Workflow]
    indexed: dict[str, str]
    answers: Sequence[Answer]
    moved: Sequence[MovedOutput]
    removed: Removed | None


async def look_back(podium: PodiumClient, workflows: Sequence[Workflow]) -> Aftermath:
    """Look at everything; the removal comes last."""
    indexed = await indexed_statuses(podium, statuses_of(workflows), seconds=INDEX_SECONDS)
    return Aftermath(
        workflows=workflows,
        indexed=indexed,
        answers=[await ask(podium, search) for search in searches_of(workflows)],
        moved=await _moved_outputs(podium, workflows),
        removed=await _remove_one(podium, workflows),
    )


async def _moved_outputs(podium: PodiumClient, workflows: Sequence[Workflow]) -> list[MovedOutput]:
    stored = {
        str(task.task_id): task
        for workflow in workflows
        for task in workflow.tasks
        if task.external_output_payload_storage_path is not UNSET
    }
    owners = {str(task.workflow_instance_id) for task in stored.values()}
    pages = podium.executions.get_workflows(
        sorted(owners), include_tasks=True, include_payloads=True
    )
    return [
        MovedOutput(stored[str(task.task_id)], task)
        async for page in pages
        for workflow in page.items
        for task in workflow.tasks
        if task.task_id in stored
    ]


async def _remove_one(podium: PodiumClient, workflows: Sequence[Workflow]) -> Removed | None:
    """Remove the first workflow that is through."""
    executions = podium.executions
    through = [w for w in workflows if w.status is WorkflowStatus.COMPLETED]
    workflow_id = str(through[0].workflow_id) if through else ""
    before = through and await executions.get_workflow(
        workflow_id, include_tasks=True, include_payloads=True
    )
    if not before:
        return None
    await executions.remove_workflow(workflow_id, archive=True)
    task_ids = [str(task.task_id) for task in before.tasks]
    left = len(await collect(executions.get_workflows([workflow_id])))
    return Removed(
        workflow=before,
        left=left + len(await executions.get_tasks(task_ids)),
        found=await executions.find_workflow(
            workflow_id, include_tasks=True, include_payloads=True
        ),
        answer=await ask(
            podium,
            Search(query="archived = true", expected=frozenset({workflow_id})),
            seconds=INDEX_SECONDS,
        ),
    )
