"""Refused calls in the log: each kind's first at once, the others counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from podium_server.interceptors.refusals import Refusal, Refusals
from tests.patience import PATIENCE_SECONDS

CODE = grpc.StatusCode
NEVER_SECONDS = 3_600.0


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as found:
        yield found


def _refusal(number: int, *, rpc: str = "Pop", code: grpc.StatusCode = CODE.ABORTED) -> Refusal:
    return Refusal(
        rpc=rpc,
        request_id=f"r{number}",
        peer=f"ipv6:%5B::1%5D:{number}",
        code=code,
        error="ConflictError",
        message=f"m{number}",
    )


def _written(lines: list[MutableMapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (line["log_level"], line["event"], line["request_id"], line.get("count", 1))
        for line in lines
        if line["log_level"] != "debug"
    ]


async def test_those_of_one_kind_are_one_line_with_a_count(
    lines: list[MutableMapping[str, Any]],
) -> None:
    refusals = Refusals(NEVER_SECONDS)
    for number in range(100):
        refusals.add(_refusal(number))
    assert _written(lines) == [("info", "call failed", "r0", 1)]
    refusals.finish()
    assert _written(lines)[1:] == [("info", "calls failed", "r99", 99)]
    assert lines[-1]["peer"] == "ipv6:[::1]:99"
    assert lines[-1]["message"] == "m99"


async def test_each_kind_has_its_own(lines: list[MutableMapping[str, Any]]) -> None:
    refusals = Refusals(NEVER_SECONDS)
    for number in range(2):
        refusals.add(_refusal(number))
        refusals.add(_refusal(number, rpc="Push"))
        refusals.add(_refusal(number, code=CODE.UNAVAILABLE))
    refusals.finish()
    assert sorted(_written(lines)) == [
        ("info", "call failed", "r0", 1),
        ("info", "call failed", "r0", 1),
        ("info", "call failed", "r1", 1),
        ("info", "call failed", "r1", 1),
        ("warning", "call failed", "r0", 1),
        ("warning", "call failed", "r1", 1),
    ]


async def test_the_count_is_written_without_a_further_call(
    lines: list[MutableMapping[str, Any]],
) -> None:
    refusals = Refusals(0.001)
    for number in range(3):
        refusals.add(_refusal(number))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(_written(lines)) < 2:
            await asyncio.sleep(0.001)
    assert _written(lines)[1] == ("info", "calls failed", "r2", 2)


async def test_after_a_quiet_time_the_next_is_a_first_again(
    lines: list[MutableMapping[str, Any]],
) -> None:
    refusals = Refusals(0.001)
    refusals.add(_refusal(0))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while refusals._windows:
            await asyncio.sleep(0.001)
    refusals.add(_refusal(1))
    assert _written(lines) == [
        ("info", "call failed", "r0", 1),
        ("info", "call failed", "r1", 1),
    ]
