"""The marker ``capability``: a test runs on every way, and where a capability is absent it must end in a refusal.

``@pytest.mark.capability(Capability.EXPIRY)`` expects ``UnsupportedOperationError`` there; ``otherwise=`` names the error
where the contract has another one. A capability whose absence refuses nothing is asked for in the test, through the
fixture ``capabilities``.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from podium_core.backend import Capability
from podium_core.errors import StorageError, UnsupportedOperationError
from tests.contract.ways import Way


class NotRefusedError(AssertionError):
    """A way lacks a capability, and served what needs it."""


def missing(
    marks: list[pytest.Mark], capabilities: frozenset[Capability]
) -> dict[Capability, type[StorageError]]:
    """The capabilities that marks ask for and a way lacks, each with the error that has to come."""
    return {
        capability: mark.kwargs.get("otherwise", UnsupportedOperationError)
        for mark in marks
        for capability in mark.args
        if capability not in capabilities
    }


def judge(
    lacking: dict[Capability, type[StorageError]], error: BaseException | None
) -> BaseException | None:
    """What a test failed with, once a refusal that had to come counts as its success."""
    if not lacking:
        return error
    if error is None:
        return NotRefusedError(f"{', '.join(lacking)}: absent, and nothing was refused")
    return None if type(error) in lacking.values() else error


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Judge each marked test by the way that it ran on."""
    marks = list(pyfuncitem.iter_markers("capability"))
    if not marks:
        return (yield)
    way = pyfuncitem.funcargs["way"]
    assert isinstance(way, Way)
    lacking = missing(marks, way.capabilities)
    result: object = None
    failure: BaseException | None = None
    try:
        result = yield
    except BaseException as error:
        failure = error
    judged = judge(lacking, failure)
    if judged is not None:
        raise judged
    return result
