"""Conductor's own run against Elasticsearch, made again: the same documents after each step, the same answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from podium_backends.sqlite.index.index_file import IndexFile
from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.index import EntryKind, IndexChange, Put
from podium_core.models import EventExecutionStatus, IndexedMessage, TaskExecLog, Wait
from podium_core.query import QueryError
from tests.backends.sqlite.indexes import opened_index
from tests.clock import FakeClock
from tests.core.query.golden import documents, golden
from tests.core.query.test_golden_searches import REFUSED_HERE, SOUND
from tests.table_writes import TableWrites

STEPS = golden()["docs_after_each_step"]
# The searches were made after this one.
LAST_BEFORE_SEARCHES = max(n for n, step in enumerate(STEPS) if step["method"] == "removeTask")
# What Elasticsearch lost without a word, and is kept here: a long keyword, a large number, a number that was a text before,
# a time that is no date.
KEPT_HERE = {
    "hé1.sqs:evént.msg-1.evt_0",
    "aaaaaaaa-0000-4000-8000-000000000061",
    "h1.sqs:evént.msg-b.evt_b",
    "h1.sqs:evént.msg-c.evt_c",
    "00000050-1111-4111-8111-111111111111",
}
RUN_AT_MS = 1_795_475_108_000  # 2026-11-23T23:05Z


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[IndexFile]:
    async with opened_index(tmp_path / "index.db", FakeClock(RUN_AT_MS)) as opened:
        yield opened


async def make(index: IndexFile, step: dict[str, Any]) -> None:
    """One of Conductor's writes."""
    args, dao = step["args"], TableWrites(index.table)
    match step["method"]:
        case "indexWorkflow":
            await _put(index, EntryKind.WORKFLOW, args[0]["workflowId"], args[0])
        case "indexTask":
            # The argument is cut short where it is long; what was sent is whole.
            document = step["http_requests"][0]["body"].split("\n")[1]
            await _put(index, EntryKind.TASK, json.loads(document)["taskId"], json.loads(document))
        case "updateWorkflow":
            await _update(lambda fields: dao.update_workflow(args[0], fields), args[1], args[2])
        case "updateTask":
            id_, task_id, keys, values = args
            await _update(lambda fields: dao.update_task(id_, task_id, fields), keys, values)
        case "removeWorkflow":
            await dao.remove_workflow(args[0])
        case "removeTask":
            await dao.remove_task(args[0], args[1])
        case "addTaskExecutionLogs":
            await dao.add_task_execution_logs(
                [msgspec.convert(log, TaskExecLog) for log in args[0]]
            )
        case "addEventExecution":
            event = args[0]
            id_ = f"{event['name']}.{event['event']}.{event['messageId']}.{event['id']}"
            await _put(index, EntryKind.EVENT, id_, event)
        case "addMessage":
            message = IndexedMessage(
                message_id=args[1]["id"], payload=args[1]["payload"], queue_name=args[0]
            )
            await dao.add_message(message)
        case method:
            raise AssertionError(method)


async def _put(index: IndexFile, kind: EntryKind, id_: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False).encode()
    await TableWrites(index.table).write(
        [IndexChange(kind, id_, Put(Raw(text)))], wait=Wait.INDEXED
    )


async def _update(update: Callable[[Raw], Any], keys: list[str], values: list[Any]) -> None:
    # Conductor only logs that the entry isn't there, that keys and values don't match, that a value is null.
    with suppress(NotFoundError, InvalidArgumentError, ValueError):
        await update(Raw(json.dumps(dict(zip(keys, values, strict=True))).encode()))


async def stored(index: IndexFile, kind: EntryKind) -> dict[str, Any]:
    """All documents of a kind, by id."""
    ids = [head.id for head in (await index.table.scan(kind)).heads]
    entries = await index.table.entries(kind, ids)
    return {entry.id: json.loads(entry.document) for entry in entries if entry}


def expected(step: dict[str, Any], kind: EntryKind) -> dict[str, Any]:
    return {each["id"]: each["source"] for each in step["docs_after"] if each["type"] == kind}


async def test_the_documents_after_each_step_are_the_same(index: IndexFile) -> None:
    for number, step in enumerate(STEPS):
        await make(index, step)
        for kind in (EntryKind.WORKFLOW, EntryKind.TASK, EntryKind.EVENT):
            found = await stored(index, kind)
            found = {id_: each for id_, each in found.items() if id_ not in KEPT_HERE}
            assert found == expected(step, kind), (number, kind)


async def test_what_is_looked_up_is_the_same(index: IndexFile) -> None:
    for step in STEPS[: LAST_BEFORE_SEARCHES + 1]:
        await make(index, step)
    for read in golden()["searches"]:
        args = read["args"]
        match read["method"]:
            case "get":
                found = await index.reads.get(args[0], args[1])
                text = None if found is None else msgspec.json.decode(found)
                assert (text if text is None else str(text)) == read["result"]
            case "getTaskExecutionLogs":
                logs = await index.reads.get_task_execution_logs(args[0])
                assert [log.log for log in logs] == [each["log"] for each in read["result"]]
            case "getEventExecutions":
                events = await index.reads.get_event_executions(args[0])
                assert [event.id for event in events] == [each["id"] for each in read["result"]]
                assert [event.status for event in events] == [EventExecutionStatus.COMPLETED]
            case "getMessages":
                messages = await index.reads.get_messages(args[0])
                # A message that is added again is the same one here.
                assert {m.message_id for m in messages} == {m["id"] for m in read["result"]}
            case "searchArchivableWorkflows" if "result" in read:
                ids = await index.reads.search_archivable_workflows(args[1], index_name=args[0])
                assert ids == read["result"]
            case "searchArchivableWorkflows":
                with pytest.raises(NotFoundError, match="no_such_index"):
                    await index.reads.search_archivable_workflows(args[1], index_name=args[0])


async def search(index: IndexFile, read: dict[str, Any]) -> tuple[int, list[str]]:
    """Total and ids of one of Conductor's searches."""
    query, free_text, *page = read["args"]
    query, free_text = query or "", free_text or ""
    if read["method"] == "getWorkflowCount":
        return await index.reads.get_workflow_count(query, free_text), []
    start, count, sort = page
    arguments: dict[str, Any] = {"start": start, "count": count, "sort": sort or ()}
    match read["method"]:
        case "searchWorkflows":
            ids = await index.reads.search_workflows(query, free_text, **arguments)
        case "searchTasks":
            ids = await index.reads.search_tasks(query, free_text, **arguments)
        case "searchWorkflowSummary":
            workflows = await index.reads.search_workflow_summary(query, free_text, **arguments)
            return workflows.total_hits, [str(each.workflow_id) for each in workflows.results]
        case _:
            tasks = await index.reads.search_task_summary(query, free_text, **arguments)
            return tasks.total_hits, [str(each.task_id) for each in tasks.results]
    return ids.total_hits, list(ids.results)


async def test_sound_searches_find_the_same_in_the_same_order(index: IndexFile) -> None:
    for step in STEPS[: LAST_BEFORE_SEARCHES + 1]:
        await make(index, step)
    assert len(await stored(index, EntryKind.WORKFLOW)) == len(documents("workflow"))
    reads = {read["n"]: read for read in golden()["searches"]}
    for sound in SOUND:
        read = reads[sound.number]
        total, found = await search(index, read)
        assert total == sound.total, read["args"]
        if not isinstance(read["result"], dict):
            continue
        wanted = [
            each if isinstance(each, str) else each[f"{sound.kind}Id"]
            for each in read["result"]["results"]
        ]
        if sound.sort:
            assert found == wanted, read["args"]
        elif len(wanted) == total:
            assert set(found) == set(wanted), read["args"]


async def test_what_is_no_query_is_refused_with_its_place(index: IndexFile) -> None:
    reads = {read["n"]: read for read in golden()["searches"]}
    for number, (field, position) in REFUSED_HERE.items():
        with pytest.raises(QueryError) as caught:
            await search(index, reads[number])
        assert (caught.value.field, caught.value.position) == (field, position)
