"""How a failed call ends: what its error holds is let go of, and nothing else is touched."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import pytest

from podium_core.errors import BackendUnavailableError, ResultTooLargeError
from podium_protocol.rpcs import rpc
from podium_server.interceptors.call import Call, Context
from podium_server.interceptors.failures import Failures
from podium_server.interceptors.in_flight import Connection
from podium_server.interceptors.limits import CallLimits
from tests.patience import PATIENCE_SECONDS
from tests.server.serving import serving_method

GET_TASK = rpc("ExecutionService", "GetTask")


class _AbortError(Exception):
    """As gRPC's: it is kept for long after the call."""


class _Context:
    """As much of gRPC's context as a failure needs."""

    def time_remaining(self) -> None:
        return None

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def invocation_metadata(self) -> Mapping[str, str]:
        return {}

    async def abort(self, *status: object) -> NoReturn:
        raise _AbortError(status)


async def _end(error: BaseException) -> _AbortError:
    context = cast(Context, _Context())
    call = Call(GET_TASK, context, cast(Connection, None), CallLimits())
    with pytest.raises(_AbortError) as ended:
        await Failures().end(call, context, error)
    return ended.value


async def test_a_task_that_has_caught_the_same_error_goes_on() -> None:
    # One lost connection fails all who wait for it, the drainer among them.
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tried_again = asyncio.Event()

    async def drain() -> str:
        try:
            await lost
        except BackendUnavailableError:
            await tried_again.wait()
        return "drained"

    async def call() -> None:
        try:
            await lost
        except BackendUnavailableError as error:
            # Meanwhile the other one raises it: its frames are the error's now.
            await asyncio.sleep(0)
            await _end(error)

    calling, draining = asyncio.create_task(call()), asyncio.create_task(drain())
    await asyncio.sleep(0)
    lost.set_exception(BackendUnavailableError("main", "gone"))
    await calling
    tried_again.set()
    async with asyncio.timeout(5):
        assert await draining == "drained"


class _Request:
    """Something large."""


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _fail(request: Any) -> None:
    """By an error that was caused by another one; frames of both know the request."""
    try:
        _fail_within(request)
    except ValueError as error:
        raise BackendUnavailableError("main", "gone") from error


def _fail_within(request: Any) -> None:
    raise ValueError(type(request).__name__)


async def test_the_request_is_not_kept_by_the_error() -> None:
    request = _Request()
    kept = weakref.ref(request)
    with _no_collection():
        try:
            _fail(request)
        except BackendUnavailableError as error:
            del request
            ended = await _end(error)
        assert kept() is None
    assert isinstance(ended, _AbortError)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (CallLimits(), "RESOURCE_EXHAUSTED"),
        (CallLimits(default_deadline_ms=50), "DEADLINE_EXCEEDED"),
    ],
)
async def test_an_error_that_is_told_as_another_one_keeps_nothing(
    limits: CallLimits, code: str
) -> None:
    kept: list[weakref.ref[_Request]] = []

    async def method(request: Any, call: Call) -> NoReturn:
        held = _Request()
        kept.append(weakref.ref(held))
        if limits.default_deadline_ms == 50:
            await asyncio.sleep(PATIENCE_SECONDS)
        raise ResultTooLargeError(1)

    twins = {GET_TASK.path: "ExecutionService.GetTasks"}
    async with serving_method(GET_TASK, method, limits, streaming_twins=twins) as caller:
        with _no_collection():
            failure = await caller.failure("ExecutionService", "GetTask", seconds=None)
            assert failure.code().name == code
            assert kept[0]() is None
