"""Index names and time slices, as Java makes them."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from podium_backends.elasticsearch6.names import PREFIX_PATTERN, IndexNames, slice_of
from podium_core.index import EntryKind

DAY_MS = 86_400_000
# Of what Java's SimpleDateFormat("yyyyMMWW", Locale.ENGLISH) makes of the first 60,000 days in GMT, a line each.
SLICES_OF_JAVA = "1e7fedff73183ad5bd863bb93b7c508930333b2de2168aef422060fc09739a98"


def test_slices_are_those_of_java() -> None:
    lines = "".join(f"{slice_of(day * DAY_MS)}\n" for day in range(60_000))
    assert sha256(lines.encode()).hexdigest() == SLICES_OF_JAVA


@pytest.mark.parametrize(
    ("time_ms", "slice_"),
    [
        (1_795_475_108_000, "20261104"),  # 2026-11-23, a Monday
        (1_795_305_599_999, "20261103"),  # 2026-11-21T23:59:59.999Z, a Saturday
        (1_795_305_600_000, "20261104"),
        (0, "19700101"),
    ],
)
def test_a_slice_begins_on_sunday_at_midnight(time_ms: int, slice_: str) -> None:
    assert slice_of(time_ms) == slice_


def test_names_are_those_of_conductor() -> None:
    names = IndexNames("conductor")
    now = 1_795_475_108_000
    assert [names.index(kind, now) for kind in EntryKind] == [
        "conductor_workflow",
        "conductor_task",
        "conductor_task_log_20261104",
        "conductor_event_20261104",
        "conductor_message_20261104",
    ]
    assert names.indices(EntryKind.TASK) == "conductor_task"
    assert names.indices(EntryKind.TASK_LOG) == "conductor_task_log_1*,conductor_task_log_2*"


@pytest.mark.parametrize("prefix", ["conductor", "a-b_c.1"])
def test_a_prefix(prefix: str) -> None:
    assert re.fullmatch(PREFIX_PATTERN, prefix)


@pytest.mark.parametrize("prefix", ["", "_a", "-a", "A", "a*", "a,b", "a/b", "a b", "a" * 202])
def test_no_prefix(prefix: str) -> None:
    assert not re.fullmatch(PREFIX_PATTERN, prefix)
