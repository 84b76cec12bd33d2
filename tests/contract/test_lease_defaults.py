"""How long a message is leased where the call doesn't say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from podium_core.models import PushMessage
from podium_server.config.config import Config
from podium_server.config.settings import QueueSettings, QueuesSettings
from tests.clock import FakeClock
from tests.contract.daos import Adapters
from tests.contract.ways import QUEUE_WAYS, Way

WAYS = QUEUE_WAYS


@pytest.fixture
def config(way: Way, tmp_path: Path) -> Config:
    queues = QueuesSettings(
        unack_timeout_ms=1_000, per_queue={"slow": QueueSettings(unack_timeout_ms=5_000)}
    )
    return replace(way.config(tmp_path), queues=queues)


async def test_a_queues_own_length_goes_before_that_of_all(
    adapters: Adapters, clock: FakeClock
) -> None:
    queues = adapters.queues
    for name in ("slow", "fast"):
        await queues.push(name, PushMessage(id="m1"))
        await queues.pop(name, count=1)
    clock.pass_by(1_000)
    assert await queues.pop("slow", count=1) == []
    assert await queues.pop("fast", count=1) == ["m1"]
    clock.pass_by(4_000)
    assert await queues.pop("slow", count=1) == ["m1"]
