"""Compound reads stop at the first record above the limit of an answer; streams go on to the record that is too large."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import ResultTooLargeError
from podium_core.models import EventHandler, Page, PushMessage, Workflow, WorkflowDef
from podium_core.models.json_text import to_raw
from podium_core.models.search import IndexedMessage, TaskExecLog, Wait
from podium_server.facade.payload_reads import PayloadReads
from tests.contract.daos import Daos
from tests.contract.large_records import stored
from tests.contract.records import (
    make_event_execution,
    make_task,
    make_task_summary,
    make_workflow,
    make_workflow_summary,
)
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS, Settings

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS

LIMIT = 65_536
RECORDS = 12
# So many records are above the limit together, and each half of them is not.
SIZE = LIMIT // 10
TEXT = "x" * SIZE
IDS = [f"t{n:02}" for n in range(RECORDS)]


@pytest.fixture
def settings() -> Settings:
    return {"PODIUM_SERVER__MAX_MESSAGE_BYTES": str(LIMIT)}


async def _tasks(daos: Daos) -> None:
    await daos.executions.create_workflow(make_workflow())
    for id_ in IDS:
        await daos.executions.create_tasks([make_task(id_, input_data=to_raw({"a": TEXT}))])


async def _handlers(daos: Daos) -> None:
    for id_ in IDS:
        text = json.dumps({"name": id_, "event": "e", "active": True, "description": TEXT})
        await daos.event_handlers.add_event_handler(
            EventHandler(document=Raw(text.encode()), name=id_, event="e", active=True)
        )


def _long(number: int) -> str:
    return f"{number:03}" + "x" * 1_000


LONG_NAMES = [_long(number) for number in range(LIMIT // 1_000 + 5)]


async def _workflow_defs(daos: Daos) -> None:
    for name in LONG_NAMES:
        document = Raw(json.dumps({"name": name, "version": 1, "tasks": []}).encode())
        await daos.metadata.create_workflow_def(
            WorkflowDef(document=document, name=name, version=1)
        )


async def _polls(daos: Daos) -> None:
    for domain in LONG_NAMES:
        await daos.poll_data.update_last_poll_data("encode", domain, "worker")


async def _queues(daos: Daos) -> None:
    for name in LONG_NAMES:
        await daos.queues.push(name, PushMessage(id="m"))


async def _logs(daos: Daos) -> None:
    for id_ in IDS:
        log = TaskExecLog(id=id_, task_id="t1", log=TEXT, created_time=1)
        await daos.index.add_task_execution_logs([log], wait=Wait.INDEXED)


async def _events(daos: Daos) -> None:
    for id_ in IDS:
        event = make_event_execution(id_, output=to_raw({"a": TEXT}))
        await daos.index.add_event_execution(event, wait=Wait.INDEXED)


async def _messages(daos: Daos) -> None:
    for id_ in IDS:
        message = IndexedMessage(queue_name="q", message_id=id_, payload=TEXT)
        await daos.index.add_message(message, wait=Wait.INDEXED)


async def _workflow_entries(daos: Daos) -> None:
    for id_ in IDS:
        summary = make_workflow_summary(id_, reason_for_incompletion=TEXT)
        await daos.index.index_workflow(summary, wait=Wait.INDEXED)


async def _task_entries(daos: Daos) -> None:
    for id_ in IDS:
        summary = make_task_summary(id_, reason_for_incompletion=TEXT)
        await daos.index.index_task(summary, wait=Wait.INDEXED)


Fill = Callable[[Daos], Awaitable[None]]
Read = Callable[[Daos], Awaitable[Any]]

READS: dict[str, tuple[Fill, Read]] = {
    "GetWorkflow": (_tasks, lambda d: d.executions.get_workflow("w1", include_tasks=True)),
    "GetTasks": (_tasks, lambda d: d.executions.get_tasks(IDS)),
    "GetTasksByType": (_tasks, lambda d: d.executions.get_tasks_by_type("encode", count=100)),
    "GetEventHandlersForEvent": (
        _handlers,
        lambda d: d.event_handlers.get_event_handlers_for_event("e"),
    ),
    "GetWorkflowNames": (_workflow_defs, lambda d: d.metadata.get_workflow_names()),
    "GetPollDataForTask": (_polls, lambda d: d.poll_data.get_poll_data_for_task("encode")),
    "QueuesDetail": (_queues, lambda d: d.queues.queues_detail()),
    "QueuesDetailVerbose": (_queues, lambda d: d.queues.queues_detail_verbose()),
    "GetTaskExecutionLogs": (_logs, lambda d: d.index.get_task_execution_logs("t1", count=100)),
    "GetEventExecutions": (_events, lambda d: d.index.get_event_executions("sqs:orders")),
    "GetMessages": (_messages, lambda d: d.index.get_messages("q")),
    "SearchWorkflowSummary": (_workflow_entries, lambda d: d.index.search_workflow_summary()),
    "SearchTaskSummary": (_task_entries, lambda d: d.index.search_task_summary()),
}


@pytest.mark.parametrize("name", READS)
async def test_a_compound_read_above_the_limit_is_refused(daos: Daos, name: str) -> None:
    fill, read = READS[name]
    await fill(daos)
    with pytest.raises(ResultTooLargeError) as raised:
        await read(daos)
    assert raised.value.limit_bytes == LIMIT


async def test_half_of_it_comes(daos: Daos) -> None:
    await _tasks(daos)
    half = IDS[: RECORDS // 2]
    assert [task.task_id for task in await daos.executions.get_tasks(half)] == half


class TestPollMessages:
    async def test_leases_only_what_one_answer_holds(self, daos: Daos) -> None:
        for id_ in IDS:
            await daos.queues.push("q", PushMessage(id=id_, payload=TEXT))
        first = await daos.queues.poll_messages("q", count=100)
        assert 1 < len(first) < RECORDS
        assert await daos.queues.peek_first_ids("q", RECORDS) == IDS[len(first) :]
        rest = await daos.queues.poll_messages("q", count=100)
        assert [message.id for message in (*first, *rest)] == IDS
        assert {message.delivery_count for message in (*first, *rest)} == {1}


class TestPayloads:
    async def test_a_payload_named_by_many_tasks_is_read_until_the_limit(self, daos: Daos) -> None:
        await stored(daos.payloads, "task/input/large.json", json.dumps({"a": TEXT}).encode())
        await daos.executions.create_workflow(make_workflow())
        path = "task/input/large.json"
        await daos.executions.create_tasks(
            [make_task(id_, external_input_payload_storage_path=path) for id_ in IDS]
        )
        with pytest.raises(ResultTooLargeError):
            await daos.executions.get_workflow("w1", include_tasks=True, include_payloads=True)
        with pytest.raises(ResultTooLargeError):
            await daos.executions.get_tasks(IDS, include_payloads=True)

    async def test_documents_count_beside_payloads(self, daos: Daos) -> None:
        storage = _Counting(json.dumps({"a": TEXT}).encode())
        reads = PayloadReads(storage, max_bytes=LIMIT)  # type: ignore[arg-type]
        tasks = [
            make_task(
                id_,
                external_input_payload_storage_path=f"task/input/{id_}.json",
                output_data=to_raw({"a": TEXT}),
            )
            for id_ in IDS
        ]
        with pytest.raises(ResultTooLargeError):
            await reads.records(tasks)
        assert storage.chunks <= LIMIT // SIZE // 2 + 1


class _Counting:
    """A payload store that counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        self.chunks = 0
        self._content = content

    async def download(self, path: str) -> AsyncIterator[bytes]:
        del path
        self.chunks += 1
        yield self._content


Stream = Callable[[Daos, str], AsyncIterator[Page[Workflow]]]
WORKFLOWS = ["w1", "w2", "w3"]

STREAMS: dict[str, Stream] = {
    "GetWorkflows": lambda d, token: d.executions.get_workflows(
        WORKFLOWS, include_tasks=True, resume_token=token
    ),
    "GetWorkflowsByCorrelationId": lambda d, token: d.executions.get_workflows_by_correlation_id(
        "order", "c1", include_tasks=True, resume_token=token
    ),
}


async def _collect(pages: AsyncIterator[Page[Workflow]], seen: list[Page[Workflow]]) -> None:
    async for page in pages:
        seen += (page,)


class TestAWorkflowThatIsTooLargeForAStream:
    @pytest.mark.parametrize("name", STREAMS)
    async def test_ends_the_stream_after_all_before_it(self, daos: Daos, name: str) -> None:
        for id_ in WORKFLOWS:
            await daos.executions.create_workflow(make_workflow(id_, correlation_id="c1"))
        for id_ in IDS:
            task = make_task(id_, workflow_id="w2", input_data=to_raw({"a": TEXT}))
            await daos.executions.create_tasks([task])
        seen: list[Page[Workflow]] = []
        with pytest.raises(ResultTooLargeError, match="workflow 'w2' with its tasks"):
            await _collect(STREAMS[name](daos, ""), seen)
        token = seen[-1].resume_token
        assert [w.workflow_id for page in seen for w in page.items] == ["w1"]
        with pytest.raises(ResultTooLargeError, match="'w2'"):
            await anext(STREAMS[name](daos, token))
        for id_ in IDS:
            await daos.executions.remove_task(id_)
        rest = [workflow async for page in STREAMS[name](daos, token) for workflow in page.items]
        assert [workflow.workflow_id for workflow in rest] == ["w2", "w3"]
