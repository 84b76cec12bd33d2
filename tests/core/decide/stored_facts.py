"""A store of facts for tests: decides WriteSets one after the other, and keeps what each leaves."""

from __future__ import annotations

from typing import Any

import msgspec

from podium_core.decide import (
    Decision,
    Known,
    TaskFacts,
    WorkflowFacts,
    decide,
    effects as do,
    needs,
)
from podium_core.decide.removal_record import RemovalRecord
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set import Slot, WriteOutcome, WriteSet

NOW_MS = 1_000_000


def workflow_facts(**fields: Any) -> WorkflowFacts:
    """A running workflow, stamped a second ago."""
    defaults: dict[str, Any] = {
        "stamp": NOW_MS - 1_000,
        "name": "order",
        "version": 1,
        "status": WorkflowStatus.RUNNING,
        "correlation_id": None,
        "create_time": NOW_MS - 5_000,
        "pending": True,
        "listed": True,
    }
    return WorkflowFacts(**(defaults | fields))


def task_facts(task_id: str = "t1", **fields: Any) -> TaskFacts:
    """A scheduled task of ``w1`` that holds its slot, stamped a second ago."""
    defaults: dict[str, Any] = {
        "workflow_id": "w1",
        "stamp": NOW_MS - 1_000,
        "definition_name": "encode",
        "status": TaskStatus.SCHEDULED,
        "pending": True,
        "limited": False,
        "queue_name": "encode",
        "slot": Slot(task_id, 0),
    }
    return TaskFacts(**(defaults | fields))


class StoredFacts:
    """What a store holds, as far as decisions go.

    ``decide`` decides by it and keeps nothing; ``apply`` keeps what the effects say of documents and slots.
    """

    def __init__(
        self,
        *,
        workflows: dict[str, WorkflowFacts] | None = None,
        tasks: dict[str, TaskFacts] | None = None,
        now_ms: int = NOW_MS,
        **known: Any,
    ) -> None:
        self.workflows = workflows or {}
        self.tasks = tasks or {}
        self.slots = {
            (facts.workflow_id, facts.slot): id_
            for id_, facts in self.tasks.items()
            if facts.slot is not None
        }
        self.now_ms = now_ms
        self._known = known

    def decide(self, write_set: WriteSet) -> Decision:
        """Decide by what was asked for, and by nothing else."""
        asked = needs(write_set)
        workflows = {i: f for i, f in self.workflows.items() if i in asked.workflows}
        tasks = {id_: self._task(id_) for id_ in asked.tasks if id_ in self.tasks}
        known = Known(
            workflows=workflows,
            removals={i: m for i in asked.removals if (m := self._removal(i)) is not None},
            tasks=tasks,
            slots={key: self.slots[key] for key in asked.slots if key in self.slots},
            **self._known,
        )
        return decide(write_set, known, now_ms=self.now_ms)

    def apply(self, write_set: WriteSet) -> WriteOutcome:
        """Decide, and keep documents and slots."""
        decision = self.decide(write_set)
        for effect in decision.effects:
            match effect:
                case do.StoreWorkflow():
                    self.workflows[effect.put.workflow_id] = effect.after
                case do.StoreTask():
                    slot = effect.before.slot if effect.before else effect.put.slot
                    self.tasks[effect.put.task_id] = msgspec.structs.replace(
                        effect.after, slot=slot
                    )
                case do.TakeSlot():
                    self.slots[effect.workflow_id, effect.slot] = effect.task_id
                case _:
                    pass
        return decision.outcome

    def _task(self, task_id: str) -> TaskFacts:
        facts = self.tasks[task_id]
        return msgspec.structs.replace(facts, removal=self._removal(facts.workflow_id))

    def _removal(self, workflow_id: str) -> RemovalRecord | None:
        facts = self.workflows.get(workflow_id)
        return facts.removal if facts else None


def effects_of(decision: Decision, kind: type[Any]) -> list[Any]:
    """The effects of one kind."""
    return [effect for effect in decision.effects if isinstance(effect, kind)]
