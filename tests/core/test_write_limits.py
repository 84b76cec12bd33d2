"""What one write may be in a store."""

from __future__ import annotations

import pytest

from podium_core.errors import PayloadTooLargeError, UnsupportedOperationError
from podium_core.models import PushMessage, TaskUpdate
from podium_core.write_set import PushOp, WriteSet, builders
from podium_core.write_set.write_limits import (
    UNLIMITED,
    WriteLimits,
    bytes_of,
    require_within,
    workflows_of,
)
from tests.contract.records import make_task, make_workflow

ONE_WORKFLOW = WriteLimits(spans_workflows=False)


def updates(*workflow_ids: str) -> WriteSet:
    tasks = [make_task(f"t{at}", workflow_id=id_) for at, id_ in enumerate(workflow_ids)]
    return builders.update_tasks([TaskUpdate(task=task) for task in tasks], now_ms=1)


def test_a_store_without_limits_is_not_asked() -> None:
    assert not UNLIMITED.are_limits
    assert ONE_WORKFLOW.are_limits
    assert WriteLimits(max_write_bytes=1).are_limits


class TestBytes:
    def test_of_documents_and_messages_count(self) -> None:
        write_set = updates("w1", "w1")
        documents = sum(put.document.size for put in write_set.task_puts)
        push = PushOp(queue_name="q", message_id="m", payload="ü")
        assert bytes_of(WriteSet(task_puts=write_set.task_puts, queue_ops=(push,))) == documents + 2
        created = builders.create_workflow(make_workflow(), now_ms=1)
        assert bytes_of(created) == created.workflow_puts[0].document.size

    def test_just_within_and_just_above(self) -> None:
        write_set = updates("w1")
        size = bytes_of(write_set)
        require_within(write_set, WriteLimits(max_write_bytes=size))
        with pytest.raises(PayloadTooLargeError) as raised:
            require_within(write_set, WriteLimits(max_write_bytes=size - 1))
        assert (raised.value.limit_bytes, raised.value.size_bytes) == (size - 1, size)


class TestWorkflows:
    def test_one_is_within(self) -> None:
        require_within(updates("w1", "w1"), ONE_WORKFLOW)

    def test_several_are_refused(self) -> None:
        with pytest.raises(UnsupportedOperationError, match="one workflow at a time"):
            require_within(updates("w1", "w2"), ONE_WORKFLOW)

    def test_several_are_within_where_the_store_spans_them(self) -> None:
        require_within(updates("w1", "w2"), WriteLimits(max_write_bytes=1_000_000))

    def test_whatever_names_them(self) -> None:
        assert workflows_of(builders.create_workflow(make_workflow(), now_ms=1)) == {"w1"}
        assert workflows_of(builders.remove_workflow("w2", require_terminal=True)) == {"w2"}
        assert workflows_of(builders.remove_from_pending("n", "w3")) == {"w3"}
        push = builders.queue_again("q", PushMessage(id="w4"), workflow_id="w4")
        assert workflows_of(push) == {"w4"}
