"""A WriteSet in Redis keys and commands, guards apart: part of the Redis spike.

Stays as a test until the real adapter replaces it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from podium_core.errors import (
    ConflictError,
    NotFoundError,
    StorageError,
    UnsupportedOperationError,
)
from podium_core.models import Task
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.models.queue_name import task_queue_name
from podium_core.write_set import (
    AckOp,
    ExpectedWorkflowTime,
    HeldReceipt,
    PendingRemoval,
    PushOp,
    PutMode,
    RemoveOp,
    TaskPut,
    TaskRemoval,
    WorkflowExists,
    WorkflowPut,
    WorkflowTerminal,
    WriteOutcome,
    WriteSet,
)

REMEMBER_MS = 600_000
TYPES = {
    "SADD": "set",
    "SREM": "set",
    "HSET": "hash",
    "HDEL": "hash",
    "ZADD": "zset",
    "ZREM": "zset",
}

Command = list[Any]


class Keys:
    """Conductor's names of keys, and ours."""

    def __init__(self, data: str, queues: str, shard: str = "c") -> None:
        self._data, self._queues, self._shard = data, queues, shard

    def data(self, *parts: str) -> str:
        """A data key: ``WORKFLOW.<id>`` and its like."""
        return ".".join((self._data, *parts))

    def ours(self, *parts: str) -> str:
        """A key that Conductor doesn't know."""
        return self.data("PODIUM", *parts)

    def queue(self, name: str) -> str:
        """The zset of a queue."""
        return f"{self._queues}.QUEUE.{name}.{self._shard}"

    def payloads(self, name: str) -> str:
        """The hash of a queue's payloads."""
        return f"{self.queue(name)}.PAYLOAD"

    def receipts(self, name: str) -> str:
        """Ours: message id to receipt and the score that it holds for, so that Java's pop makes it stale."""
        return f"{self.queue(name)}.PODIUM_RECEIPTS"


class Stored(NamedTuple):
    """What was read before planning: document bytes by key, None where absent."""

    first: bytes | None
    documents: dict[str, bytes | None]


class Plan:
    """A WriteSet in keys and commands; ``refusals`` says what a check means that doesn't hold (None: read again)."""

    def __init__(self, keys: Keys, stored: Stored) -> None:
        self.keys, self.stored = keys, stored
        self.places: dict[str, int] = {}
        self.texts: list[bytes] = []
        self.refusals: list[StorageError | WriteOutcome | None] = []
        self.checks: list[Command] = []
        self.puts: list[dict[str, Any]] = []
        self.removals: list[dict[str, Any]] = []
        self.commands: list[Command] = []
        self.floors: dict[str, int] = {}
        self.types: dict[int, str] = {}

    def key(self, name: str, kind: str = "") -> int:
        """The place of a key in KEYS."""
        place = self.places.setdefault(name, len(self.places) + 1)
        if kind:
            self.types[place] = kind
        return place

    def text(self, document: bytes) -> int:
        """The place of a document's text in ARGV, behind the plan: the script's msgpack knows no binary type."""
        self.texts.append(document)
        return len(self.texts) + 1

    def command(self, verb: str, key: str, *arguments: str) -> Command:
        return [verb, self.key(key, TYPES.get(verb, "")), *arguments]

    def check(
        self, refusal: StorageError | WriteOutcome | None, kind: str, *arguments: Any
    ) -> None:
        self.refusals.append(refusal)
        self.checks.append([kind, *arguments])

    # guards

    def guard(self, write_set: WriteSet) -> None:
        """Checks in the order of the guards, then whether what is to be created or updated is there."""
        for guard in write_set.guards:
            match guard:
                case WorkflowExists(id_):
                    self._exists("workflow", id_)
                case ExpectedWorkflowTime(id_, expected):
                    self._expected_workflow(id_, expected)
                case HeldReceipt(queue, id_, receipt):
                    stale = ConflictError("STALE_RECEIPT", f"message/{queue}/{id_}")
                    zset, receipts = (
                        self.key(self.keys.queue(queue)),
                        self.key(self.keys.receipts(queue)),
                    )
                    self.check(stale, "held", zset, receipts, id_, receipt)
                case WorkflowTerminal():
                    raise UnsupportedOperationError("redis spike", "RemoveWorkflow")
        for put in write_set.workflow_puts:
            if put.mode is PutMode.CREATE:
                exists = WriteOutcome(workflow_created=False)
                self.check(
                    exists, "absent", self.key(self.document_key("workflow", put.workflow_id))
                )
            elif put.mode is PutMode.UPDATE:
                self._exists("workflow", put.workflow_id)
        for task_put in write_set.task_puts:
            if task_put.expected_time is not None:
                self._expected_task(task_put, task_put.expected_time)
            elif task_put.mode is PutMode.UPDATE:
                # Another workflow's task passes: only its document tells, which isn't read here.
                self._exists("task", task_put.task_id)

    def document_key(self, kind: str, id_: str) -> str:
        return self.keys.data(kind.upper(), id_)

    def _exists(self, kind: str, id_: str) -> None:
        self.check(NotFoundError(kind, id_), "exists", self.key(self.document_key(kind, id_)))

    def _read(self, kind: str, id_: str) -> bytes | None:
        """What was read is used here; the script only has to know that it is still there."""
        key = self.document_key(kind, id_)
        document = self.stored.documents[key]
        if document is not None:
            self.check(None, "unchanged", self.key(key), self.text(document))
        return document

    def _expected_workflow(self, id_: str, expected: int) -> None:
        document = self._read("workflow", id_)
        if document is None:
            raise NotFoundError("workflow", id_)
        stamp = WORKFLOW.decode(document, id_).updated_time
        self._expected("workflow", id_, 0 if stamp is UNSET else stamp, expected)

    def _expected_task(self, put: TaskPut, expected: int) -> None:
        document = self._read("task", put.task_id)
        task = None if document is None else TASK.decode(document, put.task_id)
        if task is None or task.workflow_instance_id != put.workflow_id:
            raise NotFoundError("task", put.task_id)
        self._expected("task", put.task_id, task.update_time, expected)

    def _expected(self, kind: str, id_: str, stamp: int, expected: int) -> None:
        if stamp != expected:
            conflict = ("STALE_UPDATE_TIME", f"{kind}/{id_}")
            raise ConflictError(*conflict, expected=str(expected), actual=str(stamp))
        self.floors[self.document_key(kind, id_)] = stamp + 1

    # documents

    def put_workflow(self, put: WorkflowPut) -> None:
        """SET, and the sets: by day and by correlation id only where it may be new."""
        keys, id_ = self.keys, put.workflow_id
        commands = [
            self.command(
                "SADD" if put.pending else "SREM", keys.data("PENDING_WORKFLOWS", put.name), id_
            )
        ]
        if put.mode is not PutMode.UPDATE:
            day = datetime.fromtimestamp(put.create_time / 1000, UTC).strftime("%Y%m%d")
            commands.append(
                self.command("SADD", keys.data("WORKFLOW_DEF_TO_WORKFLOWS", put.name, day), id_)
            )
            if put.correlation_id is not None:
                commands.append(
                    self.command("SADD", keys.data("CORR_ID_TO_WORKFLOWS", put.correlation_id), id_)
                )
        self._put("workflow", id_, put, commands)

    def put_task(self, put: TaskPut) -> None:
        """SET, and the sets; those of the status follow every put, whatever the status was."""
        keys, id_ = self.keys, put.task_id
        pending = keys.data("IN_PROGRESS_TASKS", put.definition_name)
        commands = [self.command("SADD" if put.pending else "SREM", pending, id_)]
        if put.limited:
            commands += self._limit(put.definition_name, id_, in_progress=put.in_progress)
        if put.mode is not PutMode.UPDATE:
            commands.append(
                self.command("SADD", keys.data("WORKFLOW_TO_TASKS", put.workflow_id), id_)
            )
        slot = None
        if put.slot:
            field = f"{put.slot.reference_task_name}{put.slot.retry_count}"
            commands.append(
                self.command("HSET", keys.data("SCHEDULED_TASKS", put.workflow_id), field, id_)
            )
            slot = (self.key(keys.data("SCHEDULED_TASKS", put.workflow_id)), field)
        self._put("task", id_, put, commands, slot)

    def _limit(self, definition_name: str, task_id: str, *, in_progress: bool) -> list[Command]:
        running = self.keys.data("TASKS_IN_PROGRESS_STATUS", definition_name)
        if in_progress:
            return [self.command("SADD", running, task_id)]
        bucket = self.keys.data("TASK_LIMIT_BUCKET", definition_name)
        return [self.command("SREM", running, task_id), self.command("ZREM", bucket, task_id)]

    def _put(
        self,
        kind: str,
        id_: str,
        put: TaskPut | WorkflowPut,
        commands: list[Command],
        slot: tuple[int, str] | None = None,
    ) -> None:
        key = self.document_key(kind, id_)
        text = (self.text(put.document.head), self.text(put.document.tail))
        document = (self.key(key), *text, self.floors.get(key, 0))
        self.puts.append(
            {"kind": kind, "id": id_, "document": document, "commands": commands, "slot": slot}
        )

    def remove_task(self, removal: TaskRemoval) -> None:
        """All that follows from a task is told by its document."""
        document = self._read("task", removal.task_id)
        commands = []
        if document is not None:
            task = TASK.decode(document, removal.task_id)
            commands = self._leave(task, removal.task_id)
            if removal.remove_message:
                commands += self.unqueue(task_queue_name(task), removal.task_id)
            commands.append(self.command("DEL", self.document_key("task", removal.task_id)))
        self.removals.append({"id": removal.task_id, "commands": commands})

    def _leave(self, task: Task, id_: str) -> list[Command]:
        keys, workflow_id = self.keys, str(task.workflow_instance_id)
        return [
            self.command(
                "HDEL",
                keys.data("SCHEDULED_TASKS", workflow_id),
                f"{task.reference_task_name}{task.retry_count}",
            ),
            self.command("SREM", keys.data("WORKFLOW_TO_TASKS", workflow_id), id_),
            self.command("SREM", keys.data("IN_PROGRESS_TASKS", task.definition_name), id_),
            *self._limit(task.definition_name, id_, in_progress=False),
        ]

    def leave_pending(self, removal: PendingRemoval) -> None:
        """The pending set goes by the name; if none was given, only the document tells it."""
        name, id_ = removal.name, removal.workflow_id
        if not name:
            document = self._read("workflow", id_)
            name = "" if document is None else name_of(document, id_)
        if name:
            pending = self.keys.data("PENDING_WORKFLOWS", name)
            self.commands.append(self.command("SREM", pending, id_))
        self.commands.append(self.command("DEL", self.keys.data("SCHEDULED_TASKS", id_)))

    # queues

    def unqueue(self, queue: str, message_id: str) -> list[Command]:
        """Takes a message out; the last command tells whether it was there."""
        names = (self.keys.receipts(queue), self.keys.payloads(queue))
        commands = [self.command("HDEL", name, message_id) for name in names]
        return [*commands, self.command("ZREM", self.keys.queue(queue), message_id)]

    def push(self, op: PushOp) -> dict[str, Any]:
        """What the script needs to push, the due time being its own."""
        return {
            "queue": self.key(self.keys.queue(op.queue_name), "zset"),
            "payloads": self.key(self.keys.payloads(op.queue_name), "hash"),
            "receipts": self.key(self.keys.receipts(op.queue_name), "hash"),
            "id": op.message_id,
            "payload": op.payload,
            "priority": op.priority,
            "offset_ms": op.offset_ms,
            "of_task": op.of_task,
        }


def planned(write_set: WriteSet, keys: Keys, stored: Stored) -> Plan:
    """The whole plan, or the refusal that what was read demands."""
    plan = Plan(keys, stored)
    plan.guard(write_set)
    for workflow_put in write_set.workflow_puts:
        plan.put_workflow(workflow_put)
    for removal in write_set.task_removals:
        plan.remove_task(removal)
    for task_put in write_set.task_puts:
        plan.put_task(task_put)
    for pending in write_set.pending_removals:
        plan.leave_pending(pending)
    return plan


def encoded(plan: Plan, write_set: WriteSet) -> bytes:
    """The plan as the script's one argument."""
    ops, keys = write_set.queue_ops, plan.keys
    return msgspec.msgpack.encode(
        {
            "request": plan.key(keys.ours("REQUEST", write_set.request_id))
            if write_set.request_id
            else None,
            "remember_ms": REMEMBER_MS,
            "checks": plan.checks,
            "puts": plan.puts,
            "removals": plan.removals,
            "commands": plan.commands,
            "acks": [
                plan.unqueue(op.queue_name, op.message_id) for op in ops if isinstance(op, AckOp)
            ],
            "removes": [
                plan.unqueue(op.queue_name, op.message_id) for op in ops if isinstance(op, RemoveOp)
            ],
            "pushes": [plan.push(op) for op in ops if isinstance(op, PushOp)],
            "mark_index": write_set.mark_index,
            "token": plan.key(keys.ours("TOKEN"), "string"),
            "outbox": plan.key(keys.ours("OUTBOX"), "hash"),
            "types": plan.types,
        }
    )


def name_of(document: bytes, workflow_id: str) -> str:
    """The name of a stored workflow's definition."""
    name = WORKFLOW.decode(document, workflow_id).workflow_name
    return "" if name is UNSET else name
