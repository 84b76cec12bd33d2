"""Java's scenario through our DAOs: after each step the keyspace is the one that Java left, read or written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from podium_backends.redis.connection import Link, Target
from podium_core.errors import StorageError
from tests.backends.redis import keyspace
from tests.backends.redis.golden_definitions import DEFINITION_CALLS, Daos
from tests.backends.redis.golden_executions import EXECUTION_CALLS
from tests.backends.redis.golden_values import (
    computed_aside,
    foreseen,
    ids_of,
    in_order,
    with_stamps_of_ours,
)
from tests.golden.documents import FOLDER
from tests.services.redis_server import RedisServer

# A busy machine may take a while between two commands.
SECONDS_OFF = 30

CALLS = {**DEFINITION_CALLS, **EXECUTION_CALLS}
# What no DAO of ours has: Java reads event executions from the index too, and asks another DAO for limits.
NOT_OURS = {
    "ExecutionDAO.getEventExecutions",
    "ExecutionDAO.addTaskToLimit",
    "ExecutionDAO.removeTaskFromLimit",
}
# Kept under keys that no layout of ours has.
OTHER_KEYS = ("QueueDAO.", "RedisConcurrentExecutionLimitDAO.")
# What refuses as Java does, each in its own words.
ERRORS = {
    "NotFoundException": "NotFoundError",
    "ConflictException": "AlreadyExistsError",
    "NullPointerException": "InvalidArgumentError",
    "IllegalArgumentException": "InvalidArgumentError",
    "TransientException": "InvalidArgumentError",
    "RuntimeException": "InvalidArgumentError",
    "UnsupportedOperationException": "UnsupportedOperationError",
}
DIFFERENCES: dict[int, dict[str, str]] = {
    row["step"]: row
    for row in tomllib.loads((FOLDER / "differences.toml").read_text("utf-8"))["redis"]
}
STEPS = [step for step in keyspace.steps() if step["call"] in CALLS]


class Left(NamedTuple):
    """What a call leaves in the keyspace, after how many seconds keys end, and what it answers: or its error's name."""

    keys: dict[str, Any]
    lifetimes: dict[str, int]
    answer: Any


@pytest.fixture
async def daos(own_redis: RedisServer, step: dict[str, Any]) -> AsyncIterator[Daos]:
    """On Redis's clock as it was when Java made the step."""
    link = Link(Target(store="main", url=own_redis.url, connect_timeout=60, reply_timeout=60))
    await link.write("FLUSHALL")
    yield Daos.on(link, lambda: int(step["clock_before_ms"]))
    await link.close()


def _answers(call: str) -> bool:
    """Whether what Java returns says something."""
    return call.startswith("ExecutionDAO.") or any(
        verb in call for verb in (".get", ".find", ".exceeds")
    )


def _reads(call: str) -> bool:
    return any(verb in call for verb in (".get", ".find", ".can"))


async def _ours(daos: Daos, step: dict[str, Any]) -> Left:
    # What the recording test itself wrote, for some reads, stands in ``after`` only.
    await keyspace.load(daos.link, step["after" if _reads(step["call"]) else "before"])
    answer: Any = None
    try:
        answer = await CALLS[step["call"]](daos, *step["args"])
    except StorageError as error:
        answer = type(error).__name__
    else:
        answer = computed_aside(answer) if _answers(step["call"]) else None
    left = await keyspace.read(daos.link)
    return Left(foreseen(left), keyspace.lifetimes(_javas(left)), answer)


def _javas(keys: keyspace.Keyspace) -> keyspace.Keyspace:
    return {key: stored for key, stored in keys.items() if ".PODIUM." not in key}


def _java(step: dict[str, Any]) -> Left:
    answer: Any = None
    if "throws" in step:
        answer = ERRORS[step["throws"]["class"].rpartition(".")[2]]
    elif _answers(step["call"]):
        answer = computed_aside(step["returns"])
        if step["call"] == "ExecutionDAO.createTasks":
            answer = [task["taskId"] for task in answer]
    keys = with_stamps_of_ours(step, foreseen(step["after"]))
    return Left(keys, keyspace.lifetimes(step["after"]), answer)


def _wanted(step: dict[str, Any], row: dict[str, str]) -> Left:
    """Java's, or what we do on purpose instead."""
    java = _java(step)
    if "refuses" in row:
        before = step["before"]
        return Left(foreseen(before), keyspace.lifetimes(before), row["refuses"])
    keys = {**java.keys, **json.loads(row.get("keys", "{}"))}
    for key, members in json.loads(row.get("members", "{}")).items():
        keys[key] = {**keys[key], **members}
    lifetimes = {**java.lifetimes, **json.loads(row.get("lifetimes", "{}"))}
    return Left(
        {key: value for key, value in keys.items() if value is not None},
        {key: seconds for key, seconds in lifetimes.items() if seconds is not None},
        _wanted_answer(java.answer, row),
    )


def _wanted_answer(java: Any, row: dict[str, str]) -> Any:
    return json.loads(row["answer"]) if "answer" in row else java


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step['step']}-{step['call']}")
async def test_as_java(daos: Daos, step: dict[str, Any]) -> None:
    row = DIFFERENCES.get(step["step"], {})
    ours, wanted, aside = await _ours(daos, step), _wanted(step, row), row.get("aside", "")
    assert ours.keys == wanted.keys
    assert ours.lifetimes == pytest.approx(wanted.lifetimes, abs=SECONDS_OFF)
    if "ids" in row:
        assert ids_of(ours.answer) == json.loads(row["ids"])
    else:
        assert in_order(ours.answer, aside) == in_order(wanted.answer, aside)
    if row:
        java = _java(step)
        is_as_java = (
            ours.keys == java.keys
            and ours.lifetimes == pytest.approx(java.lifetimes, abs=SECONDS_OFF)
            and in_order(ours.answer) == in_order(java.answer)
        )
        assert not is_as_java, "the row makes no difference"


def test_every_difference_belongs_to_a_step() -> None:
    assert set(DIFFERENCES) <= {step["step"] for step in STEPS}
    assert all(row["why"] for row in DIFFERENCES.values())


def test_every_step_is_made_that_we_have_a_call_for() -> None:
    calls = {step["call"] for step in keyspace.steps() if not step["call"].startswith(OTHER_KEYS)}
    assert calls == set(CALLS) | NOT_OURS
    assert len(STEPS) == 175
