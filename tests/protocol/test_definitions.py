"""Definitions travel as the document that people wrote."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from podium.v1 import definitions_pb2, event_pb2
from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.errors import InvalidArgumentError
from podium_core.models.json_text import raw_bytes
from podium_protocol import codec
from tests.protocol import golden


class TestGoldenDocuments:
    @pytest.mark.parametrize("document", golden.TASK_DEFS)
    def test_a_task_definition_comes_back_the_same(self, document: bytes) -> None:
        definition = task_def_of(Raw(document))
        message = codec.task_def_to_proto(definition)
        assert message.document_json.encode() == document
        assert codec.task_def_from_proto(message, "task_def") == definition
        assert codec.task_def_from_answer(message) == definition

    @pytest.mark.parametrize("document", golden.WORKFLOW_DEFS)
    def test_a_workflow_definition_comes_back_the_same(self, document: bytes) -> None:
        definition = workflow_def_of(Raw(document))
        message = codec.workflow_def_to_proto(definition)
        assert message.document_json.encode() == document
        assert codec.workflow_def_from_proto(message, "workflow_def") == definition
        assert codec.workflow_def_from_answer(message) == definition

    @pytest.mark.parametrize("document", golden.EVENT_HANDLERS)
    def test_an_event_handler_comes_back_the_same(self, document: bytes) -> None:
        handler = event_handler_of(Raw(document))
        message = codec.event_handler_to_proto(handler)
        assert message.document_json.encode() == document
        assert codec.event_handler_from_proto(message, "event_handler") == handler
        assert codec.event_handler_from_answer(message) == handler


class TestWorkflowDef:
    def test_the_document_alone_is_enough(self) -> None:
        message = definitions_pb2.WorkflowDef(document_json=' {"name": "n", "ownerApp": "a"} ')
        definition = codec.workflow_def_from_proto(message, "workflow_def")
        assert (definition.name, definition.version, definition.owner_app) == ("n", 1, "a")
        assert raw_bytes(definition.document) == b' {"name": "n", "ownerApp": "a"} '

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({}, "document_json"),
            ({"document_json": "[]"}, "document_json"),
            ({"document_json": "{}"}, "document_json"),
            ({"document_json": '{"name":""}'}, "document_json"),
            ({"document_json": '{"name":[7]}'}, "document_json"),
            ({"document_json": '{"name":"\\ud83d"}'}, "document_json"),
            ({"document_json": '{"name":"n","version":0}'}, "document_json"),
            ({"document_json": '{"name":"n","version":"2.0"}'}, "document_json"),
            ({"document_json": '{"name":"n","version":true}'}, "document_json"),
            ({"document_json": '{"name":"n","version":""}'}, "document_json"),
            ({"document_json": '{"name":"n","version":null}'}, "document_json"),
            ({"document_json": '{"name":"n"}', "name": "m"}, "name"),
            ({"document_json": '{"name":"n"}', "version": 2}, "version"),
            ({"document_json": '{"name":"n"}', "owner_app": ""}, "owner_app"),
        ],
    )
    def test_is_refused(self, fields: dict[str, str], field: str) -> None:
        message = definitions_pb2.WorkflowDef(**fields)  # type: ignore[arg-type]
        with pytest.raises(InvalidArgumentError) as raised:
            codec.workflow_def_from_proto(message, "workflow_def")
        assert raised.value.field == f"workflow_def.{field}"

    def test_what_is_in_another_form_is_unset(self) -> None:
        definition = workflow_def_of(Raw(b'{"name":"n","version":3,"createTime":"x"}'))
        assert (definition.version, definition.create_time) == (3, UNSET)


class TestAsJacksonReads:
    """Fields in other forms than their own; the document stays as it is."""

    @pytest.mark.parametrize(
        ("version", "read"),
        [("7", 7), ('"7"', 7), ('" 7 "', 7), ("3.0", 3), ("3.7", 3), ("3e2", 300)],
    )
    def test_the_version_of_a_workflow(self, version: str, read: int) -> None:
        text = f'{{"name":"n","version":{version}}}'
        message = definitions_pb2.WorkflowDef(document_json=text)
        definition = codec.workflow_def_from_proto(message, "workflow_def")
        assert definition.version == read
        assert raw_bytes(definition.document) == text.encode()

    @pytest.mark.parametrize(
        ("active", "read"),
        [('"true"', True), ('"True"', True), ("1", True), ("0", False), ("null", False)],
    )
    def test_whether_a_handler_is_active(self, active: str, read: bool) -> None:
        message = event_pb2.EventHandler(
            document_json=f'{{"name":"h","event":"e","active":{active}}}'
        )
        assert codec.event_handler_from_proto(message, "event_handler").active is read

    @pytest.mark.parametrize("active", ['"yes"', "1.0", "[true]", "{}", '"tRUE"'])
    def test_a_handler_that_jackson_refuses_is_refused(self, active: str) -> None:
        text = f'{{"name":"h","event":"e","active":{active}}}'
        message = event_pb2.EventHandler(document_json=text)
        with pytest.raises(InvalidArgumentError, match="'active' must be true or false") as raised:
            codec.event_handler_from_proto(message, "event_handler")
        assert raised.value.field == "event_handler.document_json"

    def test_text_that_is_a_number(self) -> None:
        message = definitions_pb2.TaskDef(
            document_json='{"name":7,"ownerEmail":true,"createTime":"1700"}'
        )
        definition = codec.task_def_from_proto(message, "task_def")
        assert (definition.name, definition.owner_email) == ("7", "true")
        assert definition.create_time == 1700

    def test_a_byte_order_mark_stays_in_front_of_the_document(self) -> None:
        text = '\ufeff {"name":"n","version":2}\n'
        message = definitions_pb2.WorkflowDef(document_json=text)
        definition = codec.workflow_def_from_proto(message, "workflow_def")
        assert (definition.name, definition.version) == ("n", 2)
        assert codec.workflow_def_to_proto(definition).document_json == text

    def test_half_of_a_surrogate_pair_elsewhere_is_the_documents(self) -> None:
        text = '{"name":"n","version":"2","description":"\\ud83d","\\ude00":1}'
        message = definitions_pb2.WorkflowDef(document_json=text)
        definition = codec.workflow_def_from_proto(message, "workflow_def")
        assert definition.version == 2
        assert codec.workflow_def_to_proto(definition).document_json == text


def test_a_handler_without_active_is_not_active() -> None:
    message = event_pb2.EventHandler(document_json='{"name":"h","event":"e"}')
    handler = codec.event_handler_from_proto(message, "event_handler")
    assert (handler.event, handler.active) == ("e", False)
