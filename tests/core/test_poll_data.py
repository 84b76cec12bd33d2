"""Polls that come together are one write, and what they are of is checked first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from podium_core.errors import BackendUnavailableError, InvalidArgumentError
from podium_core.poll_data import PollDataWrites, PollKey, require_poll_key


class Polls(PollDataWrites):
    """Notes each write; one takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[dict[PollKey, str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failure: Exception | None = None

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        self.writes.append(dict(polls))
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure


class TestUpdate:
    async def test_of_one_key_at_once_the_last_counts(self) -> None:
        polls = Polls()
        workers = [f"w{n}" for n in range(100)]
        await asyncio.gather(*(polls.update_last_poll_data("encode", None, w) for w in workers))
        assert polls.writes == [{("encode", ""): "w99"}]

    async def test_what_comes_during_a_write_is_the_next_one(self) -> None:
        polls = Polls()
        polls.may_end.clear()
        first = asyncio.create_task(polls.update_last_poll_data("a", None, "w"))
        while not polls.writes:
            await asyncio.sleep(0)
        more = [asyncio.create_task(polls.update_last_poll_data(n, "eu", "w")) for n in "bc"]
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(polls.writes) == 1
        polls.may_end.set()
        await asyncio.gather(first, *more)
        assert polls.writes == [{("a", ""): "w"}, {("b", "eu"): "w", ("c", "eu"): "w"}]

    async def test_a_caller_that_is_cancelled_takes_nobody_along(self) -> None:
        polls = Polls()
        polls.may_end.clear()
        calls = [asyncio.create_task(polls.update_last_poll_data(name, None, "w")) for name in "ab"]
        while not polls.writes:
            await asyncio.sleep(0)
        calls[0].cancel()
        polls.may_end.set()
        await calls[1]
        assert polls.writes == [{("a", ""): "w", ("b", ""): "w"}]

    async def test_a_failure_is_that_of_its_own_callers(self) -> None:
        polls = Polls()
        polls.failure = BackendUnavailableError("main", "down")
        with pytest.raises(BackendUnavailableError):
            await polls.update_last_poll_data("a", None, "w")
        polls.failure = None
        await polls.update_last_poll_data("b", None, "w")
        assert polls.writes[-1] == {("b", ""): "w"}

    async def test_a_worker_need_not_be_named_but_its_name_is_checked(self) -> None:
        polls = Polls()
        await polls.update_last_poll_data("a", None, "")
        with pytest.raises(InvalidArgumentError, match="worker_id"):
            await polls.update_last_poll_data("a", None, "w\x00")
        assert polls.writes == [{("a", ""): ""}]


class TestKey:
    @pytest.mark.parametrize("domain", [None, ""])
    def test_without_a_domain(self, domain: str | None) -> None:
        assert require_poll_key("encode", domain) == ("encode", "")

    @pytest.mark.parametrize(
        ("name", "domain", "field"),
        [("", None, "task_def_name"), ("a", "DEFAULT", "domain"), ("a", "x\x00", "domain")],
    )
    def test_is_refused_with_its_field(self, name: str, domain: str | None, field: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            require_poll_key(name, domain)
        assert caught.value.field == field
