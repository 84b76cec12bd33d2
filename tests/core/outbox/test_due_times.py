"""When entries are due, and what a clock that is set back changes."""

from __future__ import annotations

import pytest

from podium_core.outbox import (
    CLAIMED,
    KIND_PAYLOAD,
    KIND_PUSH,
    KIND_REMOVAL,
    LEFT_MS,
    MOMENT_MS,
    ClockSteps,
    EntryPut,
    due_after,
    later_payload_deletion,
    payload_deletion,
    waits_too_long,
)

NOW_MS = 1_700_000_000_000


def test_what_is_due_at_once_is_so_whatever_the_clock_does() -> None:
    assert due_after(0, now_ms=NOW_MS) == 0
    assert due_after(5, now_ms=NOW_MS) == NOW_MS + 5


def test_a_payload_that_nothing_refers_to_is_deleted_at_once_and_nothing_lifts_that() -> None:
    assert payload_deletion("k", "w1") == EntryPut(
        kind=KIND_PAYLOAD, id="k", owner="w1", due_ms=0, body=CLAIMED
    )


def test_one_that_an_update_leaves_stays_for_an_hour_and_may_be_lifted() -> None:
    put = later_payload_deletion("k", "w1", now_ms=NOW_MS)
    assert (put.kind, put.id, put.owner) == (KIND_PAYLOAD, "k", "w1")
    assert (put.due_ms, put.body) == (NOW_MS + LEFT_MS, b"")


class TestClockSteps:
    def test_the_first_look_counts_as_a_step(self) -> None:
        assert ClockSteps().back(NOW_MS)

    @pytest.mark.parametrize(("later_ms", "back"), [(0, False), (-1_000, False), (-1_001, True)])
    def test_a_second_back_is_a_step(self, later_ms: int, back: bool) -> None:
        steps = ClockSteps()
        steps.back(NOW_MS)
        assert steps.back(NOW_MS + later_ms) == back

    def test_a_step_is_noticed_once(self) -> None:
        steps = ClockSteps()
        steps.back(NOW_MS)
        assert steps.back(NOW_MS - 3_600_000)
        assert not steps.back(NOW_MS - 3_599_999)


class TestWaitsTooLong:
    @staticmethod
    def test_more_than_a_moment() -> None:
        def too_long(due_ms: int) -> bool:
            return waits_too_long(KIND_PUSH, due_ms, planned_ms=None, now_ms=NOW_MS)

        assert not too_long(NOW_MS + MOMENT_MS)
        assert too_long(NOW_MS + MOMENT_MS + 1)

    @pytest.mark.parametrize("planned_ms", [None, NOW_MS, NOW_MS + 2 * MOMENT_MS])
    def test_a_removal_but_for_the_time_at_which_its_workflow_goes(
        self, planned_ms: int | None
    ) -> None:
        due_ms = NOW_MS + 2 * MOMENT_MS
        too_long = waits_too_long(KIND_REMOVAL, due_ms, planned_ms=planned_ms, now_ms=NOW_MS)
        assert too_long == (planned_ms != due_ms)

    def test_payloads_wait_on_purpose(self) -> None:
        due_ms = NOW_MS + 2 * LEFT_MS
        assert not waits_too_long(KIND_PAYLOAD, due_ms, planned_ms=None, now_ms=NOW_MS)
