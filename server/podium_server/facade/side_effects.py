"""Which side effects the facade adds; an engine that keeps a facade of its own switches them off."""

from __future__ import annotations

import msgspec


class SideEffects(msgspec.Struct, frozen=True, kw_only=True):
    """A switch for each.

    Attributes:
        decider_queue: Creating a workflow pushes its id on ``_deciderQueue``.
        decider_offset_ms: When that message becomes ready.
        index_executions: Workflows and tasks are marked for the index where they are written and removed.
        index_event_executions: Event executions too.
        remove_payloads: A removal that archives nothing takes the payloads along that Podium stored.
    """

    decider_queue: bool = True
    decider_offset_ms: int = 30_000
    index_executions: bool = False
    index_event_executions: bool = False
    remove_payloads: bool = False
