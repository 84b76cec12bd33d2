"""What a SQLite store makes of its context, and what it refuses."""

from __future__ import annotations

from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import ConnectedStore, DataType, QueueDefaults, StoreContext
from podium_core.models import Guarantee, PushMessage
from tests.backends.sqlite.clock import FakeClock


async def opened(
    folder: Path, clock: FakeClock, defaults: QueueDefaults | None = None
) -> ConnectedStore:
    context = StoreContext(
        name="main",
        serves=frozenset(DataType),
        commit_guarantee=Guarantee.ATOMIC,
        queue_defaults=defaults or QueueDefaults(),
        clock=clock,
    )
    return await open_store(context, SqliteSettings(path=folder / "podium.db"))


async def test_a_queues_own_length_of_a_lease_goes_before_that_of_all(tmp_path: Path) -> None:
    clock = FakeClock()
    defaults = QueueDefaults(unack_timeout_ms=1_000, by_queue={"slow": 5_000})
    store = await opened(tmp_path, clock, defaults)
    queues = store.queues
    assert queues is not None
    for name in ("slow", "fast"):
        await queues.push(name, PushMessage(id="m1"))
        await queues.pop(name, count=1)
    clock.pass_by(1_000)
    assert await queues.pop("slow", count=1) == []
    assert await queues.pop("fast", count=1) == ["m1"]
    clock.pass_by(4_000)
    assert await queues.pop("slow", count=1) == ["m1"]
    await store.close()
