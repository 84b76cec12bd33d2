"""Times as the index holds them: ``2023-11-14T22:13:20.123Z``, as Conductor's summaries write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

MIN_TIME = -62_135_596_800_000
"""The first millisecond of the year 1."""
MAX_TIME = 253_402_300_799_999
"""The last millisecond of the year 9999: what comes later isn't written as a date."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECONDS = tuple(f"{second:02}." for second in range(60))
_MILLISECONDS = tuple(f"{millisecond:03}Z" for millisecond in range(1_000))
_SECOND_OF = {text: second * 1_000 for second, text in enumerate(_SECONDS)}
_MILLISECOND_OF = {text: millisecond for millisecond, text in enumerate(_MILLISECONDS)}
_MINUTE_LENGTH = len("2023-11-14T22:13:")
_SECOND_LENGTH = len("2023-11-14T22:13:20.")


def iso_date(time: int) -> str | int:
    """A time in milliseconds since the epoch as text; outside of the years 1 to 9999 the number itself.

    Elasticsearch reads both in a date field.
    """
    if not MIN_TIME <= time <= MAX_TIME:
        return time
    minute, rest = divmod(time, 60_000)
    second, millisecond = divmod(rest, 1_000)
    return _minute(minute) + _SECONDS[second] + _MILLISECONDS[millisecond]


# Entries that are written together are of the same few minutes.
@lru_cache(maxsize=4_096)
def _minute(minute: int) -> str:
    moment = _EPOCH + timedelta(minutes=minute)
    return f"{moment.year:04}-{moment:%m-%dT%H:%M}:"


def time_of_date(date: str | int) -> int | None:
    """The time of what ``iso_date`` wrote; None for everything that it wouldn't write so."""
    if isinstance(date, int):
        return None if MIN_TIME <= date <= MAX_TIME else date
    minute = _time_of_minute(date[:_MINUTE_LENGTH])
    second = _SECOND_OF.get(date[_MINUTE_LENGTH:_SECOND_LENGTH])
    millisecond = _MILLISECOND_OF.get(date[_SECOND_LENGTH:])
    if minute is None or second is None or millisecond is None:
        return None
    return minute + second + millisecond


@lru_cache(maxsize=4_096)
def _time_of_minute(text: str) -> int | None:
    time = time_of_any_date(text.removesuffix(":"))
    return time if time is not None and _minute(time // 60_000) == text else None


def time_of_any_date(date: str) -> int | None:
    """The time of an ISO 8601 text, in any of its forms; without a zone it is in UTC. None if it isn't one."""
    try:
        moment = datetime.fromisoformat(date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
