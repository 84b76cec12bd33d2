"""The answer of GetWorkflow: a workflow, and where it was read from."""

from __future__ import annotations

from typing import cast

from podium.v1 import execution_workflows_pb2 as pb
from podium_core.execution_service import FoundWorkflow, WorkflowSource
from podium_protocol.codec.field_table import enum_table
from podium_protocol.codec.records import workflow_from_proto, workflow_to_proto

_sources = enum_table(WorkflowSource, pb.WorkflowSource.DESCRIPTOR)


def workflow_source_to_proto(source: WorkflowSource | None) -> pb.WorkflowSource:
    """The enum's value; None is not said."""
    return cast("pb.WorkflowSource", 0 if source is None else _sources.numbers[source.value])


def workflow_source_from_proto(number: pb.WorkflowSource) -> WorkflowSource | None:
    """The source; None where it isn't said, or in a word of a newer server."""
    member = _sources.members.get(number)
    return None if member is None else WorkflowSource(member.value)


def found_workflow_to_proto(found: FoundWorkflow) -> pb.GetWorkflowResponse:
    """The answer of GetWorkflow."""
    return pb.GetWorkflowResponse(
        workflow=workflow_to_proto(found.workflow), source=workflow_source_to_proto(found.source)
    )


def found_workflow_from_proto(response: pb.GetWorkflowResponse) -> FoundWorkflow:
    """The answer of GetWorkflow; its source is None in a word of a newer server."""
    return FoundWorkflow(
        workflow=workflow_from_proto(response.workflow, "workflow"),
        source=workflow_source_from_proto(response.source),
    )
