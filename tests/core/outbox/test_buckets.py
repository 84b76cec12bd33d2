"""How servers share the buckets of an outbox."""

from __future__ import annotations

import pytest

from podium_core.outbox import BUCKETS, LEASE_MS, BucketLease, bucket_of, fair_share

NOW_MS = 1_700_000_000_000
UNTIL_MS = NOW_MS + LEASE_MS


def share_of(
    owner: str, leases: dict[int, BucketLease], *present: BucketLease
) -> tuple[list[int], list[int]]:
    share = fair_share(leases, present, owner, now_ms=NOW_MS, lease_ms=LEASE_MS)
    return list(share.take), list(share.give_up)


def all_of(owner: str, until_ms: int = UNTIL_MS) -> dict[int, BucketLease]:
    return {bucket: BucketLease(owner, until_ms) for bucket in range(BUCKETS)}


def test_the_first_takes_all() -> None:
    assert share_of("a", {}) == (list(range(BUCKETS)), [])


def test_who_holds_all_renews_them_all_while_nobody_else_holds_any() -> None:
    assert share_of("a", all_of("a")) == (list(range(BUCKETS)), [])


def test_who_comes_later_gets_nothing_until_something_is_free() -> None:
    assert share_of("b", all_of("a")) == ([], [])


def test_its_share_is_given_up_for_one_that_came_later_and_holds_nothing() -> None:
    came = BucketLease("b", UNTIL_MS)
    assert share_of("a", all_of("a"), came) == (list(range(8)), list(range(8, BUCKETS)))


def test_nothing_is_given_up_for_one_that_has_not_come_for_long() -> None:
    gone = BucketLease("b", NOW_MS)
    assert share_of("a", all_of("a"), gone) == (list(range(BUCKETS)), [])


def test_what_is_above_a_fair_share_is_given_up() -> None:
    leases = all_of("a") | {0: BucketLease("b", UNTIL_MS)}
    take, give_up = share_of("a", leases)
    assert (take, give_up) == (list(range(1, 9)), list(range(9, BUCKETS)))


def test_free_ones_fill_a_share_up_and_no_more() -> None:
    leases = {bucket: BucketLease("a", UNTIL_MS) for bucket in range(4)}
    assert share_of("b", leases) == (list(range(4, 12)), [])


def test_three_who_hold_some_end_with_a_share_each_and_nothing_is_left() -> None:
    leases = all_of("a") | {0: BucketLease("b", UNTIL_MS), 1: BucketLease("c", UNTIL_MS)}
    for _ in range(2):
        for owner in ("a", "b", "c"):
            take, give_up = share_of(owner, leases)
            for bucket in give_up:
                del leases[bucket]
            leases |= {bucket: BucketLease(owner, UNTIL_MS) for bucket in take}
    owners = [lease.owner for lease in leases.values()]
    assert sorted(owners.count(owner) for owner in ("a", "b", "c")) == [4, 6, 6]


@pytest.mark.parametrize("until_ms", [NOW_MS, NOW_MS - 1, UNTIL_MS + 1])
def test_leases_that_lapsed_or_are_of_before_a_clock_step_are_free(until_ms: int) -> None:
    assert share_of("b", all_of("a", until_ms)) == (list(range(BUCKETS)), [])


def test_the_bucket_of_an_id_never_changes() -> None:
    # It is stored beside the entries: other versions of Podium read it.
    assert [bucket_of(id_) for id_ in ("w1", "t1", "q\x00m", "ü")] == [4, 7, 0, 5]
