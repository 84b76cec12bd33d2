"""Definitions are kept as the JSON document that people wrote; what identifies them is typed, for reading."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType


class TaskDef(msgspec.Struct, frozen=True, kw_only=True):
    """A task definition. ``document`` is Conductor's JSON, verbatim; the other fields are read from it."""

    document: Raw
    name: str
    owner_app: str | UnsetType = UNSET
    owner_email: str | UnsetType = UNSET
    create_time: int | UnsetType = UNSET
    update_time: int | UnsetType = UNSET


class WorkflowDef(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow definition. ``document`` is Conductor's JSON, verbatim; the other fields are read from it."""

    document: Raw
    name: str
    version: int = 1
    owner_app: str | UnsetType = UNSET
    owner_email: str | UnsetType = UNSET
    create_time: int | UnsetType = UNSET
    update_time: int | UnsetType = UNSET


class EventHandler(msgspec.Struct, frozen=True, kw_only=True):
    """An event handler. ``document`` is Conductor's JSON, verbatim; the other fields are read from it."""

    document: Raw
    name: str
    event: str | UnsetType = UNSET
    active: bool = False
