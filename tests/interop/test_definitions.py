"""Definitions that Java and Podium write for each other: in turns, and at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from podium_core.definitions import task_def_of, workflow_def_of
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import TaskDef, WorkflowDef, collect
from podium_core.models.json_text import to_raw
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.interop.java import JavaDaos, JavaError

MANY = 100


def task_def(name: str, **fields: Any) -> TaskDef:
    return task_def_of(to_raw({"name": name, **fields}))


def workflow_def(name: str, version: int = 1, **fields: Any) -> WorkflowDef:
    return workflow_def_of(to_raw({"name": name, "version": version, **fields}))


def document(record: TaskDef | WorkflowDef | None) -> Any:
    assert record is not None
    return json.loads(bytes(record.document))


class TestTaskDefs:
    async def test_ours_is_java_s(self, java: JavaDaos, podium: Daos) -> None:
        await podium.metadata.create_task_def(
            task_def("encode", retryCount=7, timeoutPolicy="RETRY", ownerEmail="a@b.c", mine=1)
        )
        found = await java.metadata("getTaskDef", "encode")
        assert (found["retryCount"], found["timeoutPolicy"]) == (7, "RETRY")
        assert [each["name"] for each in await java.metadata("getAllTaskDefs")] == ["encode"]

    async def test_java_s_is_ours(self, java: JavaDaos, podium: Daos) -> None:
        await java.metadata("createTaskDef", {"name": "encode", "retryCount": 7})
        assert document(await podium.metadata.get_task_def("encode"))["retryCount"] == 7
        assert [each.name for each in await collect(podium.metadata.get_all_task_defs())] == [
            "encode"
        ]

    async def test_in_turns(self, java: JavaDaos, podium: Daos) -> None:
        async def java_reads() -> int | None:
            found = await java.metadata("getTaskDef", "encode")
            return None if found is None else int(found["retryCount"])

        await podium.metadata.create_task_def(task_def("encode", retryCount=1))
        await java.metadata("updateTaskDef", {"name": "encode", "retryCount": 2})
        assert document(await podium.metadata.get_task_def("encode"))["retryCount"] == 2
        await podium.metadata.update_task_def(task_def("encode", retryCount=3))
        # Java has a cache of task definitions.
        await eventually(java_reads, lambda count: count == 3)
        await podium.metadata.remove_task_def("encode")
        await eventually(java_reads, lambda count: count is None)
        with pytest.raises(JavaError, match="NotFoundException"):
            await java.metadata("removeTaskDef", "encode")
        await java.metadata("createTaskDef", {"name": "encode"})
        await java.metadata("removeTaskDef", "encode")
        assert await podium.metadata.get_task_def("encode") is None
        with pytest.raises(NotFoundError):
            await podium.metadata.update_task_def(task_def("encode"))

    async def test_at_once(self, java: JavaDaos, podium: Daos) -> None:
        names = {f"{owner}-{n}" for owner in ("java", "podium") for n in range(MANY)}
        await asyncio.gather(
            *(java.metadata("createTaskDef", {"name": f"java-{n}"}) for n in range(MANY)),
            *(podium.metadata.create_task_def(task_def(f"podium-{n}")) for n in range(MANY)),
        )
        assert {each["name"] for each in await java.metadata("getAllTaskDefs")} == names
        ours = await collect(podium.metadata.get_all_task_defs())
        assert [each.name for each in ours] == sorted(names)


class TestWorkflowDefs:
    async def test_ours_is_java_s(self, java: JavaDaos, podium: Daos) -> None:
        task = {"name": "encode", "taskReferenceName": "e", "type": "SIMPLE"}
        await podium.metadata.create_workflow_def(workflow_def("order", 2, tasks=[task]))
        await podium.metadata.create_workflow_def(workflow_def("order", 10, tasks=[]))
        found = await java.metadata("getWorkflowDef", "order", 2)
        assert found["tasks"][0]["taskReferenceName"] == "e"
        assert (await java.metadata("getLatestWorkflowDef", "order"))["version"] == 10
        assert await java.metadata("findAll") == ["order"]
        with pytest.raises(JavaError, match="ConflictException"):
            await java.metadata("createWorkflowDef", {"name": "order", "version": 2})

    async def test_java_s_is_ours(self, java: JavaDaos, podium: Daos) -> None:
        for version in (2, 10):
            await java.metadata("createWorkflowDef", {"name": "order", "version": version})
        assert await podium.metadata.get_workflow_versions("order") == [2, 10]
        assert document(await podium.metadata.get_latest_workflow_def("order"))["version"] == 10
        assert await podium.metadata.get_workflow_names() == ["order"]
        with pytest.raises(AlreadyExistsError):
            await podium.metadata.create_workflow_def(workflow_def("order", 2))

    async def test_each_removes_the_other_s(self, java: JavaDaos, podium: Daos) -> None:
        await java.metadata("createWorkflowDef", {"name": "order", "version": 1})
        await podium.metadata.create_workflow_def(workflow_def("order", 2))
        await podium.metadata.remove_workflow_def("order", 1)
        assert await java.metadata("getWorkflowDef", "order", 1) is None
        assert await java.metadata("findAll") == ["order"]
        await java.metadata("removeWorkflowDef", "order", 2)
        assert await podium.metadata.get_workflow_def("order", 2) is None
        assert await podium.metadata.get_workflow_names() == []

    async def test_versions_at_once(self, java: JavaDaos, podium: Daos) -> None:
        await asyncio.gather(
            *(
                java.metadata("createWorkflowDef", {"name": "order", "version": 2 * n + 1})
                for n in range(MANY)
            ),
            *(
                podium.metadata.create_workflow_def(workflow_def("order", 2 * n + 2))
                for n in range(MANY)
            ),
        )
        versions = list(range(1, 2 * MANY + 1))
        assert await podium.metadata.get_workflow_versions("order") == versions
        theirs = await java.metadata("getAllVersions", "order")
        assert sorted(each["version"] for each in theirs) == versions

    async def test_one_version_that_both_create(self, java: JavaDaos, podium: Daos) -> None:
        """Java asks, and then writes: it may overwrite ours. Ours never overwrites, and nothing is half of each."""
        for version in range(1, MANY + 1):
            answers: Sequence[Any] = await asyncio.gather(
                java.metadata(
                    "createWorkflowDef",
                    {"name": "order", "version": version, "ownerApp": "java"},
                ),
                podium.metadata.create_workflow_def(
                    workflow_def("order", version, ownerApp="podium")
                ),
                return_exceptions=True,
            )
            java_says, ours_says = answers
            refused = isinstance(ours_says, AlreadyExistsError)
            assert refused or ours_says is None
            assert java_says is None or isinstance(java_says, JavaError)
            owner = document(await podium.metadata.get_workflow_def("order", version))["ownerApp"]
            if refused:
                assert (java_says, owner) == (None, "java")
            elif java_says is not None:
                assert owner == "podium"
