"""Which stored facts a WriteSet is decided by."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.decide.facts import EventKey, Needs, SlotKey
from podium_core.write_set.write_set import (
    EventPut,
    EventRemoval,
    HeldReceipt,
    PutMode,
    Queueable,
    TaskPut,
    WriteSet,
)


def needs(write_set: WriteSet) -> Needs:
    """What a store has to look up; all keys follow from the WriteSet, so that one look finds them."""
    s = write_set
    ids, owners, created, slots = _of_tasks(s.task_puts)
    # Most writes are of tasks alone, and nothing is done for what they don't have.
    if s.task_removals or s.guards:
        ids.update(dict.fromkeys(_other_tasks(s)))
    return Needs(
        request_id=s.request_id,
        workflows=_workflows(s) if _names_workflows(s) else (),
        removals=tuple(owners),
        tasks=tuple(ids),
        created_tasks=frozenset(created) if created else frozenset(),
        slots=tuple(slots),
        events=_events(s) if s.event_puts or s.event_removals else (),
        receipts=_receipts(s) if s.guards else (),
        uploads=s.uploads,
    )


def _names_workflows(s: WriteSet) -> bool:
    return bool(s.guards or s.workflow_puts or s.workflow_removals or s.pending_removals)


def _other_tasks(s: WriteSet) -> list[str]:
    removed = [removal.task_id for removal in s.task_removals]
    queueable = [guard.task_id for guard in s.guards if isinstance(guard, Queueable)]
    return removed + [task_id for task_id in queueable if task_id]


def event_key(event: EventPut | EventRemoval) -> EventKey:
    """What makes an event execution one."""
    return event.handler_name, event.event, event.message_id, event.id


def _of_tasks(
    puts: Sequence[TaskPut],
) -> tuple[dict[str, None], dict[str, None], list[str], list[SlotKey]]:
    """In one pass, since every write of a task comes this way: ids, their workflows, ids to create, slots."""
    ids: dict[str, None] = {}
    owners: dict[str, None] = {}
    created: list[str] = []
    slots: list[SlotKey] = []
    for put in puts:
        ids[put.task_id] = None
        owners[put.workflow_id] = None
        if put.mode is PutMode.CREATE:
            created.append(put.task_id)
        if put.slot is not None:
            slots.append((put.workflow_id, put.slot))
    return ids, owners, created, slots


def _events(s: WriteSet) -> tuple[EventKey, ...]:
    puts = [event_key(put) for put in s.event_puts]
    return tuple(puts + [event_key(removal) for removal in s.event_removals])


def _receipts(s: WriteSet) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (guard.queue_name, guard.message_id, guard.receipt)
        for guard in s.guards
        if isinstance(guard, HeldReceipt)
    )


def _workflows(s: WriteSet) -> tuple[str, ...]:
    ids = {put.workflow_id: None for put in s.workflow_puts}
    ids.update(
        (guard.workflow_id, None) for guard in s.guards if not isinstance(guard, HeldReceipt)
    )
    ids.update((removal.workflow_id, None) for removal in s.workflow_removals)
    ids.update((removal.workflow_id, None) for removal in s.pending_removals if not removal.name)
    return tuple(ids)
