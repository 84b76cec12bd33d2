"""What is kept of a write with a request id."""

from __future__ import annotations

import pytest

from podium_core.errors import FailedPreconditionError
from podium_core.models import Commit, Task, Workflow
from podium_core.write_set import WriteOutcome, WriteSet
from podium_core.write_set.request_memory import first_answer, outcome_to_keep, request_digest

OUTCOME = WriteOutcome(created_task_ids=("t1",), task_times={"t1": 7})


def of_digest(digest: bytes) -> WriteSet:
    return WriteSet(request_id="w1\x00r1", request_digest=digest)


def test_the_order_of_a_map_is_not_the_requests() -> None:
    domains = {"a": "1", "b": "2"}
    first, second = (
        Commit(workflow_id="w1", create_workflow=Workflow(task_to_domain=dict(pairs)))
        for pairs in (domains.items(), reversed(domains.items()))
    )
    assert request_digest(first) == request_digest(second)


def test_another_task_is() -> None:
    first, second = (
        Commit(workflow_id="w1", create_tasks=[Task(task_id=id_)]) for id_ in ("t1", "t2")
    )
    assert request_digest(first) != request_digest(second)


def test_the_same_request_gets_its_outcome_again() -> None:
    asked = of_digest(request_digest(Commit(workflow_id="w1")))
    again = first_answer(outcome_to_keep(OUTCOME, asked), asked)
    assert again.replayed
    assert (again.created_task_ids, again.task_times) == (("t1",), {"t1": 7})


def test_a_different_one_is_refused() -> None:
    kept = outcome_to_keep(OUTCOME, of_digest(request_digest(Commit(workflow_id="w1"))))
    other = of_digest(request_digest(Commit(workflow_id="w1", expected_update_time=1)))
    with pytest.raises(FailedPreconditionError) as raised:
        first_answer(kept, other)
    assert raised.value.kind == "REQUEST_ID_REUSED"


def test_what_was_kept_without_a_digest_is_accepted() -> None:
    asked = of_digest(request_digest(Commit(workflow_id="w1")))
    assert first_answer(OUTCOME, asked).replayed


def test_a_digest_of_another_form_says_nothing() -> None:
    kept = outcome_to_keep(OUTCOME, of_digest(b"\x02" + b"x" * 16))
    assert first_answer(kept, of_digest(request_digest(Commit(workflow_id="w1")))).replayed
