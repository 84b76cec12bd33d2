"""A store of removals in memory: carries effects out on sets of ids, and may die before or after a step."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.decide import TaskFacts, WorkflowFacts, effects as do
from podium_core.decide.removal_record import RemovalRecord
from podium_core.removal import StoredRemoval, stage_of


class DiedError(Exception):
    """The process died here."""


class RemovalStoreInMemory:
    """Implements ``RemovalStore`` for one workflow.

    Attributes:
        die_after: How many more steps until it dies after one; None: never.
        others_steps: Before how many of the next steps another server makes one that changes nothing.
        reads: How often the record was read.
        steps: The effects of each step that was carried out.
        index_marks: What waits for each entry: the mark's body.
    """

    def __init__(
        self, workflow: WorkflowFacts, tasks: dict[str, TaskFacts], *, now_ms: int
    ) -> None:
        self.workflow: WorkflowFacts | None = workflow
        self.tasks = dict(tasks)
        self.now_ms = now_ms
        self.die_after: int | None = None
        self.others_steps = 0
        self.reads = 0
        self.steps: list[list[do.Effect]] = []
        self.index_marks: dict[tuple[str, str], bytes] = {}
        self.queued = {(facts.queue_name, id_) for id_, facts in tasks.items()}
        self.places = {(facts.definition_name, id_) for id_, facts in tasks.items()}
        self.slots = {facts.slot: id_ for id_, facts in tasks.items()}
        self.deleted_payloads: set[str] = set()
        self.left_payloads: set[str] = set()
        self.token = 1

    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        self.reads += 1
        if self.workflow is None or self.workflow.removal is None:
            return None
        mark = self.workflow.removal
        stage = stage_of(mark, self.now_ms)
        left = sorted(item for item in self.tasks.items() if item[0] > mark.after)
        return StoredRemoval(
            workflow_id=workflow_id,
            token=self.token,
            stage=stage,
            facts=self.workflow,
            record=mark,
            tasks=left[:tasks] if stage.is_about_tasks else (),
        )

    async def advance_removal(
        self, removal: StoredRemoval, mark: RemovalRecord | None, effects: Sequence[do.Effect]
    ) -> bool:
        if self.others_steps:
            self.others_steps -= 1
            self.token += 1
        if removal.token != self.token:
            return False
        self.steps.append(list(effects))
        for effect in effects:
            self.carry_out(effect)
        self.token += 1
        if self.workflow is not None:
            self.workflow = msgspec.structs.replace(self.workflow, removal=mark)
        self._die()
        return True

    def left(self) -> set[str]:
        """What isn't empty: tasks, their messages, places and slots."""
        return {name for name in ("tasks", "queued", "places", "slots") if getattr(self, name)}

    def _die(self) -> None:
        if self.die_after is not None:
            self.die_after -= 1
            if self.die_after == 0:
                self.die_after = None
                raise DiedError

    def carry_out(self, effect: do.Effect) -> None:
        """Do what an effect says."""
        match effect:
            case do.MarkEntry(kind, id_, _, body):
                self.index_marks[kind, id_] = body
            case do.DropMark(kind, id_, _):
                self.index_marks.pop((kind, id_), None)
            case do.LeaveTaskSets(id_, facts):
                self.tasks[id_] = msgspec.structs.replace(self.tasks[id_], pending=False)
                self.slots.pop(facts.slot, None)
            case do.ReleasePlace(name, id_):
                self.places.discard((name, id_))
            case do.Unqueue(queue_name, id_, _):
                self.queued.discard((queue_name, id_))
            case do.FreeSlots():
                self.slots.clear()
            case do.DeletePayloadsLater(_, keys):
                self.left_payloads.update(keys)
            case do.DeletePayloads(_, keys):
                self.deleted_payloads.update(keys)
            case do.RemoveTaskDocument(id_, facts, remove_message):
                del self.tasks[id_]
                self.places.discard((facts.definition_name, id_))
                self.slots.pop(facts.slot, None)
                if remove_message:
                    self.queued.discard((facts.queue_name, id_))
            case do.RemoveWorkflowDocument():
                self.workflow = None
            case do.LeaveSets():
                assert self.workflow is not None
                self.workflow = msgspec.structs.replace(self.workflow, pending=False, listed=False)
            case do.SetRemoval(_, mark):
                assert self.workflow is not None
                self.workflow = msgspec.structs.replace(self.workflow, removal=mark)
                self.token += 1
            case _:
                raise AssertionError(f"a removal has no {type(effect).__name__}")
