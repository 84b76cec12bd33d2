"""The sets of workflows by day: Java writes them in its own time zone, which nobody here knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

_DAY_MS = 24 * 60 * 60 * 1000
# Farther than any time zone is from UTC.
_FARTHEST_MS = 14 * 60 * 60 * 1000
_EPOCH = date(1970, 1, 1)
# The last day that has a name of eight digits.
_LAST_DAY = (date.max - _EPOCH).days


def day_of(time_ms: int, zone: tzinfo) -> str:
    """The day of a moment in a time zone, as Java names it."""
    if not 0 <= time_ms // _DAY_MS < _LAST_DAY:
        return _name(time_ms // _DAY_MS)
    return datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(zone).strftime("%Y%m%d")


def days_of(time_ms: int) -> list[str]:
    """The days that a moment has in any time zone."""
    first, last = (time_ms - _FARTHEST_MS) // _DAY_MS, (time_ms + _FARTHEST_MS) // _DAY_MS
    return _names(first, last)


def utc_days_between(first_ms: int, last_ms: int) -> Iterator[tuple[int, int, list[str]]]:
    """The days of UTC: the first and the last moment of each, and the days that its moments have in any time zone."""
    for day in range(first_ms // _DAY_MS, min(last_ms // _DAY_MS, _LAST_DAY) + 1):
        begin = day * _DAY_MS
        # All that is later than any day with a name is in the last.
        end = begin + _DAY_MS - 1 if day < _LAST_DAY else max(last_ms, begin)
        yield begin, end, _names(day - 1, day + 1)


def _names(first: int, last: int) -> list[str]:
    return list(dict.fromkeys(_name(day) for day in range(first, last + 1)))


def _name(day: int) -> str:
    return (_EPOCH + timedelta(days=min(max(day, 0), _LAST_DAY))).strftime("%Y%m%d")
