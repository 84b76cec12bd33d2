"""Half of a surrogate pair, escaped, is legal JSON text: a truncated emoji in a worker's output. It stays as it is."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.models import (
    Commit,
    EventHandler,
    Task,
    TaskDef,
    TaskStatus,
    TaskUpdate,
    Workflow,
    WorkflowDef,
    WorkflowStatus,
    collect,
)
from podium_core.models.documents import TASK
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import raw_bytes
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.contract.records import (
    make_event_execution,
    make_task,
    make_workflow,
    make_workflow_summary,
)
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS

TEXT = rb'{ "a":"\ud83d", "\uDE00" : ["\uD83d\\ud83d\ude00"],"b\\ud83d":"\\\uDBFFx" }'
HALVES = Raw(TEXT)
PAYLOADS = ("input_data", "output_data", "workflow_task", "input_message", "output_message")


def odd_task(task_id: str = "t1", **fields: Any) -> Task:
    odd: dict[str, Any] = dict.fromkeys((*PAYLOADS, "extra"), HALVES)
    return make_task(task_id, **odd, **fields)


def odd_workflow(**fields: Any) -> Workflow:
    return msgspec.structs.replace(
        make_workflow(**fields),
        workflow_definition=Raw(rb'{"name":"order","version":"3","d":"\ud83d"}'),
        **dict.fromkeys(("input", "output", "variables", "extra"), HALVES),
    )


def assert_kept(task: Task) -> None:
    assert {name: raw_bytes(getattr(task, name)) for name in PAYLOADS} == dict.fromkeys(
        PAYLOADS, TEXT
    )
    kept = members_of_object(TASK.encode(task))
    for key, raw in members_of_object(HALVES).items():
        assert kept[key] == raw


class TestExecutions:
    async def test_of_a_task(self, executions: ExecutionService) -> None:
        await executions.create_workflow(odd_workflow())
        await executions.create_tasks([odd_task("t1")])
        await executions.update_task(odd_task("t1", status=TaskStatus.IN_PROGRESS))
        await executions.update_tasks([TaskUpdate(task=odd_task("t1"))])
        await executions.extend_lease("t1")
        found = await executions.get_task("t1")
        assert found is not None
        assert_kept(found)
        (found,) = await executions.get_tasks(["t1"])
        assert_kept(found)
        (found,) = await collect(executions.get_tasks_for_workflow("w1"))
        assert_kept(found)
        (found,) = await collect(executions.get_pending_tasks_for_task_type("encode"))
        assert_kept(found)

    async def test_of_a_workflow(self, executions: ExecutionService) -> None:
        await executions.commit(
            Commit(
                workflow_id="w1",
                request_id="r",
                create_workflow=odd_workflow(),
                create_tasks=[odd_task()],
            )
        )
        found = await executions.get_workflow("w1", include_tasks=True)
        assert found is not None
        assert [raw_bytes(raw) for raw in (found.input, found.output, found.variables)] == [
            TEXT
        ] * 3
        assert (found.workflow_name, found.workflow_version) == ("order", 3)
        assert_kept(found.tasks[0])
        (streamed,) = await collect(executions.get_workflows(["w1"], include_tasks=True))
        assert streamed == found

    async def test_of_the_definition_in_a_task_with_a_limit(
        self, executions: ExecutionService
    ) -> None:
        workflow_task = Raw(rb'{"taskDefinition":{"concurrentExecLimit":"1","d":"\ud83d"}}')
        await executions.create_workflow(make_workflow())
        tasks = [make_task(id_, workflow_task=workflow_task) for id_ in ("t1", "t2")]
        await executions.create_tasks(tasks)
        answers = [await executions.exceeds_in_progress_limit(task) for task in tasks]
        assert answers == [False, True]
        stored = await executions.get_task("t1")
        assert stored is not None
        assert stored.task_definition == Raw(rb'{"concurrentExecLimit":"1","d":"\ud83d"}')

    async def test_of_an_archived_execution(self, executions: ExecutionService) -> None:
        await executions.create_workflow(odd_workflow(status=WorkflowStatus.COMPLETED))
        await executions.create_tasks([odd_task(status=TaskStatus.COMPLETED)])
        assert await executions.remove_workflow("w1", archive=True)
        found = await executions.find_workflow("w1", include_tasks=True)
        assert found is not None
        assert found.source is WorkflowSource.ARCHIVE
        assert raw_bytes(found.workflow.input) == TEXT
        assert_kept(found.workflow.tasks[0])

    async def test_of_an_event_execution(self, daos: Daos) -> None:
        event = make_event_execution("e1", output=HALVES)
        assert await daos.executions.add_event_execution(event)
        await daos.executions.update_event_execution(event)

        async def look() -> list[bytes]:
            found = await daos.index.get_event_executions(event.event or "")
            return [raw_bytes(each.output) for each in found]

        await eventually(look, [TEXT].__eq__)

    async def test_of_an_entry_of_the_index(self, daos: Daos) -> None:
        await daos.index.index_workflow(make_workflow_summary(extra=HALVES))
        await daos.index.update_workflow("w1", Raw(rb'{"more":"\ud83d"}'))
        assert await daos.index.get("w1", "more") == Raw(rb'"\ud83d"')
        assert await daos.index.get("w1", "b\\ud83d") == Raw(rb'"\\\uDBFFx"')


class TestDefinitions:
    DOCUMENT = rb'{"name":"n","version":1,"event":"e","active":true,"description":"\ud83d"}'

    async def test_of_a_task(self, daos: Daos) -> None:
        await daos.metadata.create_task_def(TaskDef(document=Raw(self.DOCUMENT), name="n"))
        found = await daos.metadata.get_task_def("n")
        assert found is not None
        assert raw_bytes(found.document) == self.DOCUMENT

    async def test_of_a_workflow(self, daos: Daos) -> None:
        await daos.metadata.create_workflow_def(WorkflowDef(document=Raw(self.DOCUMENT), name="n"))
        (found,) = await collect(daos.metadata.get_all_workflow_defs())
        assert raw_bytes(found.document) == self.DOCUMENT

    async def test_of_an_event_handler(self, daos: Daos) -> None:
        handler = EventHandler(document=Raw(self.DOCUMENT), name="n", event="e", active=True)
        await daos.event_handlers.add_event_handler(handler)
        (found,) = await daos.event_handlers.get_event_handlers_for_event("e", active_only=True)
        assert found == handler


async def test_a_worker_that_gives_it_back_changes_nothing(executions: ExecutionService) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([odd_task()])
    found = await executions.get_task("t1")
    assert found is not None
    await executions.update_task(found)
    again = await executions.get_task("t1")
    assert again is not None
    assert_kept(again)
