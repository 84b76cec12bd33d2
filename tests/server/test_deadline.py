"""The deadline of a call: as asyncio.timeout, entered without await."""

from __future__ import annotations

import asyncio

import pytest

from podium_server.interceptors.deadline import Deadline


async def held(deadline: Deadline, entered: asyncio.Event) -> None:
    with deadline:
        entered.set()
        await asyncio.get_running_loop().create_future()


async def test_what_takes_too_long_times_out() -> None:
    deadline = Deadline(0.01)
    with pytest.raises(TimeoutError):
        await held(deadline, asyncio.Event())
    assert deadline.expired
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_one_that_has_passed_lets_nothing_wait() -> None:
    with pytest.raises(TimeoutError):
        await held(Deadline(-5), asyncio.Event())


async def test_what_is_done_in_time_is_left_alone() -> None:
    deadline = Deadline(60)
    with deadline:
        await asyncio.sleep(0)
    assert not deadline.expired


async def test_somebody_elses_cancellation_stays_one() -> None:
    entered = asyncio.Event()
    task = asyncio.create_task(held(Deadline(60), entered))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_both_at_once_are_a_cancellation() -> None:
    entered = asyncio.Event()
    deadline = Deadline(60)
    task = asyncio.create_task(held(deadline, entered))
    await entered.wait()
    task.cancel()
    deadline._expire()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_itself_passes() -> None:
    with pytest.raises(KeyError), Deadline(60):
        raise KeyError("x")


async def test_postponed_it_comes_later() -> None:
    deadline = Deadline(0.01)
    with deadline:
        deadline.postpone(60)
        await asyncio.sleep(0.03)
    assert not deadline.expired


async def test_without_one_nothing_ever_expires() -> None:
    with Deadline(None) as deadline:
        await asyncio.sleep(0)
    assert deadline.when is None
