"""The fixtures of the contract suite: each test runs once for each way to reach stores, on fresh ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from podium_core.backend import Capability
from podium_core.clock import Clock
from podium_core.execution_service import ExecutionService
from podium_core.models import Guarantee
from podium_core.outbox import KIND_ACK, KIND_PUSH, KIND_REMOVE, KIND_UNQUEUE
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
from podium_server.config.config import Config
from tests.clock import FakeClock, ShiftedClock
from tests.contract.capabilities import pytest_pyfunc_call
from tests.contract.daos import Adapters, Daos
from tests.contract.eventually import Delivered, eventually
from tests.contract.large_records import ALL_BUCKETS, PayloadKeys
from tests.contract.ways import EVERY_TIME, WAYS, Record, Settings, Transport, Way

__all__ = ["pytest_pyfunc_call"]

FOR_QUEUES = (KIND_PUSH, KIND_ACK, KIND_REMOVE, KIND_UNQUEUE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of adapters know no transport: once for each set of stores. All others run on every way.

    A module that is about some ways names them: ``WAYS``, and more of them for the night: ``NIGHTLY_WAYS``. Others run on
    ``EVERY_TIME``, and at night on all.
    """
    if "way" in metafunc.fixturenames:
        over_grpc = "daos" in metafunc.fixturenames
        often: tuple[Way, ...] = getattr(metafunc.module, "WAYS", EVERY_TIME)
        more = () if hasattr(metafunc.module, "WAYS") else WAYS
        more = getattr(metafunc.module, "NIGHTLY_WAYS", more)
        candidates = (*often, *(way for way in more if way not in often))
        ways = [
            pytest.param(way, marks=() if way in often else pytest.mark.nightly)
            for way in candidates
            if over_grpc or way.transport is Transport.IN_PROCESS
        ]
        metafunc.parametrize("way", ways, ids=str, indirect=True, scope="module")


@pytest.fixture(scope="module")
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """One of the ways, its server at hand."""
    chosen: Way = request.param
    if chosen.service:
        chosen = chosen.at(request.getfixturevalue(chosen.service))
    yield chosen
    chosen.end_all()


@pytest.fixture
def settings() -> Settings:
    """Of the server, beyond stores and routing; a module that needs others has a fixture of this name."""
    return {}


@pytest.fixture
def config(way: Way, tmp_path: Path, settings: Settings) -> Iterator[Config]:
    config = way.config(tmp_path, settings)
    yield config
    way.end(config)


@pytest.fixture
def guarantee(config: Config) -> Guarantee:
    """How far a Commit is one step."""
    return config.commit_guarantee


@pytest.fixture
def delivered(daos: Daos, guarantee: Guarantee) -> Delivered:
    """Where queues are another store, wait for what was written for them; in one store there is nothing to wait for."""

    def none(due_in_ms: int | None) -> bool:
        return due_in_ms is None

    async def wait() -> None:
        if guarantee is Guarantee.ORDERED:
            await eventually(lambda: daos.outbox.due_in_ms(ALL_BUCKETS, FOR_QUEUES), none)

    return wait


@pytest.fixture
def capabilities(way: Way) -> frozenset[Capability]:
    return way.capabilities


# a server's DAOs, on the system's clock, which a test may shift


@pytest.fixture
def shifted_clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def daos(way: Way, config: Config, shifted_clock: ShiftedClock) -> AsyncIterator[Daos]:
    async with way.open(config, shifted_clock) as reached:
        yield reached


@pytest.fixture
def corrupt(way: Way, config: Config) -> Callable[[Record, str], None]:
    """Damages the stored document of a record."""
    return lambda record, id_: way.damage(config, record, id_)


@pytest.fixture
def payload_keys(way: Way, config: Config) -> PayloadKeys:
    """Gives the keys of all payloads that are stored."""
    return lambda: way.list_payloads(config)


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


# the adapters alone, on a clock that stands still


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def adapters(way: Way, config: Config, clock: Clock) -> AsyncIterator[Adapters]:
    async with way.open_adapters(config, clock) as opened:
        yield opened
