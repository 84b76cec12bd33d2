"""Copying an index: every kind, in pages, gone on with where it ended; and the command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.errors import BackendUnavailableError, InvalidArgumentError
from podium_core.index import EntryKind
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import IndexTable
from podium_server.cli.run import run
from podium_server.reconcile.index_copy import CopyReport, IndexCopy, RefusedEntry
from tests.server.copied_index import COUNT, MANY, all_of, fill, table_in, write
from tests.server.scripted_index import ScriptedIndex

WORKFLOW, LOG = EntryKind.WORKFLOW, EntryKind.TASK_LOG
CONFIG = """
[stores.main]
kind = "sqlite"
path = "main.db"
[stores.other]
kind = "sqlite"
path = "other/other.db"
[stores.files]
kind = "local_files"
[routing]
default = "main"
payloads = "files"
"""


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[IndexTable]:
    async with table_in(tmp_path / "main.db") as table:
        await fill(table)
        yield table


async def reports(copy: IndexCopy, token: str = "") -> list[CopyReport]:
    return [report async for report in copy.run(token)]


async def test_every_kind_is_equal(source: IndexTable, tmp_path: Path) -> None:
    async with table_in(tmp_path / "other.db") as target:
        last = (await reports(IndexCopy(source, target)))[-1]
        assert (last.read, last.copied, last.resume_token) == (COUNT, COUNT, "")
        assert await all_of(target) == await all_of(source)
        # Lines of one millisecond stay in their order, which isn't that of their ids.
        lines = await target.records(LOG, "t", 10_000, ReadBudget(1_000_000))
        assert [id_ for id_, _ in lines] == [write(LOG, number).id for number in range(MANY)]
        # Again: nothing changes.
        assert (await reports(IndexCopy(source, target)))[-1].copied == COUNT
        assert await all_of(target) == await all_of(source)


async def test_newer_entries_of_the_target_stay(source: IndexTable) -> None:
    target = ScriptedIndex()
    id_ = write(WORKFLOW, 1).id
    target.holds(WORKFLOW, id_, b'{"newer":1}', token=2**60)
    last = (await reports(IndexCopy(source, target)))[-1]
    assert (last.newer, last.copied) == (1, last.read - 1)
    assert target.document(WORKFLOW, id_) == {"newer": 1}
    assert target.refreshes == 1


async def test_what_the_target_refuses_is_said(source: IndexTable) -> None:
    target = ScriptedIndex()
    id_ = write(LOG, 3).id
    target.refuses.add(id_)
    found = await reports(IndexCopy(source, target))
    assert [one for report in found for one in report.refused if one.kind is LOG] == [
        RefusedEntry(LOG, id_, "it is too odd")
    ]
    assert found[-1].refused_count == sum(len(report.refused) for report in found)


async def test_it_goes_on_where_it_ended(source: IndexTable) -> None:
    """At every page the target goes away."""
    target = ScriptedIndex()
    copy, token, ended = IndexCopy(source, target), "", 0
    while True:
        target.is_down = False
        running = copy.run(token)
        report = await anext(running)
        token, ended = report.resume_token, ended + 1
        if not token:
            break
        target.is_down = True
        with pytest.raises(BackendUnavailableError):
            await anext(running)
    # Three pages of two kinds, and one of each other; a page that is full may be the last.
    assert ended >= 3 * 2 + 3
    assert report.read == report.copied == COUNT == len(target.sent)
    assert len(target.entries_by_key) == report.read
    with pytest.raises(InvalidArgumentError):
        await reports(copy, "no token")


class TestCommand:
    @pytest.fixture(autouse=True)
    def configured(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "podium.toml").write_text(CONFIG)
        (tmp_path / "other").mkdir()

    async def _filled(self, folder: Path) -> None:
        async with table_in(folder / "main.db") as table:
            await table.send([write(kind, 1) for kind in EntryKind])

    async def test_copies(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        await self._filled(tmp_path)
        assert await asyncio.to_thread(run, ["index", "copy", "main", "other"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("5 entries read: 5 copied, 0 newer there, 0 refused (")
        async with (
            table_in(tmp_path / "main.db") as before,
            table_in(tmp_path / "other" / "other.db") as after,
        ):
            assert await all_of(after) == await all_of(before)

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["main", "main"], "podium: 'main' can't be copied to itself\n"),
            (
                ["main", "files"],
                "podium: no store 'files' that can hold an index; there are: main, other\n",
            ),
            (
                ["gone", "main"],
                "podium: no store 'gone' that can hold an index; there are: main, other\n",
            ),
            (
                ["main", "other", "--resume", "x"],
                "podium: resume_token: is not a token of this stream\n",
            ),
        ],
    )
    def test_mistakes(
        self, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["index", "copy", *arguments]) == 2
        assert capsys.readouterr().err == line
