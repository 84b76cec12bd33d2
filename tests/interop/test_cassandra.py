"""Definitions and event handlers that Java and Podium write for each other in one keyspace of a Cassandra."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.spec import SPEC
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import EventHandler, Guarantee, TaskDef, WorkflowDef, collect
from podium_core.models.json_text import to_raw
from podium_core.ports import EventHandlerDAO, MetadataDAO
from tests.backends.cassandra.keyspaces import (
    drop,
    leave_empty,
    new_keyspace,
    run_apart,
    settings_at,
)
from tests.interop.java import JavaDaos, JavaError, JavaProcess
from tests.services.cassandra_server import ContactPoint
from tests.services.fixtures import provided

MANY = 50
SERVES = frozenset({DataType.METADATA, DataType.EVENT_HANDLERS})


@pytest.fixture(scope="module")
def java(
    pytestconfig: pytest.Config,
    cassandra_contact_point: ContactPoint,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[JavaDaos]:
    """Java's DAOs, in a keyspace that they create."""
    log = tmp_path_factory.mktemp("java") / "java.log"
    running = _running_java(cassandra_contact_point, log)
    keyspace = new_keyspace()
    for process in provided(pytestconfig, "Conductor's DAOs", running):
        yield process.below(keyspace)
        run_apart(lambda: drop(settings_at(cassandra_contact_point, keyspace)))


@contextmanager
def _running_java(point: ContactPoint, log: Path) -> Iterator[JavaProcess]:
    process = JavaProcess(*point, log, store="cassandra")
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
async def settings(
    java: JavaDaos, cassandra_contact_point: ContactPoint
) -> AsyncIterator[CassandraSettings]:
    """Of the same keyspace, which is Java's first."""
    await java.metadata("getAllTaskDefs")
    chosen = settings_at(cassandra_contact_point, java.prefix)
    yield chosen
    leave_empty(chosen)


@pytest.fixture
async def podium(settings: CassandraSettings) -> AsyncIterator[ConnectedStore]:
    """Podium's store there."""
    context = StoreContext(name="wide", serves=SERVES, commit_guarantee=Guarantee.ORDERED)
    store = await SPEC.connect(context, settings)
    yield store
    await store.close()


@pytest.fixture
def metadata(podium: ConnectedStore) -> MetadataDAO:
    assert podium.metadata is not None
    return podium.metadata


@pytest.fixture
def handlers(podium: ConnectedStore) -> EventHandlerDAO:
    assert podium.event_handlers is not None
    return podium.event_handlers


def task_def(name: str, **fields: Any) -> TaskDef:
    return task_def_of(to_raw({"name": name, **fields}))


def workflow_def(name: str, version: int = 1, **fields: Any) -> WorkflowDef:
    return workflow_def_of(to_raw({"name": name, "version": version, **fields}))


def handler(name: str, event: str = "sqs:orders", **fields: Any) -> EventHandler:
    return event_handler_of(to_raw({"name": name, "event": event, "active": True, **fields}))


def document(record: TaskDef | WorkflowDef | None) -> Any:
    assert record is not None
    return json.loads(bytes(record.document))


def ids(definitions: Sequence[WorkflowDef]) -> list[tuple[str, int]]:
    return [(one.name, one.version) for one in definitions]


async def listed_by_java(java: JavaDaos) -> set[tuple[str, int]]:
    found = await java.metadata("getAllWorkflowDefs")
    return {(each["name"], each["version"]) for each in found}


class TestTaskDefs:
    async def test_in_turns(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        await metadata.create_task_def(task_def("encode", retryCount=7, ownerEmail="a@b.c", mine=1))
        found = await java.metadata("getTaskDef", "encode")
        assert (found["retryCount"], found["ownerEmail"]) == (7, "a@b.c")
        await java.metadata("updateTaskDef", {"name": "encode", "retryCount": 2})
        assert document(await metadata.get_task_def("encode"))["retryCount"] == 2
        await metadata.update_task_def(task_def("encode", retryCount=3))
        assert (await java.metadata("getTaskDef", "encode"))["retryCount"] == 3
        await metadata.remove_task_def("encode")
        assert await java.metadata("getTaskDef", "encode") is None
        await java.metadata("createTaskDef", {"name": "encode"})
        await java.metadata("removeTaskDef", "encode")
        assert await metadata.get_task_def("encode") is None
        with pytest.raises(NotFoundError):
            await metadata.update_task_def(task_def("encode"))

    async def test_at_once(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        names = {f"{owner}-{n}" for owner in ("java", "podium") for n in range(MANY)}
        await asyncio.gather(
            *(java.metadata("createTaskDef", {"name": f"java-{n}"}) for n in range(MANY)),
            *(metadata.create_task_def(task_def(f"podium-{n}")) for n in range(MANY)),
        )
        assert {each["name"] for each in await java.metadata("getAllTaskDefs")} == names
        ours = await collect(metadata.get_all_task_defs())
        assert [each.name for each in ours] == sorted(names)


class TestWorkflowDefs:
    async def test_ours_are_java_s(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        task = {"name": "encode", "taskReferenceName": "e", "type": "SIMPLE"}
        await metadata.create_workflow_def(workflow_def("a/b", 2, tasks=[task]))
        await metadata.create_workflow_def(workflow_def("a/b", 10, tasks=[]))
        found = await java.metadata("getWorkflowDef", "a/b", 2)
        assert found["tasks"][0]["taskReferenceName"] == "e"
        assert (await java.metadata("getLatestWorkflowDef", "a/b"))["version"] == 10
        assert await listed_by_java(java) == {("a/b", 2), ("a/b", 10)}
        with pytest.raises(JavaError, match="ConflictException"):
            await java.metadata("createWorkflowDef", {"name": "a/b", "version": 2})
        await metadata.update_workflow_def(workflow_def("a/b", 2, ownerApp="mine"))
        assert (await java.metadata("getWorkflowDef", "a/b", 2))["ownerApp"] == "mine"

    async def test_java_s_are_ours(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        for version in (2, 10):
            await java.metadata("createWorkflowDef", {"name": "order", "version": version})
        await java.metadata("updateWorkflowDef", {"name": "other", "version": 1})
        assert await metadata.get_workflow_versions("order") == [2, 10]
        assert document(await metadata.get_latest_workflow_def("order"))["version"] == 10
        assert await metadata.get_workflow_names() == ["order", "other"]
        listed = await collect(metadata.get_all_workflow_defs())
        assert ids(listed) == [("order", 2), ("order", 10), ("other", 1)]
        with pytest.raises(AlreadyExistsError):
            await metadata.create_workflow_def(workflow_def("order", 2))

    async def test_each_removes_the_other_s(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        await java.metadata("createWorkflowDef", {"name": "order", "version": 1})
        await metadata.create_workflow_def(workflow_def("order", 2))
        await metadata.remove_workflow_def("order", 1)
        assert await java.metadata("getWorkflowDef", "order", 1) is None
        assert await listed_by_java(java) == {("order", 2)}
        await java.metadata("removeWorkflowDef", "order", 2)
        assert await metadata.get_workflow_def("order", 2) is None
        assert await metadata.get_workflow_names() == []
        assert await listed_by_java(java) == set()

    async def test_versions_at_once(self, java: JavaDaos, metadata: MetadataDAO) -> None:
        odd, even = range(1, 2 * MANY, 2), range(2, 2 * MANY + 1, 2)
        await asyncio.gather(
            *(java.metadata("createWorkflowDef", {"name": "order", "version": n}) for n in odd),
            *(metadata.create_workflow_def(workflow_def("order", n)) for n in even),
        )
        assert await metadata.get_workflow_versions("order") == sorted([*odd, *even])
        assert await listed_by_java(java) == {("order", n) for n in (*odd, *even)}

    async def test_one_version_that_both_create(
        self, java: JavaDaos, metadata: MetadataDAO
    ) -> None:
        """Both write by the same condition: one of them is refused, and the other's definition is there."""
        for version in range(1, MANY + 1):
            own = {"name": "order", "version": version, "ownerApp": "java"}
            answers: Sequence[Any] = await asyncio.gather(
                java.metadata("createWorkflowDef", own),
                metadata.create_workflow_def(workflow_def("order", version, ownerApp="podium")),
                return_exceptions=True,
            )
            java_says, we_say = answers
            owner = document(await metadata.get_workflow_def("order", version))["ownerApp"]
            if owner == "java":
                assert (java_says, type(we_say)) == (None, AlreadyExistsError)
            else:
                assert (owner, type(java_says), we_say) == ("podium", JavaError, None)


class TestEventHandlers:
    async def test_in_turns(self, java: JavaDaos, handlers: EventHandlerDAO) -> None:
        await handlers.add_event_handler(handler("h1", condition="true"))
        await java.event_handlers(
            "addEventHandler", {"name": "h2", "event": "sqs:orders", "active": False}
        )
        of_event = await java.event_handlers("getEventHandlersForEvent", "sqs:orders", False)
        assert [each["name"] for each in of_event] == ["h1", "h2"]
        found = await handlers.get_event_handlers_for_event("sqs:orders")
        assert [each.name for each in found] == ["h1", "h2"]
        active = await handlers.get_event_handlers_for_event("sqs:orders", active_only=True)
        assert [each.name for each in active] == ["h1"]
        await handlers.update_event_handler(handler("h2", "kafka:late"))
        assert [
            each["name"]
            for each in await java.event_handlers("getEventHandlersForEvent", "kafka:late", True)
        ] == ["h2"]
        await java.event_handlers("removeEventHandler", "h1")
        await handlers.remove_event_handler("h2")
        assert await java.event_handlers("getAllEventHandlers") == []
        assert await collect(handlers.get_all_event_handlers()) == []
