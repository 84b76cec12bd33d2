"""The answer of GetWorkflow: a workflow, and where it was read from."""

from __future__ import annotations

from typing import cast

from podium.v1 import execution_workflows_pb2 as pb
from podium_core.dao import FoundWorkflow, WorkflowSource
from podium_protocol.codec.field_table import enum_table
from podium_protocol.codec.records import workflow_from_proto, workflow_to_proto

_sources = enum_table(WorkflowSource, pb.WorkflowSource.DESCRIPTOR)


def found_workflow_to_proto(found: FoundWorkflow) -> pb.GetWorkflowResponse:
    """The answer of GetWorkflow."""
    number = 0 if found.source is None else _sources.numbers[found.source.value]
    return pb.GetWorkflowResponse(
        workflow=workflow_to_proto(found.workflow), source=cast("pb.WorkflowSource", number)
    )


def found_workflow_from_proto(response: pb.GetWorkflowResponse) -> FoundWorkflow:
    """The answer of GetWorkflow; its source is None in a word of a newer server."""
    source = _sources.members.get(response.source)
    return FoundWorkflow(
        workflow=workflow_from_proto(response.workflow, "workflow"),
        source=None if source is None else WorkflowSource(source.value),
    )
