"""Java's calls about definitions and event handlers through our DAOs: after each step the tables are as Java left them."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

import pytest

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.event_handler_table import CassandraEventHandlerTable
from podium_backends.cassandra.metadata_table import CassandraMetadataTable
from podium_backends.cassandra.poll_data_table import CassandraPollDataTable
from podium_core.clock import system_clock_ms
from podium_core.definitions import TableEventHandlerDAO, TableMetadataDAO
from podium_core.errors import StorageError
from podium_core.models import collect
from podium_core.poll_data import TablePollDataDAO
from tests.golden.definition_calls import CALLS
from tests.golden.documents import FOLDER

TABLES = ("task_definitions", "workflow_definitions", "workflow_defs_index", "event_handlers")
# What refuses as Java does, each in its own words.
ERRORS = {
    "ConflictException": "AlreadyExistsError",
    "TransientException": "InvalidArgumentError",
}

Tables = dict[str, list[dict[str, Any]]]


def _recorded() -> list[dict[str, Any]]:
    """The steps about definitions and handlers, each with the tables before it."""
    steps = json.loads((FOLDER / "cassandra-golden.json").read_text("utf-8"))["steps"]
    nothing: Tables = {table: [] for table in TABLES}
    befores = [nothing, *(step["rows_after"] for step in steps)]
    chosen = [
        {**step, "before": _tables(before), "after": _tables(step["rows_after"])}
        for step, before in zip(steps, befores, strict=False)
    ]
    return [step for step in chosen if step["call"].startswith(("MetadataDAO", "EventHandlerDAO"))]


def _tables(rows: Tables) -> Tables:
    """Definitions and handlers alone; documents as values, rows in the order of their keys."""
    return {table: sorted((_row(row) for row in rows[table]), key=str) for table in TABLES}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    documents = ("task_definition", "workflow_definition", "event_handler")
    return {name: json.loads(v) if name in documents else v for name, v in row.items()}


STEPS = _recorded()
DIFFERENCES: dict[int, dict[str, str]] = {
    row["step"]: row
    for row in tomllib.loads((FOLDER / "differences.toml").read_text("utf-8"))["cassandra"]
}


@dataclass(frozen=True)
class Daos:
    """On one session."""

    session: Session
    metadata: TableMetadataDAO
    handlers: TableEventHandlerDAO
    polls: TablePollDataDAO

    async def load(self, tables: Tables) -> None:
        """Put rows there, as Java left them."""
        for table, rows in tables.items():
            for row in rows:
                text = {
                    k: v if isinstance(v, (str, int)) else json.dumps(v) for k, v in row.items()
                }
                await self.session.write(f"INSERT INTO {table} JSON ?", json.dumps(text))

    async def left(self) -> Tables:
        """The tables as they are."""
        rows = {
            table: await self.session.rows(f"SELECT JSON * FROM {table}")  # noqa: S608
            for table in TABLES
        }
        return _tables({table: [json.loads(row) for (row,) in rows[table]] for table in TABLES})


@pytest.fixture
def daos(session: Session) -> Daos:
    return Daos(
        session,
        TableMetadataDAO(CassandraMetadataTable(session)),
        TableEventHandlerDAO(CassandraEventHandlerTable(session)),
        TablePollDataDAO(CassandraPollDataTable(session, system_clock_ms)),
    )


async def _answer(daos: Daos, step: dict[str, Any]) -> Any:
    try:
        answer = await CALLS[step["call"]](daos, *step["args"])
    except StorageError as error:
        return type(error).__name__
    return answer if ".get" in step["call"] else None


def _java(step: dict[str, Any]) -> Any:
    if "throws" in step:
        return ERRORS[step["throws"]["exception"].rpartition(".")[2]]
    return step["returns"] if ".get" in step["call"] else None


def _in_order(answer: Any, aside: str = "") -> Any:
    """Java lists in the order of a text of name and version. Without a member that Java changes as it reads."""
    if isinstance(answer, list):
        return sorted((_in_order(item, aside) for item in answer), key=str)
    if isinstance(answer, dict):
        return {key: value for key, value in answer.items() if key != aside}
    return answer


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step['n']}-{step['call']}")
async def test_as_java(daos: Daos, step: dict[str, Any]) -> None:
    row = DIFFERENCES.get(step["n"], {})
    await daos.load(step["before"])
    answer = await _answer(daos, step)
    left, aside = await daos.left(), row.get("aside", "")
    if "refuses" in row:
        assert (answer, left) == (row["refuses"], step["before"])
    else:
        assert left == step["after"]
        assert _in_order(answer, aside) == _in_order(_java(step), aside)
    if row:
        is_as_java = left == step["after"] and _in_order(answer) == _in_order(_java(step))
        assert not is_as_java, "the row makes no difference"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step['n']}-{step['call']}")
async def test_what_java_left_is_read(daos: Daos, step: dict[str, Any]) -> None:
    """By every reading method."""
    tables: Tables = step["after"]
    await daos.load(tables)
    await _read_task_defs(daos, {row["task_def_name"]: row for row in tables["task_definitions"]})
    found = {
        (row["workflow_def_name"], row["version"]): row["workflow_definition"]
        for row in tables["workflow_definitions"]
    }
    await _read_workflow_defs(daos, found)
    await _read_handlers(daos, [row["event_handler"] for row in tables["event_handlers"]])


async def _read_task_defs(daos: Daos, rows: dict[str, dict[str, Any]]) -> None:
    listed = await collect(daos.metadata.get_all_task_defs())
    assert [one.name for one in listed] == sorted(rows)
    for one in listed:
        assert json.loads(bytes(one.document)) == rows[one.name]["task_definition"]
        assert await daos.metadata.get_task_def(one.name) == one


async def _read_workflow_defs(daos: Daos, found: dict[tuple[str, int], Any]) -> None:
    metadata = daos.metadata
    listed = await collect(metadata.get_all_workflow_defs())
    assert [(one.name, one.version) for one in listed] == sorted(found)
    for one in listed:
        assert json.loads(bytes(one.document)) == found[one.name, one.version]
        assert await metadata.get_workflow_def(one.name, one.version) == one
    versions: dict[str, list[int]] = {}
    for name, version in sorted(found):
        versions.setdefault(name, []).append(version)
    assert await metadata.get_workflow_names() == sorted(versions)
    latest = await collect(metadata.get_all_workflow_defs_latest_versions())
    assert [(one.name, one.version) for one in latest] == [(n, v[-1]) for n, v in versions.items()]
    for one in latest:
        assert await metadata.get_latest_workflow_def(one.name) == one
        assert await metadata.get_workflow_versions(one.name) == versions[one.name]


async def _read_handlers(daos: Daos, documents: list[dict[str, Any]]) -> None:
    by_name = sorted(documents, key=lambda document: str(document["name"]))
    listed = await collect(daos.handlers.get_all_event_handlers())
    assert [json.loads(bytes(one.document)) for one in listed] == by_name
    for event in {document["event"] for document in documents}:
        for active_only in (False, True):
            found = await daos.handlers.get_event_handlers_for_event(event, active_only=active_only)
            assert [json.loads(bytes(one.document)) for one in found] == [
                document
                for document in by_name
                if document["event"] == event and (document["active"] or not active_only)
            ]


def test_every_difference_belongs_to_a_step() -> None:
    assert set(DIFFERENCES) <= {step["n"] for step in STEPS}
    assert all(row["why"] for row in DIFFERENCES.values())


def test_every_step_is_made() -> None:
    assert {step["call"] for step in STEPS} <= set(CALLS)
    assert len(STEPS) == 46
