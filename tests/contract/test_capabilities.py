"""The suite's own rule: on a way without a capability a marked test must end in the refusal that the contract names."""

from __future__ import annotations

import pytest

from podium_core.backend import Capability
from podium_core.errors import (
    BackendUnavailableError,
    FailedPreconditionError,
    UnsupportedOperationError,
)
from podium_core.models import Guarantee
from tests.contract.capabilities import NotRefusedError, judge, missing
from tests.contract.ways import WAYS, Way

EXPIRY, ATOMIC = Capability.EXPIRY, Capability.ATOMIC_WITH_QUEUES
UNSUPPORTED = UnsupportedOperationError("main", "RemoveWorkflowWithExpiry")
LACKING = missing([pytest.mark.capability(EXPIRY).mark], frozenset())


class TestMissing:
    def test_is_what_the_marks_name_and_the_way_lacks(self) -> None:
        marks = [
            pytest.mark.capability(EXPIRY, Capability.DURABLE_ACK).mark,
            pytest.mark.capability(ATOMIC, otherwise=FailedPreconditionError).mark,
        ]
        assert missing(marks, frozenset({Capability.DURABLE_ACK})) == {
            EXPIRY: UnsupportedOperationError,
            ATOMIC: FailedPreconditionError,
        }


class TestJudge:
    def test_without_the_capability_the_refusal_is_the_success(self) -> None:
        assert judge(LACKING, UNSUPPORTED) is None

    def test_without_the_capability_to_be_served_is_a_failure(self) -> None:
        assert isinstance(judge(LACKING, None), NotRefusedError)

    @pytest.mark.parametrize("error", [AssertionError(), BackendUnavailableError("main", "down")])
    def test_without_the_capability_another_error_stays_one(self, error: Exception) -> None:
        assert judge(LACKING, error) is error

    def test_with_the_capability_a_refusal_is_a_failure(self) -> None:
        assert judge({}, UNSUPPORTED) is UNSUPPORTED
        assert judge({}, None) is None


@pytest.mark.capability(ATOMIC, otherwise=FailedPreconditionError)
def test_a_marked_test_is_judged_by_its_way(way: Way) -> None:
    """On two stores only because this refuses there; on one store only because it doesn't."""
    if ATOMIC not in way.capabilities:
        raise FailedPreconditionError("APART", way.kind, "two stores")


def test_each_way_is_another_one() -> None:
    assert len({str(way) for way in WAYS}) == len(WAYS)


def test_a_way_over_two_stores_promises_no_single_step(way: Way, guarantee: Guarantee) -> None:
    assert (ATOMIC in way.capabilities) == (guarantee is Guarantee.ATOMIC)
