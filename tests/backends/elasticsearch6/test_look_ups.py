"""Log lines, events and messages in their time slices: their order, and one entry of each id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.models import TaskExecLog
from podium_core.paging.read_budget import ReadBudget
from tests.backends.elasticsearch6.served import Served, served
from tests.clock import FakeClock

LOG = EntryKind.TASK_LOG
# A Sunday at midnight, with which a week begins: 2023-11-19 in GMT.
SUNDAY_MS = 1_700_352_000_000
MINUTE_MS = 60_000
BEFORE, AFTER = "20231103", "20231104"
LINES = 10


@pytest.fixture
async def server(elasticsearch_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(elasticsearch_url, tmp_path, FakeClock(SUNDAY_MS)) as opened:
        yield opened


class TestOrder:
    async def lines_of_three_tasks(self, server: Served) -> None:
        wanted = {task: [f"{task} {at}" for at in range(LINES)] for task in ("t1", "t2", "t3")}
        for task, lines in wanted.items():
            logs = [TaskExecLog(task_id=task, log=line, created_time=SUNDAY_MS) for line in lines]
            await server.index.add_task_execution_logs(logs)
        for task, lines in wanted.items():
            found = await server.index.get_task_execution_logs(task, count=100)
            assert [line.log for line in found] == lines

    async def test_of_one_call_and_millisecond(self, server: Served) -> None:
        await self.lines_of_three_tasks(server)

    async def test_in_an_index_of_five_shards_as_java_makes_it(self, server: Served) -> None:
        body = {"settings": {"index": {"number_of_shards": 5, "number_of_replicas": 0}}}
        await server.cluster.ask("PUT", f"/{server.cluster.names.prefix}_task_log_{AFTER}", body)
        await self.lines_of_three_tasks(server)


class TestRepeats:
    """The same line again, when another slice has begun: a writer died before it knew that the first was there."""

    def line(self, time_ms: int, text: str, id_: str = "l1") -> IndexWrite:
        document = b'{"taskId":"t1","createdTime":%d,"log":"%b"}' % (SUNDAY_MS, text.encode())
        return IndexWrite(kind=LOG, id=id_, token=time_ms * 1_000, document=document)

    async def found(self, server: Served) -> list[tuple[str, bytes]]:
        await server.table.refresh()
        return await server.table.records(LOG, "t1", 100, ReadBudget(1_000_000))

    async def slices(self, server: Served) -> list[str]:
        pattern = server.cluster.names.indices(LOG)
        indices = await server.cluster.ask("GET", f"/{pattern}/_settings")
        return sorted(name.rpartition("_")[2] for name in indices)

    @pytest.mark.parametrize("searchable", [False, True])
    async def test_replace_it_in_its_slice(self, server: Served, searchable: bool) -> None:
        first = self.line(SUNDAY_MS - MINUTE_MS, "first")
        later_ms = SUNDAY_MS + (5 * 60 * MINUTE_MS if searchable else MINUTE_MS)
        await server.table.send([first])
        if searchable:
            await server.table.refresh()
        again = self.line(later_ms, "again")
        (answer,) = await server.table.send([again])
        assert answer.was_there
        assert await self.found(server) == [("l1", again.document)]
        assert await self.slices(server) == [BEFORE]

    async def test_a_new_line_goes_into_the_new_slice(self, server: Served) -> None:
        """Right after its begin the slice before is asked, which may never have been made."""
        await server.table.send([self.line(SUNDAY_MS + MINUTE_MS, "new")])
        assert await self.slices(server) == [AFTER]
        await server.table.send([self.line(SUNDAY_MS - MINUTE_MS, "old", "l2")])
        assert await self.slices(server) == [BEFORE, AFTER]
        assert [id_ for id_, _ in await self.found(server)] in (["l1", "l2"], ["l2", "l1"])
