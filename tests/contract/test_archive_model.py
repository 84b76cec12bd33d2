"""An archived workflow survives late updates, further runs, repair and expiry, in every order, whatever breaks between.

Any sequence of calls, drainers and mishaps; and when everything is drained, documents and index are those of the model.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Raw

from podium_core.errors import (
    BackendUnavailableError,
    FailedPreconditionError,
    NotFoundError,
    OutcomeUnknownError,
)
from podium_core.execution_service import WorkflowSource
from podium_core.index.archive import archived_document
from podium_core.index.changes import EntryKind
from podium_core.index.documents import with_members
from podium_core.index.entries import IndexWrite
from podium_core.index.stored_document import StoredDocument
from podium_core.models import Task, WorkflowStatus
from podium_core.models.documents import TASK as TASK_DOCUMENT
from podium_core.outbox import OutboxEntry
from podium_server.outbox.archive import WHOLE_MAX_SIZE
from podium_server.outbox.entries import (
    archived_execution_write,
    archived_task_write,
    archived_workflow_write,
    entry_document,
)
from tests.contract.archive_events import Beside, Mishap, Removal, Write
from tests.contract.archive_lives import Execution, Life
from tests.contract.archive_world import ArchiveWorld, archive_world
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import CASSANDRA, FIRST_OF_EACH_KIND, Way

# Each run opens its stores again, which takes longest on Cassandra.
WAYS = tuple(way for way in FIRST_OF_EACH_KIND if way.kind != CASSANDRA.kind)
NIGHTLY_WAYS = (CASSANDRA,)

T = TypeVar("T")

WORKFLOWS = ("w1", "w2")
ID = st.sampled_from(["w1"] * 7 + ["w2"])
TASK = st.sampled_from(["t1", "t1", "t2"])
RUNNING, COMPLETED = WorkflowStatus.RUNNING, WorkflowStatus.COMPLETED
STATUS = st.sampled_from([COMPLETED, COMPLETED, COMPLETED, RUNNING])
PLACE = st.integers(0, 9)
TTL_SECONDS = 3_600
ARCHIVED = Raw(b'{"archived":true}')
REFUSALS = (NotFoundError, FailedPreconditionError, BackendUnavailableError, OutcomeUnknownError)
NO_ANSWER = (BackendUnavailableError, OutcomeUnknownError)


class ArchiveMachine(RuleBasedStateMachine):
    """Calls, and what happens beside them.

    Attributes:
        whole_max_size: What is larger is archived in parts.
    """

    whole_max_size = WHOLE_MAX_SIZE

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = archive_world(way, Path(self.folder.name), self.whole_max_size)
        self.world: ArchiveWorld = self.run(self.opened.__aenter__())
        self.executions = self.world.executions
        self.lives = {id_: Life() for id_ in WORKFLOWS}
        self.kept: list[OutboxEntry] = []
        self.notes = 0

    def run(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self.runner.run(awaited())

    def outcome(self, call: Awaitable[T]) -> T | type[Exception]:
        """What a call gives, or the class of what it raises."""
        try:
            return self.run(call)
        except REFUSALS as error:
            return type(error)

    def note(self) -> str:
        self.notes += 1
        return f"write {self.notes}"

    @property
    def disturbed(self) -> bool:
        """Whether a call that needs the index may fail now."""
        return self.world.index.is_down or self.world.index.holds

    # calls

    @initialize(indexed=st.booleans())
    def begin(self, indexed: bool) -> None:
        self.run_again()
        if indexed:
            self.everything_settles()

    @precondition(lambda self: self.lives["w1"].live is None)
    @rule()
    def run_again(self) -> None:
        """A rule of its own, since what is gone is little to play with."""
        self.create_workflow("w1", COMPLETED)
        if self.lives["w1"].live is not None:
            self.create_task("w1", "t1")

    @rule(data=st.data(), id_=ID, write=st.sampled_from(Write))
    def a_write(self, data: st.DataObject, id_: str, write: Write) -> None:
        match write:
            case Write.CREATE_WORKFLOW:
                self.create_workflow(id_, data.draw(STATUS))
            case Write.UPDATE_WORKFLOW:
                self.update_workflow(id_, data.draw(STATUS))
            case Write.CREATE_TASK:
                self.create_task(id_, data.draw(TASK))
            case Write.UPDATE_TASK:
                self.update_task(id_, data.draw(TASK))
            case Write.REMOVE_TASK:
                self.remove_task(id_, data.draw(TASK))

    @rule(id_=ID, removal=st.sampled_from(Removal), drained=st.booleans())
    def a_removal(self, id_: str, removal: Removal, drained: bool) -> None:
        match removal:
            case Removal.ARCHIVE:
                self.archive_workflow(id_)
            case Removal.PLAIN | Removal.RESET:
                self.remove_workflow(id_, reset=removal is Removal.RESET)
            case Removal.EXPIRY | Removal.EXPIRY_WITH_ARCHIVE:
                self.expire_workflow(id_, archive=removal is Removal.EXPIRY_WITH_ARCHIVE)
        if drained and not self.disturbed:
            self.everything_settles()

    def create_workflow(self, id_: str, status: WorkflowStatus) -> None:
        life, note, disturbed = self.lives[id_], self.note(), self.disturbed
        workflow = make_workflow(id_, status=status, owner_app=note)
        outcome = self.outcome(self.executions.create_workflow(workflow))
        if isinstance(outcome, type):
            assert issubclass(outcome, BackendUnavailableError)
            assert life.ending is not None
            assert disturbed
            return
        assert outcome.created == (life.live is None)
        if outcome.created:
            life.created(Execution(note, status))

    def update_workflow(self, id_: str, status: WorkflowStatus) -> None:
        life, note = self.lives[id_], self.note()
        workflow = make_workflow(id_, status=status, owner_app=note)
        outcome = self.outcome(self.executions.update_workflow(workflow))
        assert (outcome is NotFoundError) == (life.live is None)
        if life.live is not None:
            assert isinstance(outcome, int)
            life.live.note, life.live.status = note, status

    def create_task(self, id_: str, task: str) -> None:
        life, note, task_id = self.lives[id_], self.note(), f"{id_}.{task}"
        record = make_task(task_id, workflow_id=id_, worker_id=note)
        outcome = self.outcome(self.executions.create_tasks([record]))
        assert (outcome is NotFoundError) == (life.live is None)
        if life.live is not None and task_id not in life.live.tasks:
            life.task_written(task_id, note)

    def update_task(self, id_: str, task: str) -> None:
        life, note, task_id = self.lives[id_], self.note(), f"{id_}.{task}"
        record = make_task(task_id, workflow_id=id_, worker_id=note)
        outcome = self.outcome(self.executions.update_task(record))
        there = life.live is not None and task_id in life.live.tasks
        assert (outcome is NotFoundError) == (not there)
        if there:
            life.task_written(task_id, note)

    def remove_task(self, id_: str, task: str) -> None:
        life, task_id = self.lives[id_], f"{id_}.{task}"
        there = life.live is not None and task_id in life.live.tasks
        assert self.run(self.executions.remove_task(task_id)) == there
        if life.live is not None:
            life.live.tasks.pop(task_id, None)

    def archive_workflow(self, id_: str) -> None:
        life, disturbed = self.lives[id_], self.disturbed
        was_live = life.live
        outcome = self.outcome(self.executions.remove_workflow(id_, archive=True))
        if outcome is FailedPreconditionError:
            running = was_live or life.ending
            assert running is not None
            assert running.status is RUNNING
            return
        if was_live is not None:
            assert was_live.status is COMPLETED
            life.ends()
        if isinstance(outcome, type):
            assert issubclass(outcome, NO_ANSWER)
            assert disturbed
            if outcome is BackendUnavailableError:
                life.taken_back()
                life.time_is(self.world.clock.now_ms)
        else:
            assert outcome == (life.ending is not None) or life.overdue
            life.finish()

    def remove_workflow(self, id_: str, *, reset: bool) -> None:
        life, disturbed = self.lives[id_], self.disturbed
        remove = self.executions.reset_workflow if reset else self.executions.remove_workflow
        outcome = self.outcome(remove(id_))
        if isinstance(outcome, type):
            assert outcome is OutcomeUnknownError
            assert life.ending is not None
            assert disturbed
            return
        assert outcome == (life.live is not None or life.ending is not None) or life.overdue
        if life.live is not None:
            life.gone()
        life.finish()

    def expire_workflow(self, id_: str, *, archive: bool) -> None:
        life = self.lives[id_]
        call = self.executions.remove_workflow_with_expiry(
            id_, ttl_seconds=TTL_SECONDS, archive=archive
        )
        outcome = self.outcome(call)
        there = life.live or life.ending
        if outcome is FailedPreconditionError:
            assert archive
            assert there is not None
            assert there.status is RUNNING
            return
        assert outcome == (there is not None) or life.overdue
        if life.live is not None:
            life.expires(self.world.clock.now_ms + TTL_SECONDS * 1000, archives=archive)
        self.look_at(id_)

    # what happens beside them

    @rule(beside=st.sampled_from(Beside), place=PLACE)
    def something_else(self, beside: Beside, place: int) -> None:
        entries = self.run(self.world.due())
        match beside:
            case Beside.DRAIN_ALL:
                self.run(self.world.carry_out(entries))
            case Beside.DRAIN_ONE if entries:
                self.run(self.world.carry_out([entries[place % len(entries)]]))
            case Beside.STAND_STILL:
                self.kept += entries
            case Beside.GO_ON if self.kept:
                self.run(self.world.carry_out([self.kept.pop(place % len(self.kept))]))
            case Beside.VERIFY:
                self.outcome(self.world.verify_everything())
            case _:
                pass
        self.look_at_all()

    @rule(mishap=st.sampled_from(Mishap))
    def a_mishap(self, mishap: Mishap) -> None:
        index = self.world.index
        match mishap:
            case Mishap.INDEX_DOWN:
                index.is_down = True
            case Mishap.INDEX_UP:
                index.is_down = False
            case Mishap.NEXT_SEND_IS_LATE:
                index.holds = True
            case Mishap.LATE_SENDS_ARRIVE:
                self.run(index.deliver())
            case Mishap.INDEX_FORGETS:
                self.run(self.world.an_hour_passes())
        self.look_at_all()

    @precondition(lambda self: not self.disturbed)
    @rule(id_=ID, stages=st.integers(0, 2))
    def a_removal_dies(self, id_: str, stages: int) -> None:
        life = self.lives[id_]
        if life.live is None or life.live.status is RUNNING:
            return
        life.ends(for_good=stages == 2)
        self.run(self.world.remove_and_die(id_, stages=stages))

    @rule(seconds=st.sampled_from([1, 10, TTL_SECONDS // 2, TTL_SECONDS]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.pass_by(seconds * 1000)
        self.look_at_all()

    # what must hold

    def look_at_all(self) -> None:
        for id_, life in self.lives.items():
            life.time_is(self.world.clock.now_ms)
            self.look_at(id_)

    def look_at(self, id_: str) -> None:
        """Whether a removal that had begun is over now."""
        life = self.lives[id_]
        if life.ending is None or self.run(self.world.store.removal(id_)) is not None:
            return
        assert self.run(self.world.stored(id_)) is None
        life.finish()

    @invariant()
    def what_is_there_or_archived_is_found(self) -> None:
        if self.world.index.is_down:
            return
        for id_, life in self.lives.items():
            found = self.run(self.executions.find_workflow(id_, include_tasks=True))
            expected = life.live or life.ending or life.archived
            if expected is None:
                # A removal that isn't drained yet may leave an archive of an earlier run behind.
                assert found is None or found.source is WorkflowSource.ARCHIVE
                continue
            assert found is not None
            assert expected.is_in(found.workflow)

    @rule()
    def everything_settles(self) -> None:
        self.world.index.is_down = self.world.index.holds = False
        self.run(self.world.settle())
        self.look_at_all()
        self.run(self.world.settle())
        self.look_at_all()
        assert self.run(self.world.outbox.failures(10)) == []
        for id_, life in self.lives.items():
            assert life.ending is None
            self.check_workflow(id_, life)
        self.check_nothing_else()

    def check_workflow(self, id_: str, life: Life) -> None:
        """Documents and entries of one id at rest."""
        stored = self.run(self.world.stored(id_))
        assert (stored is None) == (life.live is None)
        if stored is None:
            self.check_archive(id_, life)
            return
        assert life.live is not None
        workflow, tasks = stored
        found = self.run(self.executions.get_workflow(id_, include_tasks=True))
        assert found is not None
        assert life.live.is_in(found)
        if life.archives:
            for write in self.archive_writes(workflow, tasks):
                assert self.entry(write.kind, write.id) == write.document
        else:
            for document in (workflow, *tasks):
                assert document.record is not None
                expected = entry_document(document.record)
                assert self.entry(document.kind, document.id) == expected

    def archive_writes(
        self, workflow: StoredDocument, tasks: list[StoredDocument]
    ) -> list[IndexWrite]:
        """What the archive of these documents is."""
        return [
            *(archived_task_write(task, token=1, whole=False) for task in tasks),
            archived_execution_write(workflow, [task.text for task in tasks], token=1),
        ]

    def check_archive(self, id_: str, life: Life) -> None:
        found = self.run(self.executions.find_workflow(id_, include_tasks=True))
        assert (found is None) == (life.archived is None)
        assert (self.entry(EntryKind.WORKFLOW, id_) is None) == (life.archived is None)
        if found is not None and life.archived is not None:
            assert found.source is WorkflowSource.ARCHIVE
            assert life.archived.is_in(found.workflow)
            for task in found.workflow.tasks:
                entry = self.entry(EntryKind.TASK, str(task.task_id))
                assert entry == self.archived_entry(task)

    def archived_entry(self, task: Task) -> bytes:
        """The entry of a task that is archived."""
        return with_members(entry_document(task), ARCHIVED)

    def check_nothing_else(self) -> None:
        workflows: set[str] = set()
        tasks: set[str] = set()
        for id_, life in self.lives.items():
            tasks |= life.archived_tasks.keys()
            if life.live is not None or life.archived is not None:
                workflows.add(id_)
            if life.live is not None:
                tasks |= life.live.tasks.keys()
        assert self.ids(EntryKind.WORKFLOW) == workflows
        assert self.ids(EntryKind.TASK) == tasks

    def entry(self, kind: EntryKind, id_: str) -> bytes | None:
        (entry,) = self.run(self.world.index.entries(kind, [id_]))
        return entry.document if entry else None

    def ids(self, kind: EntryKind) -> set[str]:
        return {head.id for head in self.run(self.world.index.scan(kind)).heads}

    def teardown(self) -> None:
        try:
            self.everything_settles()
            self.a_mishap(Mishap.LATE_SENDS_ARRIVE)
            self.everything_settles()
        finally:
            self.run(self.opened.__aexit__(None, None, None))
            self.runner.close()
            self.folder.cleanup()


class PartsMachine(ArchiveMachine):
    """Every archive is in parts."""

    whole_max_size = 0

    def archive_writes(
        self, workflow: StoredDocument, tasks: list[StoredDocument]
    ) -> list[IndexWrite]:
        if not tasks:
            return super().archive_writes(workflow, tasks)
        return [
            *(archived_task_write(task, token=1, whole=True) for task in tasks),
            archived_workflow_write(workflow, [task.id for task in tasks], token=1),
        ]

    def archived_entry(self, task: Task) -> bytes:
        return archived_document(entry_document(task), TASK_DOCUMENT.encode(task).decode())


USUAL = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


BOTH = pytest.mark.parametrize("machine", [ArchiveMachine, PartsMachine])


@BOTH
def test_an_archive_survives_everything(way: Way, machine: type[ArchiveMachine]) -> None:
    run_state_machine_as_test(
        lambda: machine(way),  # type: ignore[arg-type]  # any factory does
        settings=USUAL,
    )


@BOTH
@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_an_archive_survives_everything_for_long(way: Way, machine: type[ArchiveMachine]) -> None:
    long = settings(USUAL, max_examples=3_000, stateful_step_count=60)
    run_state_machine_as_test(
        lambda: machine(way),  # type: ignore[arg-type]  # any factory does
        settings=long,
    )
