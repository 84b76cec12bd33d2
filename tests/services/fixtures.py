"""A pytest plugin: session-wide servers, and a loud word about each that could not be had."""

import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import NoReturn, TypeVar

import pytest

from tests.services import providers
from tests.services.cassandra_server import ContactPoint
from tests.services.process import ServerStartError
from tests.services.unavailable import ServiceStartError, ServiceUnavailableError

T = TypeVar("T")

MISSING = pytest.StashKey[dict[str, str]]()
FAILED = pytest.StashKey[set[str]]()


@pytest.fixture(scope="session")
def redis_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a real Redis, shared by the session: use key prefixes of your own."""
    yield from provided(pytestconfig, "Redis", providers.redis())


@pytest.fixture(scope="session")
def sentinel_redis(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a primary, and after a space the address of the Sentinel that watches over it; shared by the session."""
    yield from provided(pytestconfig, "Redis with Sentinel", providers.redis_with_sentinel())


@pytest.fixture(scope="session")
def cassandra_contact_point(pytestconfig: pytest.Config) -> Iterator[ContactPoint]:
    """The address of a real Cassandra, shared by the session: use keyspaces of your own."""
    yield from provided(pytestconfig, "Cassandra", providers.cassandra())


@pytest.fixture(scope="session")
def elasticsearch_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a real Elasticsearch 6.8, shared by the session: use index prefixes of your own."""
    yield from provided(pytestconfig, "Elasticsearch", providers.elasticsearch())


def provided(config: pytest.Config, name: str, server: AbstractContextManager[T]) -> Iterator[T]:
    """Yield the server's address; without a server, skip at a desk and fail in CI.

    Raises:
        ServiceStartError: There is one, but it doesn't start.
    """
    with ExitStack() as stack:
        try:
            address = stack.enter_context(server)
        except ServiceUnavailableError as error:
            reason = str(error)
        except ServerStartError as error:
            raise ServiceStartError(name, str(error)) from None
        else:
            yield address
            return
    # Outside of the handler, so that the report is this one line and no chain of exceptions.
    give_up(config, name, reason)


def give_up(config: pytest.Config, name: str, reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    config.stash.setdefault(MISSING, {})[name] = reason
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A server of the session that didn't start is one error, of the first test that needs it; the others are skipped."""
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, ServiceStartError):
        failed = item.config.stash.setdefault(FAILED, set())
        if error.service in failed:
            path, line, _ = item.reportinfo()
            reason = f"Skipped: {error.service} did not start: see the first error"
            report.outcome, report.longrepr = "skipped", (str(path), (line or 0) + 1, reason)
        failed.add(error.service)
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was not tested where nobody overlooks it."""
    for name, reason in config.stash.get(MISSING, {}).items():
        terminalreporter.write_line(f"NOT TESTED on {name}: {reason}", yellow=True, bold=True)
