"""How a workflow goes, from its removal record to its last document.

    RemoveWorkflow ──▶ record, due 0 ────────────┐            RemoveWorkflowWithExpiry ──▶ record, due later
                                                 ▼                                           │
                        SWEEP    tasks leave sets and queues, or lose their marks  ◀─────────┘
                          ▼
                        ARCHIVE  the index gets the documents, and confirms them     only where that was asked for
                          ▼
                        WAIT     until it is due
                          ▼
                        DELETE   tasks, a step at a time; the workflow's own document last

Each step reads the record, does work of bounded size, and writes the next record in the same atomic write, only if the
token is unchanged. A crash leaves a record from which the next caller continues, and two callers at once do no harm.
``podium_core.decide`` decides when a record is set, and what a write does to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from podium_core.decide import removal_record as records
from podium_core.decide.effects import (
    DeletePayloads,
    DeletePayloadsLater,
    DropMark,
    Effect,
    FreeSlots,
    LeaveSets,
    LeaveTaskSets,
    MarkEntry,
    ReleasePlace,
    RemoveTaskDocument,
    RemoveWorkflowDocument,
    Unqueue,
)
from podium_core.decide.facts import TaskFacts, WorkflowFacts
from podium_core.decide.removal_record import ArchiveState, RemovalRecord, Sweep
from podium_core.decide.state import MARK_TASK, MARK_WORKFLOW
from podium_core.decide.stored_removal import RemovalStage, StoredRemoval, Tasks, stage_of
from podium_core.index.changes import Remove
from podium_core.index.marks import UPSERT_BODY, encode_mark
from podium_core.models import DECIDER_QUEUE
from podium_core.outbox import WRITER_FIRST_MS
from podium_core.ports.removal_store import RemovalStore

# Tasks of one step: a write of a few milliseconds.
STEP_TASKS = 200

_REMOVED = encode_mark(Remove())


class RemovalMachine:
    """Carries removals out, as far as they can go now."""

    def __init__(
        self,
        store: RemovalStore,
        archive: Callable[[StoredRemoval], Awaitable[bool]] | None = None,
    ) -> None:
        """Take the store, and what brings an execution into the index.

        ``archive`` says whether the index now holds the documents as the record saw them. Without it a removal that archives
        stops before that.
        """
        self._store = store
        self._archive = archive

    async def carry_out(self, workflow_id: str) -> bool:
        """Go on until the workflow is gone, or waits; says whether there was anything to do.

        Raises:
            StorageError: As the store and the archive; the record stands, and goes on from here.
        """
        return await self.go_on(await self.look(workflow_id))

    async def look(self, workflow_id: str) -> StoredRemoval | None:
        """The removal as it stands, with the tasks of its next step; None without one."""
        return await self._store.removal(workflow_id, tasks=STEP_TASKS)

    async def go_on(self, removal: StoredRemoval | None) -> bool:
        """The same from a removal that the caller has just looked at. Raises as ``carry_out``."""
        began = False
        while removal is not None:
            if removal.stage is RemovalStage.WAIT:
                break
            if removal.stage is RemovalStage.ARCHIVE and self._archive is None:
                break
            began = True
            if await self._step(removal):
                break
            removal = await self.look(removal.workflow_id)
        return began

    async def _step(self, removal: StoredRemoval) -> bool:
        """The next step; whether the workflow is gone with it."""
        match removal.stage:
            case RemovalStage.SWEEP:
                await self._sweep(removal)
            case RemovalStage.ARCHIVE:
                if self._archive is not None and await self._archive(removal):
                    await self._confirm_archive(removal)
            case RemovalStage.DELETE:
                return await self._delete(removal)
            case RemovalStage.WAIT:
                pass
        return False

    async def _confirm_archive(self, removal: StoredRemoval) -> None:
        leaves = LeaveSets(removal.workflow_id)
        await self._store.advance_removal(removal, records.after_archive(removal.record), [leaves])

    async def finish_sweep(self, workflow_id: str) -> None:
        """Carry the pass through the tasks to its end, and nothing else."""
        while (removal := await self.look(workflow_id)) is not None:
            if removal.stage is not RemovalStage.SWEEP or await self._sweep(removal):
                break

    async def cancel(self, removal: StoredRemoval) -> bool:
        """Cancel a removal without a ttl that has done nothing but archive entries; says whether it was cancelled.

        The workflow is as it was before: it lives, or expires. Its tasks are marked for the index again.
        """
        record = removal.record
        if record.archive is not ArchiveState.WANTED or record.due_ms != 0:
            return False
        effects: list[Effect] = []
        if record.mark_index and not (record.expiry and record.expiry.archives):
            id_ = removal.workflow_id
            effects.append(MarkEntry(MARK_WORKFLOW, id_, id_, UPSERT_BODY))
        back = records.after_cancel(record)
        if not await self._store.advance_removal(removal, back, effects):
            return False
        await self.finish_sweep(removal.workflow_id)
        return True

    async def _sweep(self, removal: StoredRemoval) -> bool:
        """A step of the pass; whether it was the last one."""
        tasks = removal.tasks
        over = len(tasks) < STEP_TASKS
        effects = sweep_effects(removal.record, tasks)
        if over and Sweep.LEAVE in removal.record.sweeps:
            # Those of tasks without a document too.
            effects.append(FreeSlots(removal.workflow_id))
        record = records.after_sweep_step(removal.record, "" if over else tasks[-1][0])
        return await self._store.advance_removal(removal, record, effects) and over

    async def _delete(self, removal: StoredRemoval) -> bool:
        """A step of the deletion; whether it was the last one."""
        tasks = removal.tasks
        effects = deletion_effects(removal.record, tasks)
        if len(tasks) == STEP_TASKS:
            await self._store.advance_removal(
                removal, records.after_deletion_began(removal.record), effects
            )
            return False
        effects += last_effects(removal.workflow_id, removal.facts, removal.record)
        return await self._store.advance_removal(removal, None, effects)


def sweep_effects(record: RemovalRecord, tasks: Tasks) -> list[Effect]:
    """One step of the pass through the tasks."""
    effects: list[Effect] = []
    for id_, facts in tasks:
        if Sweep.LEAVE in record.sweeps:
            effects += _leave(id_, facts, remove_message=record.remove_messages)
        if Sweep.UNMARK in record.sweeps:
            effects.append(DropMark(MARK_TASK, id_, facts.workflow_id))
        if Sweep.MARK in record.sweeps and record.mark_index:
            effects.append(MarkEntry(MARK_TASK, id_, facts.workflow_id, UPSERT_BODY))
    return effects


def _leave(task_id: str, facts: TaskFacts, *, remove_message: bool) -> list[Effect]:
    effects: list[Effect] = [LeaveTaskSets(task_id, facts)]
    if facts.pending:
        effects.append(ReleasePlace(facts.definition_name, task_id, facts.status))
        if remove_message:
            effects.append(Unqueue(facts.queue_name, task_id, facts.workflow_id))
    return effects


def deletion_effects(record: RemovalRecord, tasks: Tasks) -> list[Effect]:
    """One step of the deletion. An archived entry stays: it is all that is left of its document."""
    effects: list[Effect] = []
    for id_, facts in tasks:
        effects.append(RemoveTaskDocument(id_, facts, record.remove_messages))
        if record.mark_index and not record.archives:
            effects.append(MarkEntry(MARK_TASK, id_, facts.workflow_id, _REMOVED))
        effects += _payload_effects(facts.workflow_id, facts.payload_keys, record)
    return effects


def _payload_effects(
    workflow_id: str, keys: tuple[str, ...], record: RemovalRecord
) -> list[Effect]:
    """Of a document that has gone just now."""
    if not keys:
        return []
    if record.delete_payloads_later:
        # The workflow may be created again at once, with what it refers to.
        return [DeletePayloadsLater(workflow_id, keys)]
    # Every other document that refers to them goes too.
    return [DeletePayloads(workflow_id, keys)] if record.delete_payloads else []


def last_effects(workflow_id: str, facts: WorkflowFacts, record: RemovalRecord) -> list[Effect]:
    """The last step: the workflow's own document."""
    effects: list[Effect] = [FreeSlots(workflow_id)]
    if record.remove_messages:
        effects.append(Unqueue(DECIDER_QUEUE, workflow_id, workflow_id))
    effects.append(RemoveWorkflowDocument(workflow_id, facts))
    effects += _payload_effects(workflow_id, facts.payload_keys, record)
    if record.mark_index and not record.archives:
        effects.append(MarkEntry(MARK_WORKFLOW, workflow_id, workflow_id, _REMOVED))
    return effects


def next_step_ms(record: RemovalRecord, now_ms: int) -> int:
    """When a drainer has to carry out the next step, in milliseconds of the store's clock."""
    # The call that set the record goes on with it by itself: a drainer only if that fails.
    later = now_ms + WRITER_FIRST_MS
    match stage_of(record, now_ms):
        case RemovalStage.SWEEP:
            return later
        case RemovalStage.ARCHIVE:
            return 0 if record.due_ms else later
        case RemovalStage.DELETE:
            return later
        case RemovalStage.WAIT:
            return record.due_ms
