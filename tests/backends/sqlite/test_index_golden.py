"""Conductor's own run against Elasticsearch, made again: the same documents after each step, the same answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from podium_backends.sqlite.index.index_file import IndexFile
from podium_core.errors import NotFoundError
from podium_core.index import EntryKind
from podium_core.models import EventExecutionStatus
from tests.backends.sqlite.indexes import opened_index
from tests.clock import FakeClock
from tests.core.query.golden import documents, golden
from tests.golden.index_run import (
    KEPT_HERE,
    LAST_BEFORE_SEARCHES,
    RUN_AT_MS,
    STEPS,
    expect_right_or_refused,
    expect_sound_searches,
    expected,
    make,
    stored,
)


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[IndexFile]:
    async with opened_index(tmp_path / "index.db", FakeClock(RUN_AT_MS)) as opened:
        yield opened


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


async def test_searches_find_what_conductor_found_or_should_have(index: IndexFile) -> None:
    for step in STEPS[: LAST_BEFORE_SEARCHES + 1]:
        await make(index, step)
    assert len(await stored(index, EntryKind.WORKFLOW)) == len(documents("workflow"))
    await expect_sound_searches(index)
    await expect_right_or_refused(index)
