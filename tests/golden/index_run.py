"""Conductor's recorded run against Elasticsearch, made again on an index: its writes, its searches, and what they gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import msgspec
import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.index import EntryKind, IndexChange, Put
from podium_core.models import IndexedMessage, TaskExecLog, Wait
from podium_core.ports import IndexTable
from podium_core.query import QueryError
from podium_core.searching import IndexReads
from tests.core.query.golden import golden, searches
from tests.core.query.test_golden_searches import REFUSED_HERE, RIGHT_HERE, SOUND
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

# Pages that no index gives, and what the error says; by the number of the search.
BAD_PAGES: Mapping[int, str] = {179: "start", 181: "count"}


class GoldenIndex(Protocol):
    """An index: its table, and the reads of IndexDAO on it."""

    @property
    def table(self) -> IndexTable: ...

    @property
    def reads(self) -> IndexReads: ...


async def make(index: GoldenIndex, step: dict[str, Any]) -> None:
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


async def _put(index: GoldenIndex, kind: EntryKind, id_: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False).encode()
    await TableWrites(index.table).write(
        [IndexChange(kind, id_, Put(Raw(text)))], wait=Wait.INDEXED
    )


async def _update(update: Callable[[Raw], Any], keys: list[str], values: list[Any]) -> None:
    # Conductor only logs that the entry isn't there, that keys and values don't match, that a value is null.
    with suppress(NotFoundError, InvalidArgumentError, ValueError):
        await update(Raw(json.dumps(dict(zip(keys, values, strict=True))).encode()))


async def stored(index: GoldenIndex, kind: EntryKind) -> dict[str, Any]:
    """All documents of a kind, by id."""
    ids = [head.id for head in (await index.table.scan(kind)).heads]
    entries = await index.table.entries(kind, ids)
    return {entry.id: json.loads(entry.document) for entry in entries if entry}


def expected(step: dict[str, Any], kind: EntryKind) -> dict[str, Any]:
    return {each["id"]: each["source"] for each in step["docs_after"] if each["type"] == kind}


async def search(index: GoldenIndex, read: dict[str, Any]) -> tuple[int, list[str]]:
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


def wanted_ids(read: dict[str, Any], kind: str) -> list[str]:
    """What one of Conductor's searches gave, in its order."""
    results = read["result"]["results"]
    return [each if isinstance(each, str) else each[f"{kind}Id"] for each in results]


async def expect_sound_searches(index: GoldenIndex) -> None:
    """Each search that was right in Java finds the same, in the same order where one was asked for."""
    reads = {read["n"]: read for read in golden()["searches"]}
    for sound in SOUND:
        read = reads[sound.number]
        total, found = await search(index, read)
        assert total == sound.total, read["args"]
        if not isinstance(read["result"], dict):
            continue
        wanted = wanted_ids(read, sound.kind)
        if sound.sort:
            assert found == wanted, read["args"]
        elif len(wanted) == total:
            assert set(found) == set(wanted), read["args"]


async def expect_right_or_refused(
    index: GoldenIndex, *, bad_pages: Mapping[int, str] = BAD_PAGES
) -> None:
    """Each that was wrong is right, or an error that names the place, or the field of a page that can't be."""
    reads = {read["n"]: read for read in golden()["searches"]}
    for each in searches():
        if each.number in REFUSED_HERE:
            with pytest.raises(QueryError) as caught:
                await search(index, reads[each.number])
            assert (caught.value.field, caught.value.position) == REFUSED_HERE[each.number]
        elif each.number in bad_pages:
            with pytest.raises(InvalidArgumentError, match=bad_pages[each.number]):
                await search(index, reads[each.number])
        elif each.number in RIGHT_HERE:
            total, found = await search(index, reads[each.number])
            cut = slice(0, 8) if each.kind == "workflow" else slice(-2, None)
            numbers = {int(id_[cut]) for id_ in found}
            assert total == len(RIGHT_HERE[each.number]), each
            # Some ask for one page only.
            assert numbers <= RIGHT_HERE[each.number], each
