"""What the settings say of documents."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple


class EffectSettings(NamedTuple):
    """What the settings say of documents: how long event executions are kept, and whose days a workflow is listed in."""

    event_ttl_ms: int
    time_zone: tzinfo
