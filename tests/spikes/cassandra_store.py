"""What the Cassandra spike's tests stand on: a store with eyes on its tables, and what is to be seen there.

Stays with them until the real adapter replaces them.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from podium_core.models import DECIDER_QUEUE, Task, TaskStatus, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.outbox import KIND_PUSH
from podium_core.write_set import PushOp, WriteOutcome
from tests.spikes.cassandra_apply import CassandraApply, Drainer
from tests.spikes.cassandra_decide import SLOT
from tests.spikes.cassandra_tables import BUCKETS, Tables
from tests.spikes.decide_step import DecideStep, write_set
from tests.spikes.failpoints import Failpoints

BEFORE_GUARD = ("1 read", "2 row stored")
FIRST = (
    *BEFORE_GUARD,
    "3 guard moved",
    *("4 lookup charge", "4 task charge", "4 limit charge"),
    *("4 lookup ship", "4 task ship", "4 limit ship"),
    "4 workflow",
    *("4 intent 0", "4 intent 1", "4 intent 2"),
    "5 row dropped",
)
SECOND = (
    *BEFORE_GUARD,
    "3 guard moved",
    *("4 lookup notify", "4 task notify", "4 limit notify"),
    *("4 task charge", "4 limit charge"),
    "4 workflow",
    "4 intent 0",
    "5 row dropped",
)


class Queue:
    """Another store's queue: a message keeps its push's token, and a push with none above it changes nothing."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str], int] = {}
        self.pushed: list[tuple[str, str]] = []

    async def deliver(self, push: PushOp, token: int) -> None:
        name = (push.queue_name, push.message_id)
        if self.messages.get(name, 0) < token:
            self.messages[name] = token
            self.pushed.append(name)

    def consume(self) -> None:
        """Workers take and acknowledge everything."""
        self.messages.clear()


class Shown(NamedTuple):
    """What Conductor's own tables show of a workflow, and the guard's slots."""

    workflow: Workflow | None
    tasks: dict[str, Task]
    lookups: set[str]
    running: set[str]
    slots: dict[str, str]


class Store:
    """A writer, a drainer, and eyes on the tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.failpoints, self.drain_failpoints = Failpoints(), Failpoints()
        self.writer = CassandraApply(tables, self.failpoints)
        self.other = CassandraApply(tables)
        self.queue = Queue()
        self.drainer = Drainer(self.other, self.queue.deliver, self.drain_failpoints)

    async def first(self, step: DecideStep) -> WriteOutcome:
        return await self.writer.apply(write_set(step.first()))

    async def rows_left(self) -> int:
        return sum([len(await self.tables.rows("rows", bucket)) for bucket in range(BUCKETS)])

    async def marks(self, *ids: str) -> dict[tuple[str, str], tuple[bytes, int]]:
        """Action and token of these ids' marks, by kind and id."""
        entries = [row for at in range(BUCKETS) for row in await self.tables.rows("entries", at)]
        return {
            (row.kind, row.id): (row.body, row.written)
            for row in entries
            if row.id in ids and row.kind != KIND_PUSH
        }

    async def shown(self, step: DecideStep) -> Shown:
        workflow = None
        for row in await self.tables.rows("workflow", step.workflow_id):
            assert msgspec.json.decode(row.payload)
            workflow = WORKFLOW.decode(row.payload, step.workflow_id)
        rows = await self.tables.rows("all_tasks", step.workflow_id)
        tasks = {row.task_id: TASK.decode(row.payload, row.task_id) for row in rows}
        known = [str(task.task_id) for task in (step.charge, step.ship, step.notify, step.late)]
        lookups = {id_ for id_ in known if await self.tables.rows("lookup", id_)}
        running = {
            id_
            for id_ in known
            if await self.tables.rows("running", step.charge.task_def_name, id_)
        }
        names = ["charge_ref\x000", "ship_ref\x000", "notify_ref\x000"]
        slots = await self.tables.rows("guard_rows", step.workflow_id, SLOT, names)
        return Shown(
            workflow,
            tasks,
            lookups,
            running,
            {r.name.split("\x00")[0]: r.value.decode() for r in slots},
        )


def assert_nothing(shown: Shown) -> None:
    assert shown == Shown(None, {}, set(), set(), {})


def assert_first(shown: Shown, step: DecideStep) -> None:
    """The first decide step, whole."""
    charge, ship = str(step.charge.task_id), str(step.ship.task_id)
    assert shown.workflow is not None
    assert shown.workflow.input == step.workflow.input
    assert set(shown.tasks) == shown.lookups == {charge, ship}
    assert shown.slots == {"charge_ref": charge, "ship_ref": ship}
    assert shown.running == set()


def assert_second(shown: Shown, step: DecideStep) -> None:
    """The second, whole: ``late`` left out."""
    charge, ship, notify = (str(task.task_id) for task in (step.charge, step.ship, step.notify))
    assert shown.workflow is not None
    assert bytes(memoryview(shown.workflow.variables)) == b'{"step":2}'
    assert set(shown.tasks) == shown.lookups == {charge, ship, notify}
    assert shown.tasks[charge].status is TaskStatus.IN_PROGRESS
    assert shown.slots == {"charge_ref": charge, "ship_ref": ship, "notify_ref": notify}
    assert shown.running == {charge}


def pushes(step: DecideStep, *tasks: Task) -> list[tuple[str, str]]:
    return [*((str(task.task_type), str(task.task_id)) for task in tasks)]


def first_pushes(step: DecideStep) -> set[tuple[str, str]]:
    return {*pushes(step, step.charge, step.ship), (DECIDER_QUEUE, step.workflow_id)}
