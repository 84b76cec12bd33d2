"""Times as ISO text: as SimpleDateFormat writes them, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, strategies as st

from podium_core.index.dates import (
    MAX_TIME,
    MIN_TIME,
    iso_date,
    time_of_any_date,
    time_of_date,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(MIN_TIME, MAX_TIME))
@example(MIN_TIME)
@example(MAX_TIME)
@example(-1)
@example(951_782_400_000)
def test_a_time_is_written_to_the_millisecond_and_read_again(time: int) -> None:
    moment = EPOCH + timedelta(milliseconds=time)
    date = iso_date(time)
    assert date == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert time_of_date(date) == time


@given(st.integers(-(2**63), 2**63 - 1))
@example(MIN_TIME - 1)
@example(MAX_TIME + 1)
def test_a_time_that_is_no_date_stays_a_number(time: int) -> None:
    date = iso_date(time)
    assert isinstance(date, int) == (not MIN_TIME <= time <= MAX_TIME)
    assert time_of_date(date) == time


@pytest.mark.parametrize(
    "date",
    [
        "",
        "not a date",
        "2023-11-14",
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:13:20.123",
        "2023-11-14T22:13:20.123+00:00",
        "2023-11-14T22:13:20.1234Z",
        "2023-11-14 22:13:20.123Z",
        "2023-02-30T22:13:20.123Z",
        "2023-11-14T24:13:20.123Z",
        "2023-11-14T22:60:20.123Z",
        "2023-11-14T22:13:60.123Z",
        "0000-11-14T22:13:20.123Z",
        "10000-11-14T22:13:20.123Z",
        "2023-W46-2T22:13:20.123Z",
        "\uff12023-11-14T22:13:20.123Z",
        "2023-11-14T22:13:20.123z",
        1_700_000_000_123,
        0,
    ],
)
def test_what_would_not_be_written_so_is_no_date_of_ours(date: str | int) -> None:
    assert time_of_date(date) is None


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"))
def test_a_text_that_is_read_is_written_again(text: str) -> None:
    time = time_of_date(text)
    assert time is None or iso_date(time) == text


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
        ("2023-11-14T22:13:20.123456Z", 1_700_000_000_123),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000),
        ("2023-11-14", 1_699_920_000_000),
        ("0001-01-01T00:00:00+01:00", MIN_TIME - 3_600_000),
        ("yesterday", None),
        ("", None),
    ],
)
def test_any_iso_form_has_a_time(date: str, time: int | None) -> None:
    assert time_of_any_date(date) == time
