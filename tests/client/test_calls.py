"""Every DAO over the wire, against Podium's own server; the contract suite asks for more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import UNSET, Raw

from podium_client import PodiumClient
from podium_client.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.models import (
    Commit,
    CommitPush,
    EventExecution,
    Guarantee,
    PushMessage,
    QueueDetail,
    Task,
    TaskStatus,
    TaskUpdate,
    Workflow,
    WorkflowStatus,
    collect,
)

DEFINITION = {"name": "order", "version": 3, "tasks": [], "ownerEmail": "a@b.c", "big": 2**70}


def make_workflow(workflow_id: str = "w1", **fields: object) -> Workflow:
    return Workflow(
        workflow_id=workflow_id,
        status=WorkflowStatus.RUNNING,
        workflow_definition=Raw(b'{"name":"order","version":1}'),
        **fields,  # type: ignore[arg-type]
    )


def make_task(task_id: str = "t1", **fields: object) -> Task:
    values: dict[str, object] = {
        "reference_task_name": task_id,
        "workflow_instance_id": "w1",
    } | fields
    return Task(task_id=task_id, task_type="ship", status=TaskStatus.SCHEDULED, **values)  # type: ignore[arg-type]


class TestExecutions:
    async def test_a_workflow_goes_there_and_comes_back(self, podium: PodiumClient) -> None:
        made = await podium.executions.create_workflow(make_workflow(input=Raw(b'{"a": 1.00}')))
        assert made.created
        stored = await podium.executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert (bytes(stored.input), stored.updated_time) == (b'{"a": 1.00}', made.updated_time)

    async def test_what_is_not_there_is_none(self, podium: PodiumClient) -> None:
        assert await podium.executions.get_workflow("none") is None
        assert await podium.executions.get_task("none") is None
        assert await podium.executions.get_tasks(["none"]) == []

    async def test_tasks_are_created_updated_and_streamed(self, podium: PodiumClient) -> None:
        await podium.executions.create_workflow(make_workflow())
        tasks = [make_task(f"t{number}") for number in range(5)]
        created = await podium.executions.create_tasks(tasks)
        assert len(created.created_task_ids) == 5
        stamps = await podium.executions.update_tasks([TaskUpdate(task=task) for task in tasks])
        assert len(stamps) == 5
        pages = podium.executions.get_tasks_for_workflow("w1")
        assert len(await collect(pages)) == 5
        assert await podium.executions.remove_task("t1")
        assert len(await podium.executions.get_tasks_by_type("ship", count=10)) == 4

    async def test_a_stale_time_is_a_conflict_that_says_what_to_do(
        self, podium: PodiumClient
    ) -> None:
        await podium.executions.create_workflow(make_workflow())
        with pytest.raises(ConflictError) as caught:
            await podium.executions.update_workflow(make_workflow(), expected_update_time=1)
        text = str(caught.value)
        assert text.startswith("workflow w1 changed since 1 (now ")
        assert text.endswith(") [ABORTED, retry after reading it again]")
        assert caught.value.expected == "1"
        assert caught.value.request_id
        assert caught.value.__notes__ == [f"request id {caught.value.request_id}"]

    async def test_a_commit_creates_pushes_and_tells_its_guarantee(
        self, podium: PodiumClient
    ) -> None:
        push = CommitPush(queue_name="ship", message=PushMessage(id="t1"))
        commit = Commit(
            workflow_id="w1",
            create_workflow=make_workflow(),
            create_tasks=[make_task()],
            pushes=[push],
            request_id="r1",
        )
        first = await podium.executions.commit(commit)
        again = await podium.executions.commit(commit)
        assert first.workflow_created
        assert first.guarantee is Guarantee.ATOMIC
        assert (first.replayed, again.replayed) == (False, True)
        assert await podium.queues.get_size("ship") == 1

    async def test_a_field_that_cannot_be_sent_is_named(self, podium: PodiumClient) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await podium.executions.create_tasks([make_task(), make_task("t2", poll_count=2**40)])
        assert caught.value.field == "tasks[1].poll_count"
        with pytest.raises(InvalidArgumentError) as caught:
            await podium.executions.get_task("\ud800")
        assert caught.value.field == "task_id"

    async def test_event_executions(self, podium: PodiumClient) -> None:
        event = EventExecution(id="e", message_id="m", name="h", event="x:y")
        assert await podium.executions.add_event_execution(event)
        assert not await podium.executions.add_event_execution(event)
        await podium.executions.update_event_execution(event)
        assert await podium.executions.remove_event_execution(event)


class TestDefinitions:
    async def test_a_dict_goes_in_as_it_is(self, podium: PodiumClient) -> None:
        await podium.metadata.create_workflow_def(DEFINITION)
        stored = await podium.metadata.get_workflow_def("order", 3)
        assert stored is not None
        assert (stored.name, stored.version, stored.owner_email) == ("order", 3, "a@b.c")
        assert json.loads(bytes(stored.document)) == DEFINITION

    async def test_a_record_goes_back_byte_for_byte(self, podium: PodiumClient) -> None:
        await podium.metadata.create_task_def({"name": "ship", "timeoutSeconds": 5})
        stored = await podium.metadata.get_task_def("ship")
        assert stored is not None
        await podium.metadata.update_task_def(stored)
        assert await podium.metadata.get_task_def("ship") == stored
        assert await collect(podium.metadata.get_all_task_defs()) == [stored]

    async def test_a_second_one_exists_already(self, podium: PodiumClient) -> None:
        await podium.metadata.create_workflow_def(DEFINITION)
        with pytest.raises(AlreadyExistsError, match=r"exists already \[ALREADY_EXISTS\]"):
            await podium.metadata.create_workflow_def(DEFINITION)

    async def test_an_unknown_one_is_not_found(self, podium: PodiumClient) -> None:
        assert await podium.metadata.get_latest_workflow_def("none") is None
        with pytest.raises(NotFoundError):
            await podium.metadata.remove_workflow_def("none", 1)

    @pytest.mark.parametrize(
        "document", [{}, {"name": float("nan")}, {"name": object()}, {"name": "\ud800"}]
    )
    async def test_what_is_no_definition_never_leaves(
        self, podium: PodiumClient, document: dict[str, object]
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await podium.metadata.create_workflow_def(document)
        assert caught.value.field == "workflow_def.document_json"

    async def test_event_handlers(self, podium: PodiumClient) -> None:
        await podium.event_handlers.add_event_handler({"name": "h", "event": "x:y", "active": True})
        (handler,) = await podium.event_handlers.get_event_handlers_for_event(
            "x:y", active_only=True
        )
        assert (handler.name, handler.event, handler.active) == ("h", "x:y", True)


class TestQueues:
    async def test_a_message_is_pushed_polled_and_acked(self, podium: PodiumClient) -> None:
        await podium.queues.push("q", PushMessage(id="m", payload="", priority=7))
        await podium.queues.push_messages("q", [PushMessage(id="n")])
        first, second = await podium.queues.poll_messages("q", count=2, timeout_ms=1_000)
        assert (first.id, first.payload, first.priority) == ("m", "", 7)
        assert second.payload is UNSET
        assert await podium.queues.ack_messages("q", [("m", first.receipt), ("n", "stale")]) == [
            True,
            False,
        ]
        assert await podium.queues.queues_detail_verbose() == [
            QueueDetail(name="q", size=0, unacked=1)
        ]

    async def test_an_empty_queue_answers_within_the_wait(self, podium: PodiumClient) -> None:
        assert await podium.with_timeout(2).queues.pop("q", count=1, timeout_ms=2_100) == []


async def test_poll_data_limits_and_server_info(podium: PodiumClient) -> None:
    await podium.poll_data.update_last_poll_data("ship", None, "worker")
    poll = await podium.poll_data.get_poll_data("ship", None)
    assert poll is not None
    assert poll.worker_id == "worker"
    assert await podium.poll_data.get_poll_data("ship", "elsewhere") is None
    assert not await podium.concurrency_limits.exceeds_limit(make_task(), limit=1)
    assert await podium.concurrency_limits.exceeds_limit(make_task("t2"), limit=1)
    one_a_minute = {"rate_limit_per_frequency": 1, "rate_limit_frequency_seconds": 60}
    assert not await podium.rate_limits.exceeds_rate_limit_per_frequency(
        make_task(), **one_a_minute
    )
    assert await podium.rate_limits.exceeds_rate_limit_per_frequency(make_task(), **one_a_minute)
    info = await podium.admin.server_info()
    assert info.data_types["executions"].backend_kind == "sqlite"
    assert info.limits.max_read_ids == 10_000
    assert info.commit_guarantee is Guarantee.ATOMIC


async def test_the_examples_of_definitions_are_files(podium: PodiumClient, tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(DEFINITION))
    await podium.metadata.create_workflow_def(json.loads(path.read_text()))
    assert await podium.metadata.get_workflow_versions("order") == [3]
    assert await podium.metadata.get_workflow_names() == ["order"]
