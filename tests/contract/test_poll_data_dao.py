"""PollDataDAO: the last poll of each task definition and domain."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import UNSET

from podium_core.clock import system_clock_ms
from podium_core.errors import InvalidArgumentError
from podium_core.models import PollData, collect
from podium_core.ports import PollDataDAO
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS


def keys(polls: list[PollData]) -> list[tuple[object, object]]:
    return [(poll.queue_name, poll.domain or None) for poll in polls]


class TestUpdateLastPollData:
    async def test_is_stamped_by_the_store(self, poll_data_dao: PollDataDAO) -> None:
        before = system_clock_ms()
        await poll_data_dao.update_last_poll_data("encode", None, "worker-1")
        after = system_clock_ms()
        poll = await poll_data_dao.get_poll_data("encode", None)
        assert poll is not None
        assert before <= poll.last_poll_time <= after
        assert (poll.queue_name, poll.domain, poll.worker_id) == ("encode", UNSET, "worker-1")

    async def test_the_last_worker_counts(self, poll_data_dao: PollDataDAO) -> None:
        await poll_data_dao.update_last_poll_data("encode", None, "worker-1")
        await poll_data_dao.update_last_poll_data("encode", None, "worker-2")
        poll = await poll_data_dao.get_poll_data("encode", None)
        assert poll is not None
        assert poll.worker_id == "worker-2"

    async def test_domains_are_kept_apart(self, poll_data_dao: PollDataDAO) -> None:
        await poll_data_dao.update_last_poll_data("encode", None, "worker-1")
        await poll_data_dao.update_last_poll_data("encode", "eu", "worker-2")
        without, within = (
            await poll_data_dao.get_poll_data("encode", None),
            await poll_data_dao.get_poll_data("encode", "eu"),
        )
        assert without is not None
        assert within is not None
        assert (without.domain, without.worker_id) == (UNSET, "worker-1")
        assert (within.domain, within.worker_id) == ("eu", "worker-2")

    async def test_an_empty_domain_is_none(self, poll_data_dao: PollDataDAO) -> None:
        await poll_data_dao.update_last_poll_data("encode", "", "worker-1")
        assert await poll_data_dao.get_poll_data("encode", None) is not None

    async def test_a_worker_need_not_be_named(self, poll_data_dao: PollDataDAO) -> None:
        await poll_data_dao.update_last_poll_data("encode", None, "")
        poll = await poll_data_dao.get_poll_data("encode", None)
        assert poll is not None
        assert poll.worker_id is UNSET

    async def test_many_at_once_are_all_kept(self, poll_data_dao: PollDataDAO) -> None:
        await asyncio.gather(
            *(
                poll_data_dao.update_last_poll_data(f"task-{n % 10}", None, f"worker-{n}")
                for n in range(100)
            )
        )
        polls = await collect(poll_data_dao.get_all_poll_data())
        assert sorted(str(poll.queue_name) for poll in polls) == [f"task-{n}" for n in range(10)]

    async def test_a_cancelled_one_takes_no_other_along(self, poll_data_dao: PollDataDAO) -> None:
        first, second = (
            asyncio.create_task(poll_data_dao.update_last_poll_data(name, None, "worker"))
            for name in ("first", "second")
        )
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await second
        assert await poll_data_dao.get_poll_data("second", None) is not None

    async def test_refuses_the_domain_default(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await poll_data_dao.update_last_poll_data("encode", "DEFAULT", "worker-1")
        assert caught.value.field == "domain"
        assert await poll_data_dao.get_poll_data_for_task("encode") == []

    async def test_refuses_an_empty_name(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await poll_data_dao.update_last_poll_data("", None, "worker-1")


class TestGetPollData:
    async def test_answers_none_where_nobody_polled(self, poll_data_dao: PollDataDAO) -> None:
        await poll_data_dao.update_last_poll_data("encode", "eu", "worker-1")
        assert await poll_data_dao.get_poll_data("encode", None) is None
        assert await poll_data_dao.get_poll_data("encode", "us") is None
        assert await poll_data_dao.get_poll_data("unknown", "eu") is None

    async def test_refuses_the_domain_default(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await poll_data_dao.get_poll_data("encode", "DEFAULT")

    async def test_refuses_an_empty_name(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await poll_data_dao.get_poll_data("", None)


class TestGetPollDataForTask:
    async def test_answers_all_domains(self, poll_data_dao: PollDataDAO) -> None:
        for domain in ("us", None, "eu"):
            await poll_data_dao.update_last_poll_data("encode", domain, "worker-1")
        await poll_data_dao.update_last_poll_data("other", None, "worker-1")
        polls = await poll_data_dao.get_poll_data_for_task("encode")
        assert set(keys(polls)) == {("encode", None), ("encode", "eu"), ("encode", "us")}

    async def test_is_empty_for_an_unknown_task(self, poll_data_dao: PollDataDAO) -> None:
        assert await poll_data_dao.get_poll_data_for_task("unknown") == []

    async def test_refuses_an_empty_name(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await poll_data_dao.get_poll_data_for_task("")


class TestGetAllPollData:
    async def test_is_empty_without_any(self, poll_data_dao: PollDataDAO) -> None:
        assert await collect(poll_data_dao.get_all_poll_data()) == []

    async def test_streams_all_tasks_and_domains(self, poll_data_dao: PollDataDAO) -> None:
        for name, domain in [("b", None), ("a", "eu"), ("a", None)]:
            await poll_data_dao.update_last_poll_data(name, domain, "worker-1")
        polls = await collect(poll_data_dao.get_all_poll_data())
        assert set(keys(polls)) == {("a", None), ("a", "eu"), ("b", None)}

    async def test_goes_on_behind_a_resume_token(self, poll_data_dao: PollDataDAO) -> None:
        names = [f"task-{n:04}" for n in range(1_500)]
        await asyncio.gather(
            *(poll_data_dao.update_last_poll_data(name, "eu", "w" * 200) for name in names)
        )
        pages = [page async for page in poll_data_dao.get_all_poll_data()]
        assert len(pages) > 1
        rest = await collect(poll_data_dao.get_all_poll_data(resume_token=pages[0].resume_token))
        assert sorted(str(poll.queue_name) for poll in (*pages[0].items, *rest)) == names

    async def test_refuses_a_token_that_is_none(self, poll_data_dao: PollDataDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await collect(poll_data_dao.get_all_poll_data(resume_token="nonsense!"))
        assert caught.value.field == "resume_token"
