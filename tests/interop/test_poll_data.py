"""Last polls that Java and Podium write for each other."""

from __future__ import annotations

import asyncio

from podium_core.clock import system_clock_ms
from podium_core.models import collect
from tests.contract.daos import Daos
from tests.interop.java import JavaDaos

MANY = 50


async def test_ours_is_java_s(java: JavaDaos, podium: Daos) -> None:
    before = system_clock_ms()
    await podium.poll_data.update_last_poll_data("encode", None, "worker-1")
    await podium.poll_data.update_last_poll_data("encode", "eu", "worker-2")
    found = await java.poll_data("getPollData", "encode", None)
    assert before <= found["lastPollTime"] <= system_clock_ms()
    assert (found["queueName"], found["workerId"], found.get("domain")) == (
        "encode",
        "worker-1",
        None,
    )
    assert (await java.poll_data("getPollData", "encode", "eu"))["domain"] == "eu"
    every = await java.poll_data("getPollData", "encode")
    assert sorted(each["workerId"] for each in every) == ["worker-1", "worker-2"]


async def test_java_s_is_ours(java: JavaDaos, podium: Daos) -> None:
    await java.poll_data("updateLastPollData", "encode", None, "worker-1")
    await java.poll_data("updateLastPollData", "encode", "eu", "worker-2")
    found = await podium.poll_data.get_poll_data("encode", None)
    assert found is not None
    assert (found.queue_name, found.worker_id) == ("encode", "worker-1")
    every = await collect(podium.poll_data.get_all_poll_data())
    assert [each.worker_id for each in every] == ["worker-1", "worker-2"]


async def test_the_last_poll_counts_whoever_wrote_it(java: JavaDaos, podium: Daos) -> None:
    for n in range(5):
        await java.poll_data("updateLastPollData", "encode", None, f"java-{n}")
        found = await podium.poll_data.get_poll_data("encode", None)
        assert found is not None
        assert found.worker_id == f"java-{n}"
        await podium.poll_data.update_last_poll_data("encode", None, f"podium-{n}")
        seen = await java.poll_data("getPollData", "encode", None)
        assert seen["workerId"] == f"podium-{n}"


async def test_at_once(java: JavaDaos, podium: Daos) -> None:
    await asyncio.gather(
        *(java.poll_data("updateLastPollData", "encode", f"java-{n}", "w") for n in range(MANY)),
        *(
            podium.poll_data.update_last_poll_data("encode", f"podium-{n}", "w")
            for n in range(MANY)
        ),
    )
    domains = {f"{owner}-{n}" for owner in ("java", "podium") for n in range(MANY)}
    ours = await podium.poll_data.get_poll_data_for_task("encode")
    assert {each.domain for each in ours} == domains
    assert {each["domain"] for each in await java.poll_data("getPollData", "encode")} == domains
