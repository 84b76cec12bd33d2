"""Definitions travel as the document that people wrote."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from podium.v1 import definitions_pb2, event_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models.json_text import raw_bytes
from podium_protocol import codec
from tests.protocol import golden


class TestGoldenDocuments:
    @pytest.mark.parametrize("document", golden.TASK_DEFS)
    def test_a_task_definition_comes_back_the_same(self, document: bytes) -> None:
        definition = codec.task_def_of(Raw(document))
        message = codec.task_def_to_proto(definition)
        assert message.document_json.encode() == document
        assert codec.task_def_from_proto(message, "task_def") == definition
        assert codec.answered_task_def(message) == definition

    @pytest.mark.parametrize("document", golden.WORKFLOW_DEFS)
    def test_a_workflow_definition_comes_back_the_same(self, document: bytes) -> None:
        definition = codec.workflow_def_of(Raw(document))
        message = codec.workflow_def_to_proto(definition)
        assert message.document_json.encode() == document
        assert codec.workflow_def_from_proto(message, "workflow_def") == definition
        assert codec.answered_workflow_def(message) == definition

    @pytest.mark.parametrize("document", golden.EVENT_HANDLERS)
    def test_an_event_handler_comes_back_the_same(self, document: bytes) -> None:
        handler = codec.event_handler_of(Raw(document))
        message = codec.event_handler_to_proto(handler)
        assert message.document_json.encode() == document
        assert codec.event_handler_from_proto(message, "event_handler") == handler
        assert codec.answered_event_handler(message) == handler


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
            ({"document_json": '{"name":7}'}, "document_json"),
            ({"document_json": '{"name":"n","version":0}'}, "document_json"),
            ({"document_json": '{"name":"n","version":"2"}'}, "document_json"),
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
        definition = codec.workflow_def_of(Raw(b'{"name":"n","version":3,"createTime":"x"}'))
        assert (definition.version, definition.create_time) == (3, UNSET)


def test_a_handler_without_active_is_not_active() -> None:
    message = event_pb2.EventHandler(document_json='{"name":"h","event":"e"}')
    handler = codec.event_handler_from_proto(message, "event_handler")
    assert (handler.event, handler.active) == ("e", False)
