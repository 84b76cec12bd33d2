"""The table of RPCs says what the protos say."""

from __future__ import annotations

import re
from pathlib import Path

from google.protobuf.descriptor_pb2 import MethodOptions

from podium.v1 import execution_tasks_pb2, queue_service_pb2
from podium_protocol.rpcs import RPCS, SERVICES, Kind, Repeat, rpc

PROTOS = Path(__file__).parents[2] / "protos" / "podium" / "v1"


def test_holds_every_rpc_of_every_proto() -> None:
    found = set()
    for file in PROTOS.glob("*.proto"):
        text = file.read_text("utf-8")
        for service in re.finditer(r"^service (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            names = re.findall(r"^  rpc (\w+)\(", service[2], re.MULTILINE)
            found |= {f"/podium.v1.{service[1]}/{name}" for name in names}
    assert set(RPCS) == found
    assert {entry.path for rpcs in SERVICES.values() for entry in rpcs} == found


def test_kinds_and_classes() -> None:
    assert rpc("ExecutionService", "GetTask").request is execution_tasks_pb2.GetTaskRequest
    assert rpc("ExecutionService", "GetTask").kind is Kind.UNARY
    assert rpc("ExecutionService", "GetTasksForWorkflow").kind is Kind.SERVER_STREAM
    assert rpc("ExternalPayloadService", "Upload").kind is Kind.CLIENT_STREAM
    assert rpc("QueueService", "Consume").kind is Kind.BIDIRECTIONAL
    assert rpc("QueueService", "Pop").label == "QueueService.Pop"


def test_repeats() -> None:
    assert rpc("QueueService", "Pop").repeat is Repeat.COSTS
    assert rpc("ExecutionService", "Commit").repeat is Repeat.KEYED
    assert rpc("ExecutionService", "UpdateTask").repeat is Repeat.OVERWRITES
    assert rpc("ExecutionService", "RemoveTask").repeat is Repeat.SAME_END_STATE
    assert not rpc("ExecutionService", "GetTask").writes
    assert rpc("ExecutionService", "RemoveTask").writes


def test_the_standard_option_agrees_with_ours() -> None:
    levels = {
        Repeat.READ: MethodOptions.NO_SIDE_EFFECTS,
        Repeat.SAME_END_STATE: MethodOptions.IDEMPOTENT,
        Repeat.KEYED: MethodOptions.IDEMPOTENT,
        Repeat.COSTS: MethodOptions.IDEMPOTENCY_UNKNOWN,
        Repeat.OVERWRITES: MethodOptions.IDEMPOTENCY_UNKNOWN,
    }
    pool = queue_service_pb2.DESCRIPTOR.pool
    for entry in RPCS.values():
        method = pool.FindServiceByName(entry.service).methods_by_name[entry.name]
        assert method.GetOptions().idempotency_level == levels[entry.repeat], entry.path
