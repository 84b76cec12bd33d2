"""Podium's servers beside a Java that writes the same executions: whatever is written between any two commands.

Before each trip of a Podium's write hypothesis may let Java send some commands, or another server write. What the write
answers and leaves has to fit the documents as they stood at its last trip: nothing goes by what Podium remembers of them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from podium_backends.redis.executions.missing_members import MISSING_MS
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.errors import ConflictError, NotFoundError
from podium_core.models import TaskStatus, WorkflowStatus, collect
from podium_core.outbox import KIND_PAYLOAD
from tests.backends.redis.golden_definitions import KEYS
from tests.backends.redis.java_beside import (
    PATHS,
    PAYLOADS,
    TASK_IDS,
    TASK_STATUSES,
    TASKS,
    WORKFLOW_IDS,
    WORKFLOW_STATUSES,
    WORKFLOWS,
    JavaBeside,
    stamp_of,
    task_of,
    workflow_of,
)
from tests.services.redis_server import RedisServer

EXPECTATIONS = st.sampled_from([None, None, "right", "wrong"])
# For each trip what is written before it.
BETWEEN = st.lists(st.lists(st.sampled_from(["java", "other"]), max_size=2), max_size=3)


class PodiumBesideJava(JavaBeside):
    """Each call of Podium's against the model."""

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES, between=BETWEEN)
    def create_workflow(self, id_: str, status: WorkflowStatus, between: Any) -> None:
        workflow = workflow_of(id_, status)
        outcome = self.podium(between, lambda: self.executions.create_workflow(workflow))
        key = KEYS.workflow(id_)
        assert outcome.created == (key not in self.stood.documents)
        if outcome.created:
            self._wrote(key, outcome.updated_time, status.value)
            self._check_workflow_sets(id_, status)

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES, expectation=EXPECTATIONS, between=BETWEEN)
    def update_workflow(
        self, id_: str, status: WorkflowStatus, expectation: str | None, between: Any
    ) -> None:
        key, workflow = KEYS.workflow(id_), workflow_of(id_, status)
        expected = self._expected(key, expectation)
        outcome = self.podium(
            between,
            lambda: self.executions.update_workflow(workflow, expected_update_time=expected),
        )
        if self._updated(key, expected, outcome):
            self._wrote(key, outcome, status.value)
            self._check_workflow_sets(id_, status)

    @rule(id_=WORKFLOW_IDS, between=BETWEEN)
    def remove_workflow(self, id_: str, between: Any) -> None:
        was_alone = not self.java_writes
        removed = self.podium(between, lambda: self.executions.remove_workflow(id_))
        self.note_removal(id_, self.run(self.stored_documents()))
        if removed is True and was_alone:
            # But for those that Java left in no set of the workflow's.
            tasks = {task_id for task_id, (owner, _) in TASKS.items() if owner == id_}
            whole = {KEYS.workflow(id_), *map(KEYS.task, tasks - self.broken)}
            assert not whole & self.documents.keys()

    @rule(id_=TASK_IDS, status=TASK_STATUSES, path=PATHS, between=BETWEEN)
    def create_task(self, id_: str, status: TaskStatus, path: int | None, between: Any) -> None:
        task = task_of(id_, status, path)
        outcome = self.podium(between, lambda: self.executions.create_tasks([task]))
        (workflow_id, reference), key = TASKS[id_], KEYS.task(id_)
        if KEYS.workflow(workflow_id) not in self.stood.documents:
            assert outcome is NotFoundError
            return
        assert not isinstance(outcome, type)
        holder = self.stood.slots[workflow_id].get(f"{reference}0")
        if key in self.stood.documents:
            # Untouched: the invariant says so. It is left out only where another one that is there has its slot.
            has_rival = holder not in (None, id_) and KEYS.task(str(holder)) in self.stood.documents
            assert (outcome.left_out_task_ids == (id_,)) == has_rival
        elif holder in (None, id_):
            assert outcome.created_task_ids == (id_,)
            self._wrote(key, outcome.update_time, status.value)
            self._check_task_sets(id_, status)
        else:
            assert outcome.left_out_task_ids == (id_,)

    @rule(
        id_=TASK_IDS,
        status=TASK_STATUSES,
        path=PATHS,
        expectation=EXPECTATIONS,
        between=BETWEEN,
    )
    def update_task(
        self,
        id_: str,
        status: TaskStatus,
        path: int | None,
        expectation: str | None,
        between: Any,
    ) -> None:
        key, task = KEYS.task(id_), task_of(id_, status, path)
        expected = self._expected(key, expectation)
        outcome = self.podium(
            between, lambda: self.executions.update_task(task, expected_update_time=expected)
        )
        if self._updated(key, expected, outcome):
            self._wrote(key, outcome, status.value)
            self._check_task_sets(id_, status)
            self._check_payload(id_, self.stood.documents[key], path)

    @rule(id_=TASK_IDS, between=BETWEEN)
    def remove_task(self, id_: str, between: Any) -> None:
        key = KEYS.task(id_)
        removed = self.podium(between, lambda: self.executions.remove_task(id_))
        assert removed == (key in self.stood.documents)
        if removed:
            del self.documents[key]
            members = self._members(KEYS.tasks_of_workflow(TASKS[id_][0]), id_)
            assert not members or self._is_java_at(id_)

    # what a write has to leave

    def _expected(self, key: str, expectation: str | None) -> int | None:
        if expectation is None:
            return None
        stamp = stamp_of(self.documents.get(key))
        return stamp if expectation == "right" else stamp + 1

    def _updated(self, key: str, expected: int | None, outcome: Any) -> bool:
        """Whether an update had to succeed by what stood there; checks that it did or didn't, and its stamp."""
        stored = self.stood.documents.get(key)
        if stored is None:
            assert outcome is NotFoundError
            return False
        if expected is not None and expected != stamp_of(stored):
            assert outcome is ConflictError
            return False
        assert outcome == max(self.clock(), stamp_of(stored) + 1)
        return True

    def _wrote(self, key: str, stamp: int, status: str) -> None:
        document: bytes = self.run(self.link.read("GET", key))
        assert (stamp_of(document), json.loads(document)["status"]) == (stamp, status)
        self.documents[key] = document
        # A removal of Java's has set an end: it stays.
        ends = self.stood.lifetimes.get(key, -1) > 0
        assert (self.run(self.link.read("TTL", key)) > 0) == ends

    def _is_java_at(self, id_: str) -> bool:
        return any(id_ in write.ids for write in self.java_writes)

    def _members(self, key: str, id_: str) -> bool:
        return bool(self.run(self.link.read("SISMEMBER", key, id_)))

    def _check_task_sets(self, id_: str, status: TaskStatus) -> None:
        if self._is_java_at(id_):
            self.raced.add(id_)
            return
        assert self._members(KEYS.pending_tasks("encode"), id_) == (not status.is_terminal)
        if id_ not in self.broken:
            assert self._members(KEYS.tasks_of_workflow(TASKS[id_][0]), id_)
        if status is not TaskStatus.SCHEDULED:
            self.raced.discard(id_)
        if id_ not in self.raced | self.broken or status is not TaskStatus.SCHEDULED:
            runs = status is TaskStatus.IN_PROGRESS
            assert self._members(KEYS.in_progress("encode"), id_) == runs

    def _check_workflow_sets(self, id_: str, status: WorkflowStatus) -> None:
        if not self._is_java_at(id_):
            assert self._members(KEYS.pending_workflows("order"), id_) == (not status.is_terminal)

    def _check_payload(self, id_: str, stored: bytes, path: int | None) -> None:
        """A payload that the document referred to, and doesn't now, is to be deleted."""
        workflow_id = TASKS[id_][0]
        dropped = json.loads(stored).get("externalInputPayloadStoragePath")
        if dropped is None or (path is not None and dropped == PAYLOADS[workflow_id][path]):
            return
        _, _, entries = KEYS.outbox(KIND_PAYLOAD, bucket_of_owner(workflow_id))
        assert self.run(self.link.read("HEXISTS", entries, member_of(dropped, workflow_id)))

    # what holds at all times, and at the end

    @invariant()
    def documents_are_those_of_the_model(self) -> None:
        assert self.run(self.stored_documents()) == self.documents

    def _settle(self) -> None:
        """Java ends; Podium writes each document once more, and reads twice, a minute apart: sets are as documents say."""
        while self.java_writes:
            self.run(self._java_step(0))
        for id_ in TASKS:
            if KEYS.task(id_) in self.documents:
                status = json.loads(self.documents[KEYS.task(id_)])["status"]
                self.run(self.executions.update_task(task_of(id_, TaskStatus(status), None)))
        for _ in range(2):
            self.run(collect(self.executions.get_pending_tasks_for_task_type("encode")))
            for id_ in WORKFLOWS:
                self.run(collect(self.executions.get_tasks_for_workflow(id_)))
            self.clock.pass_by(MISSING_MS)

    def teardown(self) -> None:
        try:
            self._settle()
            self._check_settled()
        finally:
            for link in (self.link, self.watched, self.other_link):
                self.run(link.close())
            self.runner.close()

    def _check_settled(self) -> None:
        tasks = {id_ for id_ in TASKS if KEYS.task(id_) in self.documents}
        statuses = {
            id_: TaskStatus(json.loads(self.documents[KEYS.task(id_)])["status"]) for id_ in tasks
        }
        pending = {id_ for id_, status in statuses.items() if not status.is_terminal}
        assert self.run(self._ids(KEYS.pending_tasks("encode"))) == pending
        for workflow_id in WORKFLOWS:
            members = self.run(self._ids(KEYS.tasks_of_workflow(workflow_id)))
            owned = {id_ for id_ in tasks if TASKS[id_][0] == workflow_id}
            assert members <= owned
            assert owned - members <= self.broken

    async def _ids(self, key: str) -> set[str]:
        return {member.decode() for member in await self.link.read("SMEMBERS", key)}


def _run(url: str, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: PodiumBesideJava(url),  # type: ignore[arg-type]  # any factory does
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None),
    )


def test_nothing_goes_by_what_java_has_changed(own_redis: RedisServer) -> None:
    _run(own_redis.url, 60, 30)


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
def test_nothing_goes_by_what_java_has_changed_for_long(own_redis: RedisServer) -> None:
    _run(own_redis.url, 5_000, 60)
