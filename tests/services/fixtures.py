"""A pytest plugin: session-wide servers, and a loud word about each that could not be had."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import NoReturn, TypeVar

import pytest

from tests.services import providers
from tests.services.cassandra_server import ContactPoint
from tests.services.unavailable import ServiceUnavailableError

T = TypeVar("T")

MISSING = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def redis_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of a real Redis, shared by the session: use key prefixes of your own."""
    yield from provided(pytestconfig, "Redis", providers.redis())


@pytest.fixture(scope="session")
def cassandra_contact_point(pytestconfig: pytest.Config) -> Iterator[ContactPoint]:
    """The address of a real Cassandra, shared by the session: use keyspaces of your own."""
    yield from provided(pytestconfig, "Cassandra", providers.cassandra())


def provided(config: pytest.Config, name: str, server: AbstractContextManager[T]) -> Iterator[T]:
    """Yield the server's address; without a server, skip at a desk and fail in CI."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(server)
        except ServiceUnavailableError as error:
            reason = str(error)
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


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was not tested where nobody overlooks it."""
    for name, reason in config.stash.get(MISSING, {}).items():
        terminalreporter.write_line(f"NOT TESTED on {name}: {reason}", yellow=True, bold=True)
