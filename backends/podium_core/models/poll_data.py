"""The poll data record: when a worker last asked for a task."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.models.task import Int64


class PollData(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The last poll of a task definition in a domain. ``queue_name`` is the task definition's name."""

    queue_name: str | UnsetType = UNSET
    domain: str | UnsetType = UNSET
    worker_id: str | UnsetType = UNSET
    last_poll_time: Int64 = 0
    extra: Raw | UnsetType = msgspec.field(default=UNSET, name="podium:extra")
