"""Where the queue operations of a WriteSet go: into the same script, or into the outbox as intents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from podium_backends.redis.executions.answers import Answered
from podium_backends.redis.executions.plan import Argument, Plan
from podium_core.intents import intents_of, unqueue_intents
from podium_core.outbox import EntryChange, EntryDrop, EntryPut
from podium_core.write_set import AckOp, PushOp, QueueOp, RemoveOp


class QueuePlan(Protocol):
    """The queue operations of one WriteSet.

    Attributes:
        letters: For each answer of the script, what it is about.
        intents: For each answer, the intent that it is about; empty where the script does it all.
    """

    letters: list[Answered]
    intents: list[EntryPut]

    def add(self, op: QueueOp) -> None:
        """An operation."""
        ...

    def unqueue(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        """Take along the message of a record that is removed."""
        ...

    def operations(self, keys: list[str]) -> Sequence[Sequence[Argument | bool | None]]:
        """What the script does to queues, whose keys are added to ``keys``."""
        ...


class QueuesInSameRedis:
    """Executions and queues are on one Redis: everything in the one script."""

    def __init__(self, queue_keys: Callable[[str], Sequence[str]]) -> None:
        self.letters: list[Answered] = []
        self.intents: list[EntryPut] = []
        self._queue_keys = queue_keys
        self._operations: list[tuple[str, str, tuple[Argument | bool | None, ...]]] = []

    def add(self, op: QueueOp) -> None:
        match op:
            case PushOp():
                if op.if_absent:
                    self.letters.append(Answered.PUSH)
                message = (op.if_absent, str(op.priority), op.offset_ms, op.payload)
                self._operations.append(("push", op.queue_name, (op.message_id, *message)))
            case AckOp():
                self.letters.append(Answered.ACK)
                self._operations.append(("ack", op.queue_name, (op.message_id, op.receipt)))
            case RemoveOp():
                self.letters.append(Answered.REMOVE)
                self._operations.append(("remove", op.queue_name, (op.message_id, True)))

    def unqueue(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        del workflow_id
        self._operations.append(("remove", queue_name, (message_id, False)))

    def operations(self, keys: list[str]) -> Sequence[Sequence[Argument | bool | None]]:
        found = []
        first: dict[str, int] = {}
        for name, queue_name, arguments in self._operations:
            if queue_name not in first:
                first[queue_name] = len(keys) + 1
                keys += self._queue_keys(queue_name)
            found.append((name, first[queue_name], *arguments))
        return found


class QueueIntents:
    """Queues are another store: everything becomes an intent, which nothing can interrupt any more."""

    def __init__(self, plan: Plan, now_ms: int) -> None:
        self.letters: list[Answered] = []
        self.intents: list[EntryPut] = []
        self._plan = plan
        self._now_ms = now_ms

    def add(self, op: QueueOp) -> None:
        match op:
            case PushOp():
                letter = Answered.PUSH if op.if_absent else Answered.NOTHING
            case AckOp():
                letter = Answered.ACK_LATER
            case RemoveOp():
                letter = Answered.REMOVE_LATER
        self._change(intents_of(op, now_ms=self._now_ms), letter)

    def unqueue(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        self._change(unqueue_intents(queue_name, message_id, workflow_id), Answered.NOTHING)

    def _change(self, changes: Sequence[EntryChange], letter: Answered) -> None:
        for change in changes:
            if isinstance(change, EntryDrop):
                self._plan.drop_entry(change.kind, change.id, change.owner)
                continue
            self.letters.append(letter)
            self.intents.append(change)
            self._plan.put_intent(change)

    def operations(self, keys: list[str]) -> Sequence[Sequence[Argument | bool | None]]:
        del keys
        return ()
