"""The searches that Conductor answered in the golden run, and the documents it answered from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from podium_core.query import (
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    And,
    Field,
    parse_free_text,
    parse_query,
    parse_sort,
)
from tests.core.query.evaluate import matches

GOLDEN = Path(__file__).parents[2] / "golden" / "es6-golden.json"


class Search(msgspec.Struct, frozen=True):
    """A search and what Conductor gave.

    Attributes:
        number: Its place in the golden file.
        kind: ``workflow`` or ``task``.
        found: The ids on the page; None where Conductor counted only.
        total: How many matched; None where Conductor raised an error.
    """

    number: int
    kind: str
    query: str
    free_text: str
    sort: tuple[str, ...]
    found: frozenset[str] | None
    total: int | None

    @property
    def fields(self) -> Mapping[str, Field]:
        return TASK_FIELDS if self.kind == "task" else WORKFLOW_FIELDS


@cache
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(GOLDEN.read_text())
    return content


@cache
def documents(kind: str) -> tuple[dict[str, Any], ...]:
    """The documents at the time of the searches: after the last removal, before what failed to be indexed."""
    steps = golden()["docs_after_each_step"]
    last = max(at for at, step in enumerate(steps) if step["method"] == "removeTask")
    found = [each for each in steps[last]["docs_after"] if each["type"] == kind]
    return tuple(each["source"] for each in found)


@cache
def searches() -> tuple[Search, ...]:
    return tuple(
        _search(read)
        for read in golden()["searches"]
        if read["method"].startswith(("searchWorkflow", "searchTask", "getWorkflowCount"))
    )


def _search(read: dict[str, Any]) -> Search:
    args, result = read["args"], read.get("result")
    kind = "task" if "Task" in read["method"] else "workflow"
    total, found = result, None
    if isinstance(result, dict):
        total = result["totalHits"]
        found = frozenset(_id(each, kind) for each in result["results"])
    return Search(
        number=read["n"],
        kind=kind,
        query=args[0] or "",
        free_text=args[1] or "",
        sort=tuple(args[4] or ()) if len(args) > 4 else (),
        found=found,
        total=total,
    )


def _id(result: Any, kind: str) -> str:
    return str(result if isinstance(result, str) else result[f"{kind}Id"])


def found_here(search: Search) -> frozenset[str]:
    """The ids of what matches by our reading.

    Raises:
        QueryError: As the parsers.
    """
    parse_sort(search.sort, search.fields)
    structured = parse_query(search.query, search.fields)
    tree = And((structured, parse_free_text(search.free_text, search.fields)))
    found = [each for each in documents(search.kind) if matches(tree, each)]
    return frozenset(each[f"{search.kind}Id"] for each in found)
