"""The fixtures of the contract suite: each test runs once for each way to reach a store, on a fresh one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.execution_service import ExecutionService
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExternalPayloadStorage,
    IndexDAO,
    MetadataDAO,
    PollDataDAO,
    QueueDAO,
    RateLimitingDAO,
)
from tests.contract.ways import WAYS, Daos, Settings


@pytest.fixture
def settings() -> Settings:
    """Of the server; a module that needs others has a fixture of this name."""
    return {}


@pytest.fixture(params=WAYS)
async def daos(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> AsyncIterator[Daos]:
    async with WAYS[request.param](tmp_path, settings) as reached:
        yield reached


@pytest.fixture
def executions(daos: Daos) -> ExecutionService:
    return daos.executions


@pytest.fixture
def metadata_dao(daos: Daos) -> MetadataDAO:
    return daos.metadata


@pytest.fixture
def queue_dao(daos: Daos) -> QueueDAO:
    return daos.queues


@pytest.fixture
def event_handler_dao(daos: Daos) -> EventHandlerDAO:
    return daos.event_handlers


@pytest.fixture
def poll_data_dao(daos: Daos) -> PollDataDAO:
    return daos.poll_data


@pytest.fixture
def concurrent_limit_dao(daos: Daos) -> ConcurrentExecutionLimitDAO:
    return daos.concurrency_limits


@pytest.fixture
def rate_limiting_dao(daos: Daos) -> RateLimitingDAO:
    return daos.rate_limits


@pytest.fixture
def payloads(daos: Daos) -> ExternalPayloadStorage:
    return daos.payloads


@pytest.fixture
def index_dao(daos: Daos) -> IndexDAO:
    return daos.index
