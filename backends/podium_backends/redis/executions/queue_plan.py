"""Where the queue operations of a WriteSet go: into the same script, or into the outbox as intents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.executions.answers import Answered
from podium_backends.redis.executions.key_list import KeyList
from podium_backends.redis.executions.plan import Plan
from podium_core.clock import token_now
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

    def arguments(self, keys: KeyList) -> list[Argument]:
        """What ``queue_effects.lua`` reads; nothing where it isn't part of the script."""
        ...


class QueuesInSameRedis:
    """Executions and queues are on one Redis: everything in the one script."""

    def __init__(self, queue_keys: Callable[[str], Sequence[str]]) -> None:
        self.letters: list[Answered] = []
        self.intents: list[EntryPut] = []
        self._queue_keys = queue_keys
        self._operations: list[tuple[str, str, tuple[Argument, ...]]] = []

    def add(self, op: QueueOp) -> None:
        match op:
            case PushOp():
                if op.if_absent:
                    self.letters.append(Answered.PUSH)
                payload = (0, "") if op.payload is None else (1, op.payload)
                message = (op.message_id, op.priority, op.offset_ms, *payload)
                push = (int(op.if_absent), int(op.if_absent), *message)
                self._operations.append(("push", op.queue_name, push))
            case AckOp():
                self.letters.append(Answered.ACK)
                self._operations.append(("ack", op.queue_name, (op.message_id, op.receipt)))
            case RemoveOp():
                self.letters.append(Answered.REMOVE)
                self._operations.append(("remove", op.queue_name, (op.message_id, 1)))

    def unqueue(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        del workflow_id
        if queue_name:
            self._operations.append(("remove", queue_name, (message_id, 0)))

    def arguments(self, keys: KeyList) -> list[Argument]:
        if not self._operations:
            return []
        found: list[Argument] = [len(self._operations)]
        for name, queue_name, arguments in self._operations:
            found += (name, keys.row(self._queue_keys(queue_name)), *arguments)
        found.append(token_now())
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

    def arguments(self, keys: KeyList) -> list[Argument]:
        del keys
        return []
