"""How far a Commit is one step is decided once: facade, GetServerInfo and store can't disagree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from podium_backends.registry import REGISTRY, Registry
from podium_core.backend import BackendSpec, Capability, DataType, StoreContext
from podium_core.models import DECIDER_QUEUE, Commit, CommitAck, Guarantee, PushMessage
from podium_core.write_set import PushOp, WriteSet
from podium_server.app import FacadeHandle, open_facade
from podium_server.config.config import Config
from podium_server.config.load import load_config
from tests.contract.eventually import eventually
from tests.contract.records import make_workflow

APART = {
    "PODIUM_STORES__MAIN__KIND": "sqlite",
    "PODIUM_STORES__QUEUES__KIND": "sqlite",
    "PODIUM_ROUTING__DEFAULT": "main",
    "PODIUM_ROUTING__QUEUES": "queues",
    "PODIUM_ROUTING__PAYLOADS": "none",
}


def unable(kind: str) -> BackendSpec:
    """A kind that can't take queue operations into the step of a WriteSet."""
    spec = REGISTRY.spec(kind)
    return msgspec.structs.replace(
        spec,
        capabilities=lambda settings: spec.capabilities(settings) - {Capability.ATOMIC_WITH_QUEUES},
    )


UNABLE = Registry({kind: lambda kind=kind: unable(kind) for kind in REGISTRY.kinds})  # type: ignore[misc]


def config_in(folder: Path, *, able: bool = True, apart: bool = False) -> Config:
    environment = {"PODIUM_DATA_DIR": str(folder), **(APART if apart else {})}
    return load_config(environment=environment, registry=REGISTRY if able else UNABLE)


@pytest.mark.parametrize(
    ("able", "apart", "guarantee"),
    [
        (True, False, Guarantee.ATOMIC),
        (True, True, Guarantee.ORDERED),
        (False, False, Guarantee.ORDERED),
        (False, True, Guarantee.ORDERED),
    ],
)
def test_one_step_needs_one_store_that_can(
    tmp_path: Path, *, able: bool, apart: bool, guarantee: Guarantee
) -> None:
    assert config_in(tmp_path, able=able, apart=apart).commit_guarantee is guarantee


class TestOneStoreThatCannot:
    """Everything goes as with two stores, though queues are at hand."""

    @pytest.fixture
    async def handle(self, tmp_path: Path) -> AsyncIterator[FacadeHandle]:
        opened = await open_facade(config_in(tmp_path, able=False))
        yield opened
        await opened.close()

    async def test_the_server_and_its_commits_say_so(self, handle: FacadeHandle) -> None:
        assert handle.facade.server_info.commit_guarantee is Guarantee.ORDERED
        commit = Commit(workflow_id="w1", create_workflow=make_workflow())
        result = await handle.facade.executions.commit(commit)
        assert result.guarantee is Guarantee.ORDERED

    async def test_pushes_are_intents_that_are_delivered(self, handle: FacadeHandle) -> None:
        store = handle.stores["main"]
        assert store.executions is not None
        assert store.outbox is not None
        assert store.queues is not None
        queues = store.queues
        await handle.facade.executions.create_workflow(make_workflow())

        async def delivered() -> bool:
            return await queues.contains_message(DECIDER_QUEUE, "w1")

        await eventually(delivered)

    async def test_an_acknowledgement_is_made_after_the_documents(
        self, handle: FacadeHandle
    ) -> None:
        queues = handle.facade.queues
        await queues.push("q", PushMessage(id="w1"))
        (message,) = await queues.poll_messages("q", count=1)
        ack = CommitAck(queue_name="q", message_id="w1", receipt=message.receipt)
        commit = Commit(workflow_id="w1", create_workflow=make_workflow(), acks=[ack])
        assert (await handle.facade.executions.commit(commit)).acked == (True,)
        assert not await queues.contains_message("q", "w1")


@pytest.mark.parametrize("guarantee", Guarantee)
async def test_a_store_goes_by_what_the_server_decided(
    tmp_path: Path, guarantee: Guarantee
) -> None:
    """Not by the data types that it serves itself."""
    config = config_in(tmp_path).stores["main"]
    context = StoreContext(name="main", serves=frozenset(DataType), commit_guarantee=guarantee)
    store = await config.spec.connect(context, config.settings)
    assert store.executions is not None
    assert store.outbox is not None
    assert store.queues is not None
    push = PushOp(queue_name="q", message_id="m", payload="", priority=0, offset_ms=0)
    outcome = await store.executions.apply(WriteSet(queue_ops=(push,)))
    here = await store.queues.contains_message("q", "m")
    assert (here, len(outcome.intents)) == (
        (True, 0) if guarantee is Guarantee.ATOMIC else (False, 1)
    )
    await store.close()
