"""The ways to reach a store that the contract suite runs on. One more is one more entry in ``WAYS``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.spec import SPEC
from podium_core.backend import StoreContext
from podium_core.dao import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionService,
    MetadataDAO,
    PollDataDAO,
    QueueDAO,
    RateLimitingDAO,
)
from podium_server.facade.executions import ExecutionFacade


@dataclass(frozen=True)
class Daos:
    """One store's DAOs, however they are reached."""

    executions: ExecutionService
    metadata: MetadataDAO
    queues: QueueDAO
    event_handlers: EventHandlerDAO
    poll_data: PollDataDAO
    concurrency_limits: ConcurrentExecutionLimitDAO
    rate_limits: RateLimitingDAO


Way = Callable[[Path], AbstractAsyncContextManager[Daos]]


@asynccontextmanager
async def sqlite_in_process(folder: Path) -> AsyncIterator[Daos]:
    """A fresh file, its adapters called directly, executions through their facade."""
    context = StoreContext(name="main", serves=SPEC.serves)
    store = await SPEC.connect(context, SqliteSettings(path=folder / "podium.db"))
    try:
        assert store.executions is not None
        assert store.metadata is not None
        assert store.queues is not None
        assert store.event_handlers is not None
        assert store.poll_data is not None
        assert store.concurrency_limits is not None
        assert store.rate_limits is not None
        yield Daos(
            executions=ExecutionFacade(
                store.executions, store.queues, limits=store.concurrency_limits
            ),
            metadata=store.metadata,
            queues=store.queues,
            event_handlers=store.event_handlers,
            poll_data=store.poll_data,
            concurrency_limits=store.concurrency_limits,
            rate_limits=store.rate_limits,
        )
    finally:
        await store.close()


WAYS: dict[str, Way] = {"sqlite": sqlite_in_process}
