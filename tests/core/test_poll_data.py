"""Polls that come together are one write, and what they are of is checked first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest

from podium_core.errors import BackendUnavailableError, InvalidArgumentError, ResultTooLargeError
from podium_core.models import Page, PollData, collect
from podium_core.paging.read_budget import ReadBudget
from podium_core.paging.resume_token import resume_token
from podium_core.poll_data import TablePollDataDAO
from podium_core.ports import PollDataTable
from podium_core.ports.poll_data_table import PollKey


@dataclass
class Polls:
    """A table that notes each write; one takes as long as the test wants.

    Attributes:
        called: The reads that were asked for.
    """

    writes: list[dict[PollKey, str]] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    called: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_end.set()

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        self.writes.append(dict(polls))
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure

    async def poll(self, key: PollKey) -> PollData | None:
        self.called.append(key)
        return None

    async def polls_of_task(self, task_def_name: str, budget: ReadBudget) -> list[PollData]:
        self.called.append(task_def_name)
        budget.take(len(task_def_name))
        return []

    async def polls(self, after: PollKey) -> AsyncIterator[Page[PollData]]:
        self.called.append(after)
        yield Page(items=())


_: type[PollDataTable] = Polls


@pytest.fixture
def table() -> Polls:
    return Polls()


@pytest.fixture
def dao(table: Polls) -> TablePollDataDAO:
    return TablePollDataDAO(table)


class TestUpdate:
    async def test_of_one_key_at_once_the_last_counts(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        workers = [f"w{n}" for n in range(100)]
        await asyncio.gather(*(dao.update_last_poll_data("encode", None, w) for w in workers))
        assert table.writes == [{("encode", ""): "w99"}]

    async def test_what_comes_during_a_write_is_the_next_one(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        table.may_end.clear()
        first = asyncio.create_task(dao.update_last_poll_data("a", None, "w"))
        while not table.writes:
            await asyncio.sleep(0)
        more = [asyncio.create_task(dao.update_last_poll_data(n, "eu", "w")) for n in "bc"]
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(table.writes) == 1
        table.may_end.set()
        await asyncio.gather(first, *more)
        assert table.writes == [{("a", ""): "w"}, {("b", "eu"): "w", ("c", "eu"): "w"}]

    async def test_a_caller_that_is_cancelled_takes_nobody_along(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        table.may_end.clear()
        calls = [asyncio.create_task(dao.update_last_poll_data(name, None, "w")) for name in "ab"]
        while not table.writes:
            await asyncio.sleep(0)
        calls[0].cancel()
        table.may_end.set()
        await calls[1]
        assert table.writes == [{("a", ""): "w", ("b", ""): "w"}]

    async def test_a_failure_is_that_of_its_own_callers(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        table.failure = BackendUnavailableError("main", "down")
        with pytest.raises(BackendUnavailableError):
            await dao.update_last_poll_data("a", None, "w")
        table.failure = None
        await dao.update_last_poll_data("b", None, "w")
        assert table.writes[-1] == {("b", ""): "w"}

    async def test_a_worker_need_not_be_named_but_its_name_is_checked(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        await dao.update_last_poll_data("a", None, "")
        with pytest.raises(InvalidArgumentError, match="worker_id"):
            await dao.update_last_poll_data("a", None, "w\x00")
        assert table.writes == [{("a", ""): ""}]

    async def test_a_name_that_the_store_can_not_keep_takes_nobody_along(
        self, table: Polls
    ) -> None:
        def require_short(name: str, field: str) -> str:
            if len(name) > 1:
                raise InvalidArgumentError(field, "is long")
            return name

        dao = TablePollDataDAO(table, require_stored_name=require_short)
        good = dao.update_last_poll_data("a", None, "w")
        bad = dao.update_last_poll_data("aa", None, "w")
        with pytest.raises(InvalidArgumentError) as caught:
            await asyncio.gather(good, bad)
        assert caught.value.field == "task_def_name"
        await dao.update_last_poll_data("b", None, "w")
        assert {key for write in table.writes for key in write} == {("a", ""), ("b", "")}


BAD_KEYS = [
    ("", None, "task_def_name"),
    ("a\x00b", None, "task_def_name"),
    ("a", "DEFAULT", "domain"),
    ("a", "x\x00", "domain"),
]


class TestKey:
    @pytest.mark.parametrize("domain", [None, ""])
    async def test_without_a_domain(
        self, table: Polls, dao: TablePollDataDAO, domain: str | None
    ) -> None:
        await dao.update_last_poll_data("encode", domain, "w")
        await dao.get_poll_data("encode", domain)
        assert (table.writes, table.called) == ([{("encode", ""): "w"}], [("encode", "")])

    @pytest.mark.parametrize(("name", "domain", "field"), BAD_KEYS)
    async def test_is_refused_with_its_field(
        self, table: Polls, dao: TablePollDataDAO, name: str, domain: str | None, field: str
    ) -> None:
        calls = (dao.update_last_poll_data(name, domain, "w"), dao.get_poll_data(name, domain))
        for call in calls:
            with pytest.raises(InvalidArgumentError) as caught:
                await call
            assert caught.value.field == field
        assert (table.writes, table.called) == ([], [])


class TestReads:
    async def test_of_a_task_that_has_a_name(self, table: Polls, dao: TablePollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await dao.get_poll_data_for_task("")
        assert (caught.value.field, table.called) == ("task_def_name", [])

    async def test_of_a_task_within_an_answer(self, table: Polls) -> None:
        dao = TablePollDataDAO(table, max_answer_bytes=6)
        assert await dao.get_poll_data_for_task("encode") == []
        with pytest.raises(ResultTooLargeError):
            await dao.get_poll_data_for_task("encoder")

    async def test_of_all_go_on_where_their_token_says(
        self, table: Polls, dao: TablePollDataDAO
    ) -> None:
        await collect(dao.get_all_poll_data())
        await collect(dao.get_all_poll_data(resume_token=resume_token("a", "eu")))
        assert table.called == [("", ""), ("a", "eu")]
        with pytest.raises(InvalidArgumentError):
            dao.get_all_poll_data(resume_token=resume_token(1))
