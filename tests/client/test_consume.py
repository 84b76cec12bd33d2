"""Consuming a queue of Podium's own server: acks, leases, credit, and what is left when it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from msgspec import Raw

from podium_client import LeasedMessage, PodiumClient
from podium_client.errors import InvalidArgumentError, TransportError
from podium_core.models import Commit, PushMessage, Workflow, WorkflowStatus
from tests.client.conftest import QUICK, tasks_left
from tests.client.podium_server import PodiumServer
from tests.patience import PATIENCE_SECONDS

SHORT_MS = 2_000


async def push(podium: PodiumClient, *ids: str) -> None:
    await podium.queues.push_messages(
        "q", [PushMessage(id=one, payload=f"of {one}") for one in ids]
    )


async def counts(podium: PodiumClient) -> tuple[int, int]:
    """Size and unacked messages of the queue; (0, 0) where it is gone."""
    details = {detail.name: detail for detail in await podium.queues.queues_detail_verbose()}
    return (details["q"].size, details["q"].unacked) if "q" in details else (0, 0)


async def eventually(podium: PodiumClient, wanted: tuple[int, int]) -> None:
    """Wait for these counts."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await counts(podium) != wanted:
            await asyncio.sleep(0.01)


class TestBody:
    async def test_leaving_well_acks(self, podium: PodiumClient) -> None:
        await push(podium, "a", "b", "c")
        seen = []
        async for message in podium.queues.consume("q"):
            async with message:
                seen.append(
                    (message.id, message.payload, message.delivery_count, message.queue_name)
                )
            if len(seen) == 3:
                break
        assert seen == [("a", "of a", 1, "q"), ("b", "of b", 1, "q"), ("c", "of c", 1, "q")]
        assert await counts(podium) == (0, 0)

    async def test_an_exception_gives_back_and_goes_on_its_way(self, podium: PodiumClient) -> None:
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q")) as messages:
            message = await anext(messages)
            with pytest.raises(ZeroDivisionError):
                async with message:
                    raise ZeroDivisionError
            async with await anext(messages) as again:
                assert (again.id, again.delivery_count) == ("a", 2)

    async def test_bodies_run_beside_each_other(self, podium: PodiumClient) -> None:
        await push(podium, *"abcd")
        running = asyncio.Barrier(4)

        async def handle(message: LeasedMessage) -> None:
            async with message:
                await asyncio.wait_for(running.wait(), PATIENCE_SECONDS)

        async with asyncio.TaskGroup() as bodies:
            taken = 0
            async for message in podium.queues.consume("q", credit=4):
                bodies.create_task(handle(message))
                taken += 1
                if taken == 4:
                    break
        assert await counts(podium) == (0, 0)

    async def test_a_body_may_settle_it_by_itself(
        self, podium: PodiumClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "podium_client")
        await push(podium, *"abc")
        async with aclosing(podium.queues.consume("q")) as messages:
            async with await anext(messages) as message:
                assert await message.extend(5_000)
                assert await message.ack()
            async with await anext(messages) as message:
                assert await podium.queues.ack("q", message.id, receipt=message.receipt)
            async with await anext(messages) as message:
                assert await message.give_back()
            async with await anext(messages) as message:
                assert (message.id, message.delivery_count) == ("c", 2)
        assert await counts(podium) == (0, 0)
        assert caplog.messages == []

    async def test_it_is_given_back_for_later(
        self, podium: PodiumClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "podium_client")
        await podium.queues.push("q", PushMessage(id="a", payload="p", priority=7))
        async with aclosing(podium.queues.consume("q")) as messages:
            async with await anext(messages) as message:
                assert await message.give_back(delay_ms=60_000)
            assert await counts(podium) == (1, 0)
            assert await podium.queues.reset_offset_time("q", "a")
            async with await anext(messages) as again:
                assert (again.payload, again.priority) == ("p", 7)
        assert await counts(podium) == (0, 0)
        assert caplog.messages == []

    async def test_what_another_holds_is_not_given_back_for_later(
        self, podium: PodiumClient
    ) -> None:
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q", credit=1)) as messages:
            late = await anext(messages)
            assert await podium.queues.set_unack_timeout("q", "a", 0, receipt=late.receipt)
            (holding,) = await podium.queues.poll_messages("q", count=1, timeout_ms=10_000)
            assert not await late.give_back(delay_ms=60_000)
            assert await podium.queues.ack("q", "a", receipt=holding.receipt)

    async def test_a_commit_that_acks_it_is_its_end(
        self, podium: PodiumClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "podium_client")
        await push(podium, "w1")
        workflow = Workflow(
            workflow_id="w1",
            status=WorkflowStatus.RUNNING,
            workflow_definition=Raw(b'{"name":"order"}'),
        )
        async with (
            aclosing(podium.queues.consume("q")) as messages,
            await anext(messages) as message,
        ):
            commit = Commit(workflow_id="w1", create_workflow=workflow)
            result = await podium.executions.commit(commit.with_ack(message.queue_name, message))
        assert result.acked == (True,)
        assert caplog.messages == []
        assert await counts(podium) == (0, 0)


class TestLease:
    async def test_it_is_prolonged_while_the_body_runs(self, podium: PodiumClient) -> None:
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q", unack_timeout_ms=SHORT_MS)) as messages:
            message = await anext(messages)
            async with message:
                assert await podium.queues.pop("q", count=1, timeout_ms=2 * SHORT_MS) == []
        assert await counts(podium) == (0, 0)

    async def test_it_is_prolonged_after_the_iterator_was_closed(
        self, podium: PodiumClient
    ) -> None:
        await push(podium, "a")
        messages = podium.queues.consume("q", unack_timeout_ms=SHORT_MS)
        async with await anext(messages):
            await messages.aclose()
            assert await podium.queues.pop("q", count=1, timeout_ms=2 * SHORT_MS) == []
        assert await counts(podium) == (0, 0)

    async def test_it_is_prolonged_while_the_message_waits_for_its_turn(
        self, podium: PodiumClient
    ) -> None:
        await push(podium, "a", "b")
        async with aclosing(podium.queues.consume("q", unack_timeout_ms=SHORT_MS)) as messages:
            async with await anext(messages):
                await asyncio.sleep(2 * SHORT_MS / 1000)
            async with await anext(messages) as second:
                assert (second.id, second.delivery_count) == ("b", 1)

    async def test_a_message_that_nobody_enters_comes_again(self, podium: PodiumClient) -> None:
        await push(podium, "a")
        async with aclosing(
            podium.queues.consume("q", credit=1, unack_timeout_ms=SHORT_MS)
        ) as messages:
            first = await anext(messages)
            again = await asyncio.wait_for(anext(messages), PATIENCE_SECONDS)
            assert (again.id, again.delivery_count, first.lease.lapsed) == ("a", 2, True)

    async def test_the_queues_own_length_holds_where_none_is_asked_for(
        self, tmp_path: Path
    ) -> None:
        config = tmp_path / "podium.toml"
        config.write_text(f"[queues.per_queue.q]\nunack_timeout_ms = {SHORT_MS}\n")
        server = PodiumServer(tmp_path, PODIUM_CONFIG=str(config))
        await server.start()
        async with (
            PodiumClient(server.address, retry=QUICK) as podium,
            aclosing(podium.queues.consume("q", credit=1)) as messages,
        ):
            await push(podium, "a")
            lapsing = await anext(messages)
            async with await anext(messages) as again:
                assert (again.id, lapsing.lease.lapsed) == ("a", True)
                assert await podium.queues.pop("q", count=1, timeout_ms=2 * SHORT_MS) == []
            assert await counts(podium) == (0, 0)
        await server.stop()

    async def test_one_that_was_ended_elsewhere_is_no_error(
        self, podium: PodiumClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "podium_client")
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q")) as messages, await anext(messages):
            await podium.queues.postpone("q", "a", offset_ms=60_000)
        assert caplog.messages == ["message a: its lease had ended before the ack"]
        assert await counts(podium) == (1, 0)


class TestCredit:
    async def test_no_more_are_leased_than_it_says(self, podium: PodiumClient) -> None:
        await push(podium, *"abcdefghij")
        async with aclosing(podium.queues.consume("q", credit=3)) as messages:
            taken = [await anext(messages) for _ in range(3)]
            waiting = asyncio.ensure_future(anext(messages))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            assert await counts(podium) == (7, 3)
            assert await taken[0].ack()
            await asyncio.wait_for(waiting, PATIENCE_SECONDS)
            assert await counts(podium) == (6, 3)

    @pytest.mark.parametrize("credit", [1, 2, 16])
    async def test_a_long_queue_is_worked_off(self, podium: PodiumClient, credit: int) -> None:
        ids = [f"m{number}" for number in range(100)]
        await push(podium, *ids)
        seen = set()
        async for message in podium.queues.consume("q", credit=credit):
            async with message:
                seen.add(message.id)
            if len(seen) == 100:
                break
        assert await counts(podium) == (0, 0)

    @pytest.mark.parametrize("credit", [0, 1_001])
    async def test_none_and_too_much_are_refused_at_once(
        self, podium: PodiumClient, credit: int
    ) -> None:
        with pytest.raises(InvalidArgumentError, match="credit: must be 1-1000"):
            podium.queues.consume("q", credit=credit)
        with pytest.raises(InvalidArgumentError, match="unack_timeout_ms: must be more than 0"):
            podium.queues.consume("q", unack_timeout_ms=0)

    async def test_a_queue_without_a_name_is_refused_by_the_server(
        self, podium: PodiumClient
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await anext(podium.queues.consume(""))
        assert caught.value.field == "open.queue_name"


async def first_of(messages: AsyncGenerator[LeasedMessage, None]) -> LeasedMessage:
    return await anext(messages)


class TestEnd:
    async def test_what_was_fetched_ahead_goes_back(self, podium: PodiumClient) -> None:
        await push(podium, *"abcd")
        async with aclosing(podium.queues.consume("q")) as messages, await anext(messages):
            await eventually(podium, (0, 4))
        # One given back may be leased once more while the stream ends, and comes back from there.
        await eventually(podium, (3, 0))

    async def test_a_dropped_iterator_goes_by_itself(self, podium: PodiumClient) -> None:
        await push(podium, *"abcd")
        before = asyncio.all_tasks()
        async for message in podium.queues.consume("q"):
            async with message:
                pass
            break
        await eventually(podium, (3, 0))
        assert {task for task in await tasks_left(before) if "podium_client" in repr(task)} == set()

    async def test_a_cancelled_one_leaves_nothing(self, server: PodiumServer) -> None:
        before = asyncio.all_tasks()
        async with PodiumClient(server.address) as podium:
            consuming = asyncio.create_task(first_of(podium.queues.consume("q")))
            await asyncio.sleep(0.1)
            consuming.cancel()
            with pytest.raises(asyncio.CancelledError):
                await consuming
            ours = {task for task in await tasks_left(before) if "podium_client" in repr(task)}
            assert ours == set()

    async def test_a_cancelled_body_gives_its_message_back(self, podium: PodiumClient) -> None:
        await push(podium, "a")
        entered = asyncio.Event()

        async def work() -> None:
            async for message in podium.queues.consume("q"):
                async with message:
                    entered.set()
                    await asyncio.sleep(60)

        working = asyncio.create_task(work())
        await entered.wait()
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        await eventually(podium, (1, 0))

    async def test_it_ends_when_the_client_is_closed(self, server: PodiumServer) -> None:
        podium = PodiumClient(server.address)
        seen: list[str] = []

        async def work() -> None:
            async for message in podium.queues.consume("q"):
                async with message:
                    seen.append(message.id)

        working = asyncio.create_task(work())
        await push(podium, "a")
        while not seen:
            await asyncio.sleep(0.01)
        await podium.close()
        await asyncio.wait_for(working, PATIENCE_SECONDS)
        assert seen == ["a"]


class TestBrokenConnection:
    async def test_it_goes_on_when_the_server_is_back(
        self, server: PodiumServer, podium: PodiumClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "podium_client")
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q")) as messages:
            async with await anext(messages):
                pass
            waiting = asyncio.ensure_future(anext(messages))
            await server.stop()
            await asyncio.sleep(0.1)
            await server.start()
            await push(podium, "b")
            async with await asyncio.wait_for(waiting, PATIENCE_SECONDS) as message:
                assert message.id == "b"
        (warning,) = caplog.messages
        assert warning.startswith("queue q: ")
        assert "opening it again in 0.0 s" in warning

    async def test_a_message_of_before_is_acked_after(
        self, server: PodiumServer, podium: PodiumClient
    ) -> None:
        await push(podium, "a")
        async with aclosing(podium.queues.consume("q")) as messages:
            async with await anext(messages):
                await server.stop()
                await server.start()
            assert await counts(podium) == (0, 0)

    async def test_one_that_cannot_be_acked_comes_again(
        self, server: PodiumServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "podium_client")
        async with PodiumClient(server.address, retry=QUICK, timeout_seconds=1) as podium:
            await push(podium, "a")
            async with aclosing(podium.queues.consume("q")) as messages, await anext(messages):
                await server.stop()
        assert caplog.messages[-1].startswith("message a wasn't acked, it will come again: ")

    async def test_a_server_that_drains_ends_the_stream_and_not_the_consumer(
        self, server: PodiumServer, podium: PodiumClient
    ) -> None:
        messages = podium.queues.consume("q")
        waiting = asyncio.ensure_future(anext(messages))
        await asyncio.sleep(0.1)
        await server.stop(grace_seconds=2)
        await server.start()
        await push(podium, "a")
        async with await asyncio.wait_for(waiting, PATIENCE_SECONDS) as message:
            assert message.id == "a"
        await messages.aclose()

    async def test_explicit_acks_tell_of_a_server_that_is_gone(self, server: PodiumServer) -> None:
        async with PodiumClient(server.address, retry=QUICK, timeout_seconds=1) as podium:
            await push(podium, "a")
            async with aclosing(podium.queues.consume("q")) as messages:
                message = await anext(messages)
                await server.stop()
                with pytest.raises(TransportError):
                    await message.ack()
