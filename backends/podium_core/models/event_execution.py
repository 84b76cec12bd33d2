"""The event execution record, as Conductor stores it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.models.enums import EventAction, EventExecutionStatus
from podium_core.models.json_text import EMPTY_OBJECT
from podium_core.models.task import Int64


class EventExecution(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """One run of an event handler's action. Unique by (name, event, message_id, id); ``name`` is the handler's."""

    id: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    created: Int64 = 0
    status: EventExecutionStatus | UnsetType = UNSET
    action: EventAction | UnsetType = UNSET
    output: Raw = EMPTY_OBJECT
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")
