"""The program that holds Java's DAOs: calls at once, what they throw, and benches."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.interop.conftest import running_java
from tests.interop.java import JavaDaos, JavaError
from tests.interop.java_records import java_task

CALLS = 200


async def test_each_caller_gets_its_own_answer(java: JavaDaos) -> None:
    names = [f"t{n}" for n in range(CALLS)]
    await asyncio.gather(*(java.metadata("createTaskDef", {"name": name}) for name in names))
    found = await asyncio.gather(*(java.metadata("getTaskDef", name) for name in names))
    assert [each["name"] for each in found] == names


async def test_what_a_dao_throws(java: JavaDaos) -> None:
    with pytest.raises(JavaError, match="NotFoundException: Cannot remove the task") as raised:
        await java.metadata("removeTaskDef", "unknown")
    assert raised.value.kind == "NotFoundException"


async def test_a_method_that_is_not_there(java: JavaDaos) -> None:
    with pytest.raises(JavaError, match="0 methods are called nothing"):
        await java.metadata("nothing")


async def test_a_bench(java: JavaDaos) -> None:
    task = java_task("t{n}", referenceTaskName="r{n}")
    elapsed = await java.bench("execution", "createTasks", [task], count=50, threads=4, first=7)
    assert elapsed > 0
    created = await java.execution("getTasksForWorkflow", "w1")
    assert {each["taskId"] for each in created} == {f"t{n}" for n in range(7, 57)}
    with pytest.raises(JavaError, match="NotFoundException"):
        await java.bench("metadata", "removeTaskDef", "{n}", count=5, threads=2)


async def test_a_program_that_has_ended(shared_redis: tuple[str, int], tmp_path: Path) -> None:
    with running_java(shared_redis, tmp_path / "java.log") as process:
        java = process.below("unused")
        assert await java.metadata("getTaskDef", "unknown") is None
        waiting = asyncio.create_task(java.queues("pop", "empty", 1, 60_000))
        await java.metadata("getTaskDef", "unknown")
        process.kill()
        with pytest.raises(JavaError, match="ended"):
            await waiting
        with pytest.raises(JavaError, match="ended"):
            await java.metadata("getTaskDef", "unknown")
