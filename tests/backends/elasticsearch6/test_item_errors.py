"""What Elasticsearch refuses, for a while or for good: everything else is stored, and what can be is stored afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import BackendUnavailableError, InvalidArgumentError
from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.models import EventExecution, Wait
from podium_core.models.json_text import raw_text, to_raw
from podium_core.reconcile import IndexDifference, IndexProblem
from tests.backends.elasticsearch6.served import Served, served
from tests.contract.eventually import eventually
from tests.contract.records import (
    make_event_execution,
    make_task,
    make_task_summary,
    make_workflow,
    make_workflow_summary,
)

# Longer than any test waits for a write that the index takes.
A_RETRY_SECONDS = 0.5


@pytest.fixture
async def server(elasticsearch_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(elasticsearch_url, tmp_path) as opened:
        yield opened


def put(id_: str, document: bytes, *, kind: EntryKind = EntryKind.WORKFLOW) -> IndexWrite:
    """An entry as of now."""
    return IndexWrite(kind=kind, id=id_, token=time.time_ns() // 1_000, document=document)


async def stored(server: Served, ids: Sequence[str]) -> list[str]:
    """Those of which the index has an entry of a workflow."""
    heads = await server.table.heads(EntryKind.WORKFLOW, ids)
    return [head.id for head in heads if head is not None]


def nested(levels: int) -> bytes:
    """An array of so many levels."""
    return b"[" * levels + b"]" * levels


class TestForAWhile:
    """An index that can't be written: its marks wait, the others don't."""

    async def disturbed(self, server: Served, method: str, path: str, body: Any = None) -> str:
        """Disturb the index of workflows, write, and give its name."""
        workflows = server.cluster.names.indices(EntryKind.WORKFLOW)
        await server.index.index_workflow(make_workflow_summary("before", output="old"))
        await server.cluster.ask(method, f"/{workflows}{path}", body)
        fields = to_raw({"output": "new"})
        await server.index.update_workflow("before", fields, wait=Wait.ACCEPTED)
        await server.executions.create_workflow(make_workflow("w1"))
        await server.executions.create_tasks([make_task()])
        await server.index.index_task(make_task_summary("other"))

        async def tasks() -> int:
            return (await server.index.search_tasks()).total_hits

        await eventually(tasks, lambda count: count == 2)
        await asyncio.sleep(A_RETRY_SECONDS)
        assert await server.failures() == []
        return workflows

    async def settled(self, server: Served) -> None:
        await server.at_rest()
        assert await server.failures() == []
        assert await stored(server, ["w1"]) == ["w1"]
        (entry,) = await server.table.entries(EntryKind.WORKFLOW, ["before"])
        assert entry is not None
        assert b'"output":"new"' in entry.document
        assert await server.differences() == []

    async def test_the_block_of_a_full_disk(self, server: Served) -> None:
        block = "index.blocks.read_only_allow_delete"
        workflows = await self.disturbed(server, "PUT", "/_settings", {block: True})
        assert await stored(server, ["w1", "before"]) == ["before"]
        await server.cluster.ask("PUT", f"/{workflows}/_settings", {block: None})
        await self.settled(server)

    async def test_a_closed_index(self, server: Served) -> None:
        """It says nothing of what it holds, not that it holds nothing."""
        workflows = await self.disturbed(server, "POST", "/_close")
        with pytest.raises(BackendUnavailableError, match="index_closed"):
            await server.table.heads(EntryKind.WORKFLOW, ["before"])
        with pytest.raises(BackendUnavailableError, match="index_closed"):
            await server.table.entries(EntryKind.WORKFLOW, ["before"])
        await server.cluster.ask("POST", f"/{workflows}/_open")
        await self.settled(server)

    async def test_an_index_that_is_deleted_while_we_run(self, server: Served) -> None:
        await server.index.index_workflow(make_workflow_summary("before"))
        await server.executions.create_workflow(make_workflow("w1"))
        await server.at_rest()
        workflows = server.cluster.names.indices(EntryKind.WORKFLOW)
        before = await server.cluster.ask("GET", f"/{workflows}/_mapping")
        await server.cluster.ask("DELETE", f"/{workflows}")
        assert await stored(server, ["w1", "before"]) == []
        assert (await server.index.search_workflows()).total_hits == 0
        await server.index.index_workflow(make_workflow_summary("after"))
        assert await server.cluster.ask("GET", f"/{workflows}/_mapping") == before
        missing = IndexDifference(EntryKind.WORKFLOW, "w1", IndexProblem.MISSING)
        assert await server.differences() == [missing]
        assert await server.repair() == 1
        assert await server.differences() == []


class TestForGood:
    async def test_an_id_of_513_bytes_among_200(self, server: Served) -> None:
        ids = [f"w{number}" for number in range(198)]
        ids[100:100] = ["x" * 512, "é" * 256 + "x"]
        answers = await server.table.send([put(id_, b"{}") for id_ in ids])
        refused = {at: answer.refused for at, answer in enumerate(answers) if answer.refused}
        assert refused == {101: "its id is longer than 512 bytes"}
        assert not any(answer.away or answer.stale for answer in answers)
        del ids[101]
        assert await stored(server, ids) == ids

    async def test_it_is_set_aside_alone(self, server: Served) -> None:
        tasks = [make_task(id_) for id_ in ("t1", "t" * 513, "t2")]
        await server.executions.create_workflow(make_workflow())
        await server.executions.create_tasks(tasks)
        await server.at_rest()
        (failure,) = await server.failures()
        assert (failure.id, failure.reason) == (
            "t" * 513,
            "the index refuses it: its id is longer than 512 bytes",
        )
        assert sorted((await server.index.search_tasks()).results) == ["t1", "t2"]

    async def test_a_document_of_101_mebibytes(self, server: Served) -> None:
        large = b'{"input":"%b"}' % (b"x" * (101 * 1024 * 1024))
        writes = [put("before", b"{}"), put("large", large), put("after", b"{}")]
        answers = await server.table.send(writes)
        assert [answer.refused for answer in answers] == ["", "it is too large", ""]
        assert await stored(server, [write.id for write in writes]) == ["before", "after"]

    async def test_a_keyword_of_33_000_bytes_is_stored_and_not_searched(
        self, server: Served
    ) -> None:
        text = "k" * 33_000
        await server.executions.create_workflow(make_workflow("long", correlation_id=text))
        await server.executions.create_workflow(make_workflow("short", correlation_id="k"))
        await server.at_rest()
        found = await server.index.search_workflow_summary("workflowId = 'long'")
        assert [summary.correlation_id for summary in found.results] == [text]
        assert (await server.index.search_workflows("correlationId = 'k'")).results == ("short",)
        assert (await server.index.search_workflows(f"correlationId = '{text}'")).total_hits == 0
        assert await server.failures() == []
        assert await server.differences() == []

    async def test_512_levels_and_513(self, server: Served) -> None:
        whole = b'{"a":%b}'
        writes = [put("deep", whole % nested(511)), put("deeper", whole % nested(512))]
        answers = await server.table.send([*writes, put("after", b"{}")])
        assert [answer.refused for answer in answers] == ["", "it has more than 512 levels", ""]
        (entry,) = await server.table.entries(EntryKind.WORKFLOW, ["deep"])
        assert entry is not None
        assert entry.document == writes[0].document

    async def test_levels_of_an_output(self, server: Served) -> None:
        def event(id_: str, levels: int) -> EventExecution:
            return make_event_execution(id_, output=Raw(b'{"a":%b}' % nested(levels)))

        await server.index.add_event_execution(event("deep", 510))
        with pytest.raises(InvalidArgumentError, match="more than 512 levels"):
            await server.index.add_event_execution(event("deeper", 511))
        await server.index.add_event_execution(event("deepest", 511), wait=Wait.ACCEPTED)
        await server.index.add_event_execution(event("flat", 1))
        await server.at_rest()
        (failure,) = await server.failures()
        assert "more than 512 levels" in failure.reason
        found = await server.index.get_event_executions("sqs:orders")
        assert {event.id for event in found} == {"deep", "flat"}

    async def test_outputs_of_every_shape(self, server: Served) -> None:
        """By dynamic mapping the first would decide what the others have to be."""
        shapes = ({"a": 1}, {"a": {"b": 1}}, {"a": "x"}, {"a": [1, "x"]}, {"a": None}, {"a.b": 1})
        outputs = {f"e{number}": shape for number, shape in enumerate(shapes)}
        for id_, output in outputs.items():
            event = make_event_execution(id_, output=to_raw(output))
            await server.index.add_event_execution(event)
        found = await server.index.get_event_executions("sqs:orders")
        assert {event.id: raw_text(event.output) for event in found} == {
            id_: raw_text(to_raw(output)) for id_, output in outputs.items()
        }
