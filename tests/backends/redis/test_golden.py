"""Java's scenario through our DAOs: after each step the keyspace is the one that Java left, read or written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link, Target
from podium_backends.redis.event_handler_dao import RedisEventHandlerDAO
from podium_backends.redis.keys import Keys
from podium_backends.redis.metadata_dao import RedisMetadataDAO
from podium_backends.redis.poll_data_dao import RedisPollDataDAO
from podium_backends.redis.rate_limiting_dao import RedisRateLimitingDAO
from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.errors import StorageError
from podium_core.models import collect
from podium_core.models.documents import POLL_DATA, TASK
from podium_core.models.json_text import to_raw
from tests.backends.redis import keyspace
from tests.golden.documents import FOLDER
from tests.services.redis_server import RedisServer

# Of polls and grants nobody can foresee the time.
UNFORESEEN = ("POLL_DATA", "RATE_LIMIT_BUCKET")


@dataclass(frozen=True)
class Daos:
    link: Link
    metadata: RedisMetadataDAO
    handlers: RedisEventHandlerDAO
    polls: RedisPollDataDAO
    rates: RedisRateLimitingDAO


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def daos(own_redis: RedisServer, step: dict[str, Any]) -> AsyncIterator[Daos]:
    """On Redis's clock as it was when Java made the step."""
    link = Link(Target(store="main", url=own_redis.url, connect_timeout=60, reply_timeout=60))
    await link.write("FLUSHALL")
    keys = Keys(workflow_prefix="", stack="test", domain="")
    scripts = ClockedScripts(link, lambda: int(step["clock_before_ms"]))
    yield Daos(
        link,
        RedisMetadataDAO(link, link, keys),
        RedisEventHandlerDAO(link, link, keys),
        RedisPollDataDAO(link, link, scripts, keys),
        RedisRateLimitingDAO(scripts, keys),
    )
    await link.close()


def _document(record: Any) -> Any:
    return json.loads(bytes(record.document))


def _documents(records: Any) -> list[Any]:
    return [_document(record) for record in records]


def _optional(record: Any) -> Any:
    return None if record is None else _document(record)


def _poll(record: Any) -> Any:
    return None if record is None else json.loads(POLL_DATA.encode(record))


async def _grant(daos: Daos, task: Any, definition: Any) -> bool:
    # Java takes the definition's numbers wherever there is one, also where it says nothing.
    limits: dict[str, int] = {}
    if definition is not None:
        limits = {
            "rate_limit_per_frequency": definition.get("rateLimitPerFrequency") or 0,
            "rate_limit_frequency_seconds": definition.get("rateLimitFrequencyInSeconds") or 0,
        }
    record = TASK.decode(json.dumps(task), "task")
    return await daos.rates.exceeds_rate_limit_per_frequency(record, **limits)


async def _create_task_def(daos: Daos, document: Any) -> None:
    await daos.metadata.create_task_def(task_def_of(to_raw(document)))


async def _update_task_def(daos: Daos, document: Any) -> None:
    await daos.metadata.update_task_def(task_def_of(to_raw(document)))


async def _create_workflow_def(daos: Daos, document: Any) -> None:
    await daos.metadata.create_workflow_def(workflow_def_of(to_raw(document)))


async def _update_workflow_def(daos: Daos, document: Any) -> None:
    await daos.metadata.update_workflow_def(workflow_def_of(to_raw(document)))


async def _add_handler(daos: Daos, document: Any) -> None:
    await daos.handlers.add_event_handler(event_handler_of(to_raw(document)))


async def _update_handler(daos: Daos, document: Any) -> None:
    await daos.handlers.update_event_handler(event_handler_of(to_raw(document)))


async def _get_task_def(daos: Daos, name: str) -> Any:
    return _optional(await daos.metadata.get_task_def(name))


async def _get_workflow_def(daos: Daos, name: str, version: int) -> Any:
    return _optional(await daos.metadata.get_workflow_def(name, version))


async def _get_latest(daos: Daos, name: str) -> Any:
    return _optional(await daos.metadata.get_latest_workflow_def(name))


async def _all_task_defs(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_task_defs()))


async def _all_workflow_defs(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs()))


async def _latest_versions(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs_latest_versions()))


async def _all_handlers(daos: Daos) -> Any:
    return _documents(await collect(daos.handlers.get_all_event_handlers()))


async def _handlers_for(daos: Daos, event: str, active_only: bool) -> Any:
    found = await daos.handlers.get_event_handlers_for_event(event, active_only=active_only)
    return _documents(found)


async def _poll_data(daos: Daos, name: str, domain: str | None) -> Any:
    return _poll(await daos.polls.get_poll_data(name, domain))


async def _polls_of(daos: Daos, name: str) -> Any:
    return [_poll(poll) for poll in await daos.polls.get_poll_data_for_task(name)]


CALLS: dict[str, Callable[..., Awaitable[Any]]] = {
    "MetadataDAO.createTaskDef": _create_task_def,
    "MetadataDAO.updateTaskDef": _update_task_def,
    "MetadataDAO.getTaskDef": _get_task_def,
    "MetadataDAO.getAllTaskDefs": _all_task_defs,
    "MetadataDAO.removeTaskDef": lambda daos, name: daos.metadata.remove_task_def(name),
    "MetadataDAO.createWorkflowDef": _create_workflow_def,
    "MetadataDAO.updateWorkflowDef": _update_workflow_def,
    "MetadataDAO.getLatestWorkflowDef": _get_latest,
    "MetadataDAO.getWorkflowDef": _get_workflow_def,
    "MetadataDAO.getAllWorkflowDefs": _all_workflow_defs,
    "MetadataDAO.getAllWorkflowDefsLatestVersions": _latest_versions,
    "MetadataDAO.findAll": lambda daos: daos.metadata.get_workflow_names(),
    "MetadataDAO.removeWorkflowDef": lambda daos, name, version: daos.metadata.remove_workflow_def(
        name, version or 0
    ),
    "EventHandlerDAO.addEventHandler": _add_handler,
    "EventHandlerDAO.updateEventHandler": _update_handler,
    "EventHandlerDAO.removeEventHandler": lambda daos, name: daos.handlers.remove_event_handler(
        name
    ),
    "EventHandlerDAO.getAllEventHandlers": _all_handlers,
    "EventHandlerDAO.getEventHandlersForEvent": _handlers_for,
    "PollDataDAO.updateLastPollData": lambda daos, *args: daos.polls.update_last_poll_data(*args),
    "PollDataDAO.getPollData": _poll_data,
    "PollDataDAO.getPollData(all)": _polls_of,
    "RateLimitingDAO.exceedsRateLimitPerFrequency": _grant,
}
# What refuses as Java does, each in its own words.
ERRORS = {
    "NotFoundException": "NotFoundError",
    "ConflictException": "AlreadyExistsError",
    "NullPointerException": "InvalidArgumentError",
    "IllegalArgumentException": "InvalidArgumentError",
}
DIFFERENCES: dict[int, dict[str, str]] = {
    row["step"]: row
    for row in tomllib.loads((FOLDER / "differences.toml").read_text("utf-8"))["redis"]
}
STEPS = [step for step in keyspace.steps() if step["call"] in CALLS]


def _foreseen(keys: Any) -> Any:
    """Without the times of polls and grants."""
    found = {}
    for key, value in keys.items():
        if "POLL_DATA" in key:
            value = {field: {**poll, "lastPollTime": 0} for field, poll in value.items()}
        elif "RATE_LIMIT_BUCKET" in key:
            value = len(value)
        found[key] = value
    return found


def _is_read(call: str) -> bool:
    return ".get" in call or ".find" in call or ".exceeds" in call


async def _ours(daos: Daos, step: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """What our call leaves in the keyspace, and what it answers: the name of its error, or what a read gives."""
    await keyspace.load(daos.link, step["before"])
    answer: Any = None
    try:
        read = await CALLS[step["call"]](daos, *step["args"])
        answer = read if _is_read(step["call"]) else None
    except StorageError as error:
        answer = type(error).__name__
    return _foreseen(keyspace.parsed(await keyspace.read(daos.link))), answer


def _java(step: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The same of Java's call."""
    answer: Any = step["returns"] if "returns" in step and _is_read(step["call"]) else None
    if "throws" in step:
        answer = ERRORS[step["throws"]["class"].rpartition(".")[2]]
    return _foreseen(keyspace.parsed(step["after"])), answer


def _wanted(step: dict[str, Any], row: dict[str, str]) -> tuple[dict[str, Any], Any]:
    """Java's, or what we do on purpose instead."""
    left, answer = _java(step)
    if "refuses" in row:
        return _foreseen(keyspace.parsed(step["before"])), row["refuses"]
    left |= json.loads(row.get("keys", "{}"))
    return left, json.loads(row["answer"]) if "answer" in row else answer


def _in_order(answer: Any, aside: str = "") -> Any:
    """A set's members come in any order."""
    if isinstance(answer, list):
        return sorted((_in_order(item, aside) for item in answer), key=str)
    if isinstance(answer, dict):
        return {key: value for key, value in answer.items() if key != aside}
    return answer


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step['step']}-{step['call']}")
async def test_as_java(daos: Daos, step: dict[str, Any]) -> None:
    row = DIFFERENCES.get(step["step"], {})
    left, answer = await _ours(daos, step)
    wanted_left, wanted = _wanted(step, row)
    assert left == wanted_left
    aside = row.get("aside", "")
    assert _in_order(answer, aside) == _in_order(wanted, aside)
    if row:
        java_left, java = _java(step)
        assert (left, _in_order(answer)) != (java_left, _in_order(java)), (
            "the row makes no difference"
        )


def test_every_difference_belongs_to_a_step() -> None:
    assert set(DIFFERENCES) <= {step["step"] for step in STEPS}
    assert all(row["why"] for row in DIFFERENCES.values())
