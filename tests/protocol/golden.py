"""The documents of the golden data: what Conductor 3.13.8 stored, byte for byte."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "golden" / "redis-golden.json"


@cache
def _steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))["steps"]
    return steps


def _documents(command: str, part: str, at: int) -> list[bytes]:
    """The texts that a Redis command stored under keys with this part."""
    found = [
        arguments[at]
        for step in _steps()
        for arguments in step["redis_commands"]
        if arguments[0] == command and part in arguments[1]
    ]
    return [text.encode() for text in dict.fromkeys(found)]


TASKS = _documents("SET", ".TASK.", 2)
WORKFLOWS = _documents("SET", ".WORKFLOW.", 2)
TASK_DEFS = _documents("HSET", ".TASK_DEFS", 3)
WORKFLOW_DEFS = _documents("HSET", ".WORKFLOW_DEF.", 3)
EVENT_HANDLERS = _documents("HSET", ".EVENT_HANDLERS", 3)
EVENT_EXECUTIONS = _documents("HSETNX", ".EVENT_EXECUTION.", 3) + _documents(
    "HSET", ".EVENT_EXECUTION.", 3
)
POLL_DATA = _documents("HSET", ".POLL_DATA.", 3)
