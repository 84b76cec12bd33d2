"""The golden run of Conductor's Elasticsearch DAO: the summaries it was given, and the documents it stored."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

_GOLDEN = Path(__file__).parents[2] / "golden" / "es6-golden.json"

Document = dict[str, Any]
_encode = msgspec.json.encode


@cache
def _steps() -> list[Any]:
    found: list[Any] = json.loads(_GOLDEN.read_text("utf-8"))["docs_after_each_step"]
    return found


def stored(kind: str) -> list[bytes]:
    """The different documents of an Elasticsearch type that were stored at any time, compact."""
    documents = (
        _encode(entry["source"])
        for step in _steps()
        for entry in step["docs_after"]
        if entry["type"] == kind
    )
    return list(dict.fromkeys(documents))


def entry_ids(kind: str) -> dict[str, Document]:
    """The documents of a type by their ids, as they were in the end."""
    last = _steps()[-1]["docs_after"]
    return {entry["id"]: entry["source"] for entry in last if entry["type"] == kind}


def given(method: str) -> list[Document]:
    """The summaries that a method was called with, built by Conductor's own constructors."""
    arguments = (step["args"][0] for step in _steps() if step["method"] == method)
    return [found for found in arguments if isinstance(found, dict)]
