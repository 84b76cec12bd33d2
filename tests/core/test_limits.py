"""Which limit an asking task goes by: the arguments before what its document says."""

from __future__ import annotations

import pytest

from podium_core.limits import RateLimit, concurrency_limit_for, rate_limit_for
from podium_core.models import Task
from podium_core.models.json_text import to_raw

LIMITED = Task(workflow_task=to_raw({"taskDefinition": {"concurrentExecLimit": 3}}))
RATED = Task(rate_limit_per_frequency=5, rate_limit_frequency_in_seconds=7)


@pytest.mark.parametrize(
    ("task", "limit", "places"),
    [(LIMITED, None, 3), (LIMITED, 1, 1), (LIMITED, 0, 0), (Task(), None, 0), (Task(), 2, 2)],
)
def test_places(task: Task, limit: int | None, places: int) -> None:
    assert concurrency_limit_for(task, limit) == places


@pytest.mark.parametrize(
    ("grants", "seconds", "rate"),
    [
        (None, None, RateLimit(5, 7)),
        (1, None, RateLimit(1, 7)),
        (None, 2, RateLimit(5, 2)),
        (0, 0, RateLimit(0, 0)),
    ],
)
def test_rates(grants: int | None, seconds: int | None, rate: RateLimit) -> None:
    assert rate_limit_for(RATED, grants, seconds) == rate


@pytest.mark.parametrize("rate", [RateLimit(0, 1), RateLimit(1, 0), RateLimit(-1, 1)])
def test_no_rate_limits_nothing(rate: RateLimit) -> None:
    assert not rate.limits
