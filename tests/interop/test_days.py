"""The date index at midnight: Java keeps the days of its time zone, and Podium finds all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podium_core.models import collect
from tests.contract.daos import Daos
from tests.contract.records import make_workflow
from tests.interop.conftest import podium_on, running_java
from tests.interop.java import JavaDaos
from tests.interop.java_records import java_workflow

ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
MINUTES = (-1, 0, 1)


def ms(time: datetime) -> int:
    return int(time.timestamp() * 1_000)


async def found(podium: Daos, start: datetime, end: datetime) -> set[str]:
    workflows = podium.executions.get_workflows_by_type(
        "order", start_time=ms(start), end_time=ms(end)
    )
    return {str(workflow.workflow_id) for workflow in await collect(workflows)}


@pytest.mark.parametrize("zone", ZONES)
async def test_java_in_another_zone(
    shared_redis: tuple[str, int], prefix: str, podium: Daos, tmp_path: Path, zone: str
) -> None:
    hours = {"Pacific/Kiritimati": 14, "Pacific/Pago_Pago": -11}[zone]
    times = {}
    with running_java(shared_redis, tmp_path / "java.log", time_zone=zone) as process:
        java = process.below(prefix)
        # Around midnight there, and around midnight of UTC.
        for name, midnight in (("there", MIDNIGHT - timedelta(hours=hours)), ("utc", MIDNIGHT)):
            for minutes in MINUTES:
                id_ = f"{name}{minutes}"
                times[id_] = midnight + timedelta(minutes=minutes)
                document = java_workflow(id_, createTime=ms(times[id_]))
                await java.execution("createWorkflow", document)
        for id_, time in times.items():
            assert await found(podium, time, time) == {id_}
        first, last = min(times.values()), max(times.values())
        assert await found(podium, first, last) == set(times)
        # What we remove is in no day of Java's.
        for id_ in times:
            await podium.executions.remove_workflow(id_)
        left = await java.execution("getWorkflowsByType", "order", ms(first), ms(last))
        assert left == []


async def test_java_finds_ours_in_its_own_zone(
    shared_redis: tuple[str, int], prefix: str, tmp_path: Path
) -> None:
    zone, hours = ZONES[0], 14
    midnight = MIDNIGHT - timedelta(hours=hours)
    async with podium_on(shared_redis, prefix, tmp_path, time_zone=zone) as podium:
        for minutes in MINUTES:
            time = ms(midnight + timedelta(minutes=minutes))
            await podium.executions.create_workflow(make_workflow(f"w{minutes}", create_time=time))
        with running_java(shared_redis, tmp_path / "java.log", time_zone=zone) as process:
            java: JavaDaos = process.below(prefix)
            for minutes in MINUTES:
                time = ms(midnight + timedelta(minutes=minutes))
                seen = await java.execution("getWorkflowsByType", "order", time, time)
                assert [workflow["workflowId"] for workflow in seen] == [f"w{minutes}"]
