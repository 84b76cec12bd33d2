"""The engine: takes workflows from the decider's queue, decides, and writes each decision with a single Commit.

The message's receipt is the lock. Each change that a workflow waits for pushes the workflow's id, which ends
the lease of a look under way: its Commit is refused, and the new message brings the next look. So no change goes unseen,
no two looks write, and a look that was cut off comes back with its message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec

from examples.engine.decider import awaited_children, decide
from examples.engine.decision import Decision
from examples.engine.definition_model import Definitions, WorkflowTask
from examples.engine.journal import Journal
from examples.engine.records import workflow_name
from podium_client import LeasedMessage, PodiumClient
from podium_core.errors import ConflictError, StorageError
from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitPush,
    PushMessage,
    Task,
    TaskStatus,
    Workflow,
    WorkflowDef,
)

# How many workflows are looked at at a time, by this engine; others may run beside it.
CREDIT = 16
# The client extends it while a look lasts: it only says how soon the work of a killed engine is taken up.
LEASE_MS = 5_000


class Engine:
    """Brings workflows forward."""

    def __init__(self, podium: PodiumClient, journal: Journal) -> None:
        self._podium = podium
        self._journal = journal

    async def run(self) -> None:
        """Decide until cancelled."""
        async with asyncio.TaskGroup() as looks:
            async for message in self._podium.queues.consume(
                DECIDER_QUEUE, credit=CREDIT, unack_timeout_ms=LEASE_MS
            ):
                looks.create_task(self._look(message))

    async def _look(self, message: LeasedMessage) -> None:
        try:
            # Leaving well acks, unless the Commit has; an error gives the message back.
            async with message:
                await self._decide(message)
        except StorageError as error:
            self._journal.note("abandoned", message.id, detail=error.message)

    async def _decide(self, message: LeasedMessage) -> None:
        """Read, decide, write; and again, if someone else wrote in between."""
        written = False
        while not written:
            # With payloads: a template may refer to any output, a large one that lies outside, too.
            workflow = await self._podium.executions.get_workflow(
                message.id, include_tasks=True, include_payloads=True
            )
            if workflow is None:
                return
            decision = decide(
                workflow,
                workflow.tasks,
                await self._definitions_for(workflow.tasks),
                time.time_ns() // 1_000_000,
                await self._children_of(workflow.tasks),
            )
            written = await self._write(workflow, decision, message)

    async def _write(self, workflow: Workflow, decision: Decision, message: LeasedMessage) -> bool:
        """Write a decision with the end of its message; false if it was made of what is no longer so."""
        for child in decision.start_workflows:
            await self._start(child, request_id=f"start/{message.receipt}")
        commit = decision.commit(workflow, request_id=f"look/{message.receipt}")
        try:
            await self._podium.executions.commit(commit.with_ack(DECIDER_QUEUE, message))
        except ConflictError as error:
            # A stale receipt: the workflow was pushed again, and another engine decides it next.
            return error.reason == "STALE_RECEIPT"
        self._note_end(workflow, decision)
        return True

    async def _start(self, workflow: Workflow, *, request_id: str) -> None:
        """Start a workflow, which a repeat finds started."""
        workflow_id = str(workflow.workflow_id)
        first_look = PushMessage(id=workflow_id, priority=workflow.priority)
        await self._podium.executions.commit(
            Commit(
                workflow_id=workflow_id,
                request_id=request_id,
                create_workflow=workflow,
                pushes=[CommitPush(queue_name=DECIDER_QUEUE, message=first_look)],
            )
        )
        self._journal.note("child started", workflow_id, kind=workflow_name(workflow))

    async def _definitions_for(self, tasks: Sequence[Task]) -> Definitions:
        """The definitions of the sub-workflows that are about to start."""
        found: dict[tuple[str, int], WorkflowDef] = {}
        for task in tasks:
            if task.sub_workflow_id and task.status is TaskStatus.SCHEDULED:
                definition = await self._definition_for(task)
                if definition:
                    found[definition.name, definition.version] = definition
        return found

    async def _definition_for(self, task: Task) -> WorkflowDef | None:
        wanted = msgspec.json.decode(
            task.workflow_task or b"", type=WorkflowTask
        ).sub_workflow_param
        if wanted is None:
            return None
        if wanted.version is None:
            return await self._podium.metadata.get_latest_workflow_def(wanted.name)
        return await self._podium.metadata.get_workflow_def(wanted.name, wanted.version)

    async def _children_of(self, tasks: Sequence[Task]) -> dict[str, Workflow]:
        """The sub-workflows that tasks wait for, without their tasks."""
        ids = awaited_children(tasks)
        get = self._podium.executions.get_workflow
        read = [await get(id_, include_payloads=True) for id_ in ids]
        return {str(child.workflow_id): child for child in read if child}

    def _note_end(self, workflow: Workflow, decision: Decision) -> None:
        ended = decision.update_workflow
        if ended and ended.status:
            self._journal.note(
                "ended", ended.workflow_id, kind=workflow_name(workflow), detail=ended.status.value
            )
