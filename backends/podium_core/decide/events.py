"""Event executions: unique by handler, event, message and id."""

from __future__ import annotations

from msgspec import Raw

from podium_core.decide.effects import StoreEvent
from podium_core.decide.needs import event_key
from podium_core.decide.state import MARK_EVENT, DecisionState
from podium_core.index.changes import Put
from podium_core.index.marks import encode_mark
from podium_core.write_set.write_set import PutMode, WriteSet


def decide_events(
    write_set: WriteSet, state: DecisionState
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """For each put, whether it created; for each removal, whether there was one."""
    created = []
    for put in write_set.event_puts:
        there = event_key(put) in state.events
        created.append(put.mode is PutMode.CREATE and not there)
        if put.mode is PutMode.CREATE and there:
            continue
        state.effects.append(StoreEvent(put, fresh=not there))
        # The document may have expired when the mark is carried out, so the mark carries it.
        state.mark_entry(
            MARK_EVENT, put.entry_id, put.entry_id, encode_mark(Put(Raw(put.document)))
        )
    state.effects += write_set.event_removals
    removed = (event_key(removal) in state.events for removal in write_set.event_removals)
    return tuple(created), tuple(removed)
