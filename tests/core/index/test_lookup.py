"""Documents of task logs, event executions and messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec import UNSET

from podium_core.errors import CorruptRecordError
from podium_core.index import (
    decode_event_execution,
    decode_message,
    decode_task_log,
    encode_event_execution,
    encode_message,
    encode_task_log,
    event_entry_id,
    message_entry_id,
)
from podium_core.models import EventExecution, IndexedMessage, TaskExecLog
from tests.core.index import es6

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_time = st.integers(-(2**63), 2**63 - 1)


class TestGolden:
    @pytest.mark.parametrize("document", es6.stored("task_log"))
    def test_a_task_log(self, document: bytes) -> None:
        assert encode_task_log(decode_task_log(document, "id")) == document

    @pytest.mark.parametrize("document", es6.stored("event"))
    def test_an_event_execution(self, document: bytes) -> None:
        assert encode_event_execution(decode_event_execution(document, "id")) == document

    @pytest.mark.parametrize(("id_", "document"), es6.entry_ids("event").items())
    def test_an_event_executions_id(self, id_: str, document: dict[str, Any]) -> None:
        record = decode_event_execution(json.dumps(document), "id")
        assert event_entry_id(record) == id_

    def test_a_long_id_is_that_of_its_digest(self) -> None:
        short, long, longer = (
            event_entry_id(EventExecution(name="é" * at, event="e", message_id="m", id="i"))
            for at in (253, 254, 255)
        )
        assert short == f"{'é' * 253}.e.m.i"
        assert len(long) == len(longer) == 64
        assert long != longer

    @pytest.mark.parametrize("document", es6.stored("message"))
    def test_a_message(self, document: bytes) -> None:
        assert json.loads(encode_message(decode_message(document, "id"))) == json.loads(document)


@given(log=_text | st.just(UNSET), task_id=_text, time=_time)
def test_a_task_log_comes_back(log: Any, task_id: str, time: int) -> None:
    line = TaskExecLog(id="l1", log=log, task_id=task_id, created_time=time)
    assert decode_task_log(encode_task_log(line), "l1") == line


@given(payload=_text | st.just(UNSET), queue=_text, time=_time)
def test_a_message_comes_back(payload: Any, queue: str, time: int) -> None:
    message = IndexedMessage(message_id="m", payload=payload, queue_name=queue, created_time=time)
    assert decode_message(encode_message(message), "id") == message


def test_a_message_has_the_id_of_its_queue_and_its_own() -> None:
    pairs = [("q", "m"), ("q", "n"), ("qm", ""), ("", "qm"), ("q/m", "n"), ("q", "m/n")]
    ids = [message_entry_id(IndexedMessage(queue_name=q, message_id=m)) for q, m in pairs]
    assert len(set(ids)) == len(ids)
    assert {len(id_) for id_ in ids} == {40}
    again = IndexedMessage(queue_name="q", message_id="m", payload="other")
    assert message_entry_id(again) == ids[0]


def test_members_of_another_type_are_not_read() -> None:
    line = decode_task_log(b'{"log":null,"taskId":7,"createdTime":"now","more":1}', "l1")
    assert line == TaskExecLog(id="l1")


@pytest.mark.parametrize("decode", [decode_task_log, decode_message, decode_event_execution])
def test_what_is_no_object_is_corrupt(decode: Callable[[bytes, str], object]) -> None:
    with pytest.raises(CorruptRecordError, match="'l1'"):
        decode(b"[]", "l1")
