"""The CQL of a keyspace: its own statement, and those of its tables, which stand in ``schema/*.cql``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FORMAT = 1
"""The format of the tables that this version reads and writes."""

FORMAT_ROW = "podium"

_FILES = ("format", "definitions", "poll_data", "executions")
_FOLDER = Path(__file__).parent / "schema"
_COMMENT = re.compile(r"--[^\n]*")
_CREATE = "CREATE TABLE IF NOT EXISTS "


@cache
def tables() -> Mapping[str, str]:
    """What creates each table, by its name, in order."""
    return MappingProxyType({name: cql for file in _FILES for name, cql in _read(file).items()})


def _read(file: str) -> dict[str, str]:
    text = _COMMENT.sub("", (_FOLDER / f"{file}.cql").read_text(encoding="utf-8"))
    statements = [statement.strip() for statement in text.split(";") if statement.strip()]
    return {statement.removeprefix(_CREATE).split()[0]: statement for statement in statements}


def create_keyspace(keyspace: str, replication: int | Mapping[str, int]) -> str:
    """What creates a keyspace.

    Args:
        keyspace: Its name.
        replication: How many replicas there are, or how many in each datacenter.
    """
    if isinstance(replication, int):
        options = f"'class': 'SimpleStrategy', 'replication_factor': {replication}"
    else:
        each = [f"'{datacenter}': {replicas}" for datacenter, replicas in replication.items()]
        options = ", ".join(["'class': 'NetworkTopologyStrategy'", *each])
    return f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{{options}}}"


def create_table(keyspace: str, name: str) -> str:
    """What creates one of our tables in a keyspace."""
    return tables()[name].replace(_CREATE, f"{_CREATE}{keyspace}.", 1)


def create_format_row(keyspace: str, serial_consistency: str) -> str:
    """What says of a keyspace that its tables have our format."""
    return (
        f"INSERT INTO {keyspace}.podium_format (name, version, serial_consistency)"
        f" VALUES ('{FORMAT_ROW}', {FORMAT}, '{serial_consistency}') IF NOT EXISTS"
    )


def whole_schema(
    keyspace: str, replication: int | Mapping[str, int], serial_consistency: str
) -> str:
    """All statements of a keyspace, for ``cqlsh``."""
    statements = [
        create_keyspace(keyspace, replication),
        *(create_table(keyspace, name) for name in tables()),
        create_format_row(keyspace, serial_consistency),
    ]
    return "".join(f"{statement};\n\n" for statement in statements)
