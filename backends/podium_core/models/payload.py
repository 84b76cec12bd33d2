"""Payloads outside of the documents: what they are, where they are."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PayloadOperation(StrEnum):
    """What a location is for."""

    READ = "read"
    WRITE = "write"


class PayloadType(StrEnum):
    """What a payload is: how a key that is made up begins."""

    WORKFLOW_INPUT = "workflow/input"
    WORKFLOW_OUTPUT = "workflow/output"
    TASK_INPUT = "task/input"
    TASK_OUTPUT = "task/output"


class PayloadLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a payload can be read or written directly: its key, and a URL to GET or PUT."""

    path: str
    uri: str


class StoredPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A payload that was stored: its key, to be kept in the document, and its size."""

    path: str
    size_bytes: int
