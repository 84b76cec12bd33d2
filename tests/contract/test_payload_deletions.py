"""Payloads and their deletions: cancelled with the document, or claimed and carried out. The clock is the test's own.

The protocol is that of ``tests/model/payload_deletions.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from podium_core.backend import ExecutionAdapter
from podium_core.errors import BackendUnavailableError, ConflictError, NotFoundError
from podium_core.models import PayloadType
from podium_core.outbox import CLAIMED, KIND_PAYLOAD, LEFT_MS, DueEntries, NewEntry, OutboxEntry
from podium_core.payload_keys import new_key
from podium_core.ports import ExternalPayloadStorage, Outbox
from podium_core.removal import RemovalMachine
from podium_core.write_set import WriteSet, builders
from podium_core.write_set.refusals import UploadLostError
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.handlers import OneByOne
from podium_server.outbox.targets import LATE_UPLOADS_MS, payload_target
from tests.clock import FakeClock
from tests.contract.daos import Adapters
from tests.contract.records import make_task, make_workflow

replace = msgspec.structs.replace

DELAY_MS = 60_000
KEY, OTHER = (new_key(PayloadType.WORKFLOW_INPUT, "w1") for _ in range(2))


@pytest.fixture
def outbox(adapters: Adapters) -> Outbox:
    return adapters.outbox


@pytest.fixture
def executions(adapters: Adapters) -> ExecutionAdapter:
    return adapters.executions


@pytest.fixture
def payloads(adapters: Adapters) -> UnreliablePayloads:
    return UnreliablePayloads(adapters.payloads)


class UnreliablePayloads:
    """A payload store whose deletions fail while it is down."""

    def __init__(self, storage: ExternalPayloadStorage) -> None:
        self.is_down = False
        self._storage = storage
        self.get_location = storage.get_location
        self.upload = storage.upload
        self.download = storage.download

    async def delete(self, path: str) -> bool:
        if self.is_down:
            raise BackendUnavailableError("blobs", "down")
        return await self._storage.delete(path)


async def uploaded(outbox: Outbox, payloads: ExternalPayloadStorage | None = None) -> None:
    """What the facade does before the write that refers to ``KEY``."""
    await outbox.put([NewEntry(kind=KIND_PAYLOAD, id=KEY, owner="w1", delay_ms=DELAY_MS)])
    if payloads is not None:
        await store_again(payloads)


async def store_again(payloads: ExternalPayloadStorage) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"{}"

    await payloads.upload(chunks(), path=KEY)


async def is_there(payloads: ExternalPayloadStorage) -> bool:
    try:
        return [chunk async for chunk in payloads.download(KEY)] != []
    except NotFoundError:
        return False


async def due(outbox: Outbox) -> list[OutboxEntry]:
    return list((await outbox.due_entries(range(16), [KIND_PAYLOAD], 10)).entries)


async def waiting(outbox: Outbox, *keys: str) -> frozenset[str]:
    return await outbox.waiting_ids(KIND_PAYLOAD, [(key, "w1") for key in keys])


async def drained(outbox: Outbox, payloads: ExternalPayloadStorage) -> list[bytes]:
    """Carry out what is due, once; the bodies of those marks."""
    drainer = Drainer(outbox, OneByOne(payload_target(payloads, outbox)))
    entries = await due(outbox)
    await drainer.carry_out(DueEntries(entries, 0))
    return [entry.body for entry in entries]


def referring(key: str = KEY, *lifts: str) -> WriteSet:
    """A workflow whose input lies outside."""
    workflow = make_workflow(external_input_payload_storage_path=key)
    write_set = builders.create_workflow(workflow, now_ms=1, replace_existing=True)
    return replace(write_set, uploads=lifts)


class TestLift:
    async def test_the_mark_goes_with_the_write_that_refers_to_the_payload(
        self, executions: ExecutionAdapter, outbox: Outbox, clock: FakeClock
    ) -> None:
        await uploaded(outbox)
        await executions.apply(referring(KEY, KEY))
        clock.pass_by(DELAY_MS)
        assert await due(outbox) == []

    async def test_up_to_the_claim_even_when_it_is_due(
        self, executions: ExecutionAdapter, outbox: Outbox, clock: FakeClock
    ) -> None:
        await uploaded(outbox)
        clock.pass_by(DELAY_MS * 2)
        (taken,) = await due(outbox)
        await executions.apply(referring(KEY, KEY))
        assert not await outbox.claim(taken, delay_ms=1)

    async def test_of_a_claimed_one_is_refused_and_nothing_is_written(
        self, executions: ExecutionAdapter, outbox: Outbox, clock: FakeClock
    ) -> None:
        await uploaded(outbox)
        clock.pass_by(DELAY_MS)
        (taken,) = await due(outbox)
        assert await outbox.claim(taken, delay_ms=1)
        with pytest.raises(UploadLostError):
            await executions.apply(referring(KEY, KEY))
        assert await executions.get_workflow("w1") is None

    async def test_a_claimed_one_stays_where_a_writer_refers_to_it_without_uploading_it(
        self, executions: ExecutionAdapter, outbox: Outbox, clock: FakeClock
    ) -> None:
        await uploaded(outbox)
        clock.pass_by(DELAY_MS)
        (taken,) = await due(outbox)
        assert await outbox.claim(taken, delay_ms=1)
        await executions.apply(referring(KEY))
        assert await waiting(outbox, KEY) == {KEY}

    async def test_of_one_without_a_mark_is_refused(
        self, executions: ExecutionAdapter, outbox: Outbox
    ) -> None:
        await uploaded(outbox)
        with pytest.raises(UploadLostError):
            await executions.apply(referring(KEY, KEY, OTHER))
        assert await executions.get_workflow("w1") is None
        assert await waiting(outbox, KEY) == {KEY}

    async def test_leaves_the_mark_of_a_task_that_is_left_out(
        self, executions: ExecutionAdapter, outbox: Outbox
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1", reference_task_name="ref")])
        await uploaded(outbox)
        task = make_task("t2", reference_task_name="ref", external_input_payload_storage_path=KEY)
        await executions.apply(replace(builders.create_tasks([task], now_ms=1), uploads=(KEY,)))
        assert await waiting(outbox, KEY) == {KEY}

    async def test_leaves_the_mark_where_a_guard_refuses(
        self, executions: ExecutionAdapter, outbox: Outbox
    ) -> None:
        await executions.create_workflow(make_workflow())
        await uploaded(outbox)
        workflow = make_workflow(external_input_payload_storage_path=KEY)
        update = builders.update_workflow(workflow, now_ms=1, expected_update_time=1)
        with pytest.raises(ConflictError):
            await executions.apply(replace(update, uploads=(KEY,)))
        assert await waiting(outbox, KEY) == {KEY}


class TestClaim:
    async def test_needs_the_mark_that_was_taken(self, outbox: Outbox, clock: FakeClock) -> None:
        await uploaded(outbox)
        clock.pass_by(DELAY_MS)
        (taken,) = await due(outbox)
        await uploaded(outbox)
        assert not await outbox.claim(taken, delay_ms=1)

    async def test_moves_the_mark_on_in_the_same_step(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        await uploaded(outbox)
        clock.pass_by(DELAY_MS)
        (taken,) = await due(outbox)
        assert await outbox.claim(taken, delay_ms=500)
        clock.pass_by(499)
        assert await due(outbox) == []
        clock.pass_by(1)
        (claimed,) = await due(outbox)
        assert (claimed.body, claimed.token) == (CLAIMED, taken.token)


class TestPayloadTarget:
    async def test_leaves_alone_what_is_not_due(
        self, outbox: Outbox, payloads: ExternalPayloadStorage, clock: FakeClock
    ) -> None:
        await uploaded(outbox, payloads)
        clock.pass_by(DELAY_MS - 1)
        assert await drained(outbox, payloads) == []
        assert await is_there(payloads)

    async def test_deletes_an_upload_twice_for_one_that_came_late(
        self, outbox: Outbox, payloads: ExternalPayloadStorage, clock: FakeClock
    ) -> None:
        await uploaded(outbox, payloads)
        clock.pass_by(DELAY_MS)
        assert await drained(outbox, payloads) == [b""]
        assert not await is_there(payloads)
        await store_again(payloads)
        clock.pass_by(LATE_UPLOADS_MS - 1)
        assert await drained(outbox, payloads) == []
        clock.pass_by(1)
        assert await drained(outbox, payloads) == [CLAIMED]
        assert not await is_there(payloads)
        assert await waiting(outbox, KEY) == frozenset()

    async def test_that_dies_behind_the_claim_leaves_the_second_deletion_to_come(
        self, outbox: Outbox, payloads: ExternalPayloadStorage, clock: FakeClock
    ) -> None:
        await uploaded(outbox, payloads)
        clock.pass_by(DELAY_MS)
        (taken,) = await due(outbox)
        await outbox.claim(taken, delay_ms=LATE_UPLOADS_MS)
        assert await drained(outbox, payloads) == []
        clock.pass_by(LATE_UPLOADS_MS)
        assert await drained(outbox, payloads) == [CLAIMED]
        assert not await is_there(payloads)

    @pytest.mark.parametrize("failures", [1, 2])
    async def test_a_payload_store_that_is_down_costs_no_deletion(
        self,
        outbox: Outbox,
        payloads: UnreliablePayloads,
        clock: FakeClock,
        failures: int,
    ) -> None:
        await uploaded(outbox, payloads)
        clock.pass_by(DELAY_MS)
        payloads.is_down = True
        assert await drained(outbox, payloads) == [b""]
        if failures == 2:
            clock.pass_by(LATE_UPLOADS_MS)
            assert await drained(outbox, payloads) == [CLAIMED]
        payloads.is_down = False
        assert await is_there(payloads)
        clock.pass_by(LATE_UPLOADS_MS if failures == 1 else 30_000)
        assert await drained(outbox, payloads) == [CLAIMED]
        assert not await is_there(payloads)
        assert await waiting(outbox, KEY) == frozenset()

    async def test_deletes_nothing_whose_mark_was_lifted_meanwhile(
        self,
        executions: ExecutionAdapter,
        outbox: Outbox,
        payloads: ExternalPayloadStorage,
        clock: FakeClock,
    ) -> None:
        await uploaded(outbox, payloads)
        clock.pass_by(DELAY_MS)
        entries = await due(outbox)
        await executions.apply(referring(KEY, KEY))
        await Drainer(outbox, OneByOne(payload_target(payloads, outbox))).carry_out(
            DueEntries(entries, 0)
        )
        assert await is_there(payloads)
        assert await waiting(outbox, KEY) == frozenset()

    async def test_deletes_in_an_hour_what_an_update_no_longer_refers_to(
        self,
        executions: ExecutionAdapter,
        outbox: Outbox,
        payloads: ExternalPayloadStorage,
        clock: FakeClock,
    ) -> None:
        await uploaded(outbox, payloads)
        await executions.apply(referring(KEY, KEY))
        await executions.apply(referring(OTHER))
        assert await drained(outbox, payloads) == []
        clock.pass_by(LEFT_MS)
        assert await drained(outbox, payloads) == [b""]
        assert not await is_there(payloads)

    async def test_leaves_what_a_writer_with_an_older_copy_refers_to_again(
        self,
        executions: ExecutionAdapter,
        outbox: Outbox,
        payloads: ExternalPayloadStorage,
        clock: FakeClock,
    ) -> None:
        await uploaded(outbox, payloads)
        await executions.apply(referring(KEY, KEY))
        await executions.apply(referring(OTHER))
        await executions.apply(referring(KEY))
        clock.pass_by(LEFT_MS)
        await drained(outbox, payloads)
        assert await is_there(payloads)


class TestRemoval:
    async def test_marks_all_that_go_with_the_workflow(
        self, executions: ExecutionAdapter, outbox: Outbox
    ) -> None:
        await executions.apply(referring(KEY))
        keys = [new_key(PayloadType.TASK_INPUT, "w1") for _ in range(300)]
        tasks = [
            make_task(f"t{at}", external_input_payload_storage_path=key)
            for at, key in enumerate(keys)
        ]
        await executions.create_tasks(tasks)
        removal = builders.remove_workflow("w1", require_terminal=False, delete_payloads=True)
        await executions.apply(removal)
        await RemovalMachine(executions).carry_out("w1")
        assert await waiting(outbox, KEY, *keys) == {KEY, *keys}
        # Nothing refers to them any more: no write cancels these deletions.
        assert {entry.body for entry in await due(outbox)} == {CLAIMED}

    async def test_that_does_not_take_them_marks_none(
        self, executions: ExecutionAdapter, outbox: Outbox
    ) -> None:
        await executions.apply(referring(KEY))
        await executions.apply(builders.remove_workflow("w1", require_terminal=False))
        assert await executions.get_workflow("w1") is None
        assert await waiting(outbox, KEY) == frozenset()
