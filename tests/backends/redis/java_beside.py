"""A Java and a second server that write the same executions as a Podium, between any two of its trips.

The model is what stands in the documents: ``JavaBeside`` keeps it, and what stood before a call's last trip.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.connection.pipe import Argument
from podium_core.errors import ConflictError, NotFoundError
from podium_core.models import PayloadType, Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.payload_keys import new_key
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.backends.redis.java_writer import JavaWriter, Steps
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow

T = TypeVar("T")

DAY = "20231114"
CREATED_MS = 1_700_000_000_000
# By task: its workflow and reference name. t1 and t2 want the same slot.
TASKS = {"t1": ("w1", "a"), "t2": ("w1", "a"), "t3": ("w1", "b"), "t4": ("w2", "a")}
WORKFLOWS = ("w1", "w2")
PAYLOADS = {id_: [new_key(PayloadType.TASK_INPUT, id_) for _ in range(2)] for id_ in WORKFLOWS}

WORKFLOW_IDS = st.sampled_from(WORKFLOWS)
TASK_IDS = st.sampled_from(sorted(TASKS))
TASK_STATUSES = st.sampled_from(
    [TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.FAILED]
)
WORKFLOW_STATUSES = st.sampled_from(
    [WorkflowStatus.RUNNING, WorkflowStatus.PAUSED, WorkflowStatus.COMPLETED]
)
# Which payload a task refers to.
PATHS = st.sampled_from([None, 0, 1])


class WatchedLink(Link):
    """Tells of each trip before it is made."""

    before_trip: Callable[[], Awaitable[None]] | None = None

    async def read(self, *command: Argument) -> Any:
        if self.before_trip is not None:
            await self.before_trip()
        return await super().read(*command)

    async def write(self, *command: Argument) -> Any:
        if self.before_trip is not None:
            await self.before_trip()
        return await super().write(*command)


@dataclass
class JavaWrite:
    """One write of Java's on its way, and what it is about."""

    steps: Steps
    ids: set[str]
    reply: Any = None


@dataclass
class Stood:
    """What stood there before the last trip of a write."""

    documents: dict[str, bytes] = field(default_factory=dict)
    slots: dict[str, dict[str, str]] = field(default_factory=dict)
    lifetimes: dict[str, int] = field(default_factory=dict)


def task_of(id_: str, status: TaskStatus, path: int | None) -> Task:
    workflow_id, reference = TASKS[id_]
    paths = {}
    if path is not None:
        paths["external_input_payload_storage_path"] = PAYLOADS[workflow_id][path]
    return make_task(
        id_,
        workflow_id=workflow_id,
        reference_task_name=reference,
        concurrency_limit=2,
        status=status,
        scheduled_time=CREATED_MS,
        **paths,
    )


def workflow_of(id_: str, status: WorkflowStatus) -> Workflow:
    return make_workflow(id_, status=status, create_time=CREATED_MS, correlation_id="c1")


class JavaBeside(RuleBasedStateMachine):
    """The model: documents by key."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = FakeClock(CREATED_MS + 1_000)
        target = Target(store="main", url=url, connect_timeout=60, reply_timeout=60)
        self.link, self.watched, self.other_link = Link(target), WatchedLink(target), Link(target)
        self.executions = Daos.on(self.watched, self.clock).executions
        self.other = Daos.on(self.other_link, self.clock).executions
        self.java = JavaWriter(KEYS, self._java_stamp, DAY)
        self.java_writes: list[JavaWrite] = []
        self.documents: dict[str, bytes] = {}
        # Tasks that Java left half written: by its own doing they may be in too few sets.
        self.broken: set[str] = set()
        # Tasks that Java and Podium wrote at once: whether one is in progress the set may say otherwise than the document.
        self.raced: set[str] = set()
        self.between: Iterator[Sequence[str]] = iter(())
        self.stood = Stood()
        self.run(self.link.write("FLUSHALL"))

    def run(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self.runner.run(awaited())

    # what others write between two trips

    async def _before_trip(self) -> None:
        for who in next(self.between, ()):
            if who == "java":
                await self._java_step(0)
            else:
                await self._other_write()
        self.stood = Stood(
            dict(self.documents),
            {id_: await self._hash(KEYS.slots(id_)) for id_ in WORKFLOWS},
            {key: int(await self.link.read("TTL", key)) for key in self.documents},
        )

    async def _hash(self, key: str) -> dict[str, str]:
        parts = [part.decode() for part in await self.link.read("HGETALL", key)]
        return dict(zip(parts[::2], parts[1::2], strict=True))

    async def _other_write(self) -> None:
        """Another server goes on with the first task that there is."""
        for id_ in TASKS:
            key = KEYS.task(id_)
            if key in self.documents:
                if any(id_ in write.ids for write in self.java_writes):
                    self.raced.add(id_)
                try:
                    await self.other.update_task(task_of(id_, TaskStatus.IN_PROGRESS, 1))
                except NotFoundError:
                    # Its workflow is being removed, which this call has carried out.
                    self.note_removal(TASKS[id_][0], await self.stored_documents())
                else:
                    self.documents[key] = await self.link.read("GET", key)
                return

    def note_removal(self, workflow_id: str, left: dict[str, bytes]) -> set[str]:
        """Take over what a removal has left; only the workflow's own documents may be gone. Says which are."""
        gone = self.documents.keys() - left.keys()
        tasks = {KEYS.task(id_) for id_, (owner, _) in TASKS.items() if owner == workflow_id}
        assert gone <= {KEYS.workflow(workflow_id), *tasks}
        assert left == {key: self.documents[key] for key in left}
        self.documents = left
        return gone

    async def stored_documents(self) -> dict[str, bytes]:
        """The documents that are there, by key."""
        keys = [*map(KEYS.task, TASKS), *map(KEYS.workflow, WORKFLOWS)]
        found = await self.link.read("MGET", *keys)
        return {key: text for key, text in zip(keys, found, strict=True) if text is not None}

    async def _java_step(self, at: int) -> None:
        if at >= len(self.java_writes):
            return
        write = self.java_writes[at]
        try:
            command = write.steps.send(write.reply)
        except StopIteration:
            self.java_writes.remove(write)
            return
        write.reply = await self.link.write(*command)
        name, key = command[0], str(command[1])
        if name == "SET":
            self.documents[key] = bytes(command[2])  # type: ignore[arg-type]  # a document
        elif name == "DEL":
            self.documents.pop(key, None)

    def _java_stamp(self, key: str) -> int:
        """Java's clock; never the very stamp that stands there, which Podium couldn't tell from its own."""
        stored = stamp_of(self.documents.get(key))
        return self.clock() + (1 if stored == self.clock() else 0)

    def podium(self, between: Sequence[Sequence[str]], call: Callable[[], Awaitable[T]]) -> Any:
        """What a call gives, or the class of what it raises, while others write."""
        self.between, self.watched.before_trip = iter(between), self._before_trip
        try:
            return self.run(call())
        except (NotFoundError, ConflictError) as error:
            return type(error)
        finally:
            self.watched.before_trip = None

    # Java

    def _begin(self, steps: Steps, *ids: str) -> None:
        if len(self.java_writes) < 3:
            self.java_writes.append(JavaWrite(steps, {*ids}))

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES)
    def java_creates_workflow(self, id_: str, status: WorkflowStatus) -> None:
        self._begin(self.java.create_workflow(workflow_of(id_, status)), id_)

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES)
    def java_updates_workflow(self, id_: str, status: WorkflowStatus) -> None:
        if KEYS.workflow(id_) in self.documents:
            self._begin(self.java.update_workflow(workflow_of(id_, status)), id_)

    @rule(id_=WORKFLOW_IDS, expires=st.booleans())
    def java_removes_workflow(self, id_: str, expires: bool) -> None:
        ids = [id_, *(task_id for task_id, (owner, _) in TASKS.items() if owner == id_)]
        steps = (
            self.java.expire_workflow(id_, 604_800) if expires else self.java.remove_workflow(id_)
        )
        self._begin(steps, *ids)

    @rule(id_=WORKFLOW_IDS)
    def java_removes_from_pending(self, id_: str) -> None:
        self._begin(self.java.remove_from_pending("order", id_), id_)

    @rule(id_=TASK_IDS, status=TASK_STATUSES, path=PATHS)
    def java_creates_task(self, id_: str, status: TaskStatus, path: int | None) -> None:
        self._begin(self.java.create_tasks([task_of(id_, status, path)]), id_)

    @rule(id_=TASK_IDS, status=TASK_STATUSES, path=PATHS)
    def java_updates_task(self, id_: str, status: TaskStatus, path: int | None) -> None:
        if KEYS.task(id_) in self.documents:
            self._begin(self.java.update_task(task_of(id_, status, path)), id_)

    @rule(id_=TASK_IDS)
    def java_removes_task(self, id_: str) -> None:
        self._begin(self.java.remove_task(id_), id_)

    @rule(at=st.integers(0, 2), count=st.integers(1, 8))
    def java_goes_on(self, at: int, count: int) -> None:
        for _ in range(count):
            self.run(self._java_step(at))

    @rule(at=st.integers(0, 2))
    def java_is_killed(self, at: int) -> None:
        if at < len(self.java_writes):
            self.broken |= self.java_writes.pop(at).ids

    @rule(ms=st.sampled_from([1, 300, 5_000]))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_by(ms)


def stamp_of(document: bytes | None) -> int:
    """The time that a document was written at; 0 without one."""
    if document is None:
        return 0
    members = json.loads(document)
    stamp: int = members.get("updatedTime" if "workflowDefinition" in members else "updateTime", 0)
    return stamp
