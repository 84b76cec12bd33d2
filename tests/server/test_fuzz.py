"""Requests that hypothesis makes up from the descriptors, wire bytes included: no answer tells of a defect.

What is stored on the way stays readable: no DATA_LOSS, and no id that a stream can't read. With ``include_payloads`` it also
names what refers to a payload that isn't there, as requests made up do; the same call without payloads then reads it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from podium_protocol.rpcs import SERVICES, Kind, Rpc
from tests.faults.server import KillableServer, running
from tests.server.bad_input import INTEGERS, UNLIMITED, Answer, ask
from tests.server.valid_requests import UNSERVED, VALID, request_of

CODE = grpc.StatusCode
DEFECTS = frozenset({CODE.INTERNAL, CODE.UNKNOWN, CODE.DATA_LOSS, CODE.UNAVAILABLE, CODE.CANCELLED})
EXAMPLES = 300
MANY_EXAMPLES = 10_000
# A poll that would wait long meets its deadline, with nothing in hand.
SECONDS = 2.0
FUZZED = [
    service for service, rpcs in SERVICES.items() if not all(rpc.label in UNSERVED for rpc in rpcs)
]

# Few ids, so that calls meet each other's things.
IDS = ["w1", "w2", "t1", "t2", "order", "encode", "m1", "q1", "_deciderQueue", ""]
TEXTS = st.one_of(
    st.sampled_from(IDS),
    st.text(max_size=20),
    st.sampled_from(
        ["\0", "a\0b", "a" * 1_025, "DEFAULT", "é" * 600, "[]", "W10", "../..", "a:b-c@d"]
    ),
)
JSON_LEAVES = st.sampled_from((
    "", "NaN", "null", "true", "1", "-1", "0.1", "1e400", "1E5", "99999999999999999999", "9111222333444555666",
    '""', '"order"', '"IN_PROGRESS"', '"\\ud83d\\ude00"', '"\\ud800"', "[]", "{}",
))  # fmt: skip
KEYS = st.sampled_from((
    "", "é", "name", "version", "event", "active", "status", "taskId", "workflowId", "updateTime", "updatedTime",
    "tasks", "taskDefinition", "concurrentExecLimit", "input", "inputData", "retryCount", "domain", "priority",
    "taskToDomain", "queueWaitTime", "workflowName", "createTime", "podium:extra",
))  # fmt: skip


def _object(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(KEYS, children), max_size=4)
    return pairs.map(lambda found: "{" + ",".join(f'"{key}":{value}' for key, value in found) + "}")


JSON = st.one_of(
    st.sampled_from(
        ['{"name":"order","version":1}', '{"name":"encode"}', '{"name":"h","event":"e"}']
    ),
    st.recursive(JSON_LEAVES, _object, max_leaves=6),
)


def _integers(least: int) -> st.SearchStrategy[int]:
    return st.one_of(
        st.integers(0, 3),
        st.sampled_from([-1, 99, 100, 1_001, least, -least - 1, 1_700_000_000_000 % -least]),
    )


def _scalar(field: Any) -> st.SearchStrategy[Any]:
    if field.enum_type is not None:
        return st.integers(-1, len(field.enum_type.values))
    if field.cpp_type in INTEGERS:
        return _integers(INTEGERS[field.cpp_type])
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=20)
    return JSON if field.name.endswith("_json") else TEXTS


@st.composite
def _changed(draw: st.DrawFn, rpc: Rpc) -> Message:
    """A valid request with a few of its fields set to something else."""
    request = request_of(rpc, VALID[rpc.label]) if draw(st.booleans()) else rpc.request()
    for _ in range(draw(st.integers(1, 5))):
        _change(draw, request)
    return request


def _change(draw: st.DrawFn, message: Any) -> None:
    fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    field = draw(st.sampled_from(fields))
    if field.message_type is None:
        value = draw(_scalar(field))
        if field.is_repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)
    elif field.message_type.GetOptions().map_entry:
        getattr(message, field.name)[draw(TEXTS)] = draw(TEXTS)
    elif not field.is_repeated:
        _change(draw, getattr(message, field.name))
    else:
        items = getattr(message, field.name)
        if not items or draw(st.booleans()):
            items.add()
        _change(draw, items[-1])


@st.composite
def calls(draw: st.DrawFn, rpcs: tuple[Rpc, ...]) -> tuple[Rpc, list[bytes]]:
    """A call of one of these RPCs, sometimes with a few bytes of its request flipped."""
    rpc = draw(st.sampled_from(rpcs))
    many = rpc.kind in (Kind.CLIENT_STREAM, Kind.BIDIRECTIONAL)
    requests = []
    for _ in range(draw(st.integers(1, 4)) if many else 1):
        data = draw(_changed(rpc)).SerializeToString()
        if draw(st.integers(0, 4)) == 0 and data:
            at = draw(st.integers(0, len(data) - 1))
            data = data[:at] + draw(st.binary(min_size=1, max_size=2)) + data[at + 1 :]
        requests.append(data)
    return rpc, requests


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableServer]:
    with running(tmp_path_factory.mktemp("fuzz")) as process:
        yield process
        assert "unforeseen error" not in process.log
        assert "Traceback" not in process.log


@pytest.fixture(scope="module")
def channel(server: KillableServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address, options=UNLIMITED) as opened:
        yield opened


def _without_payloads(rpc: Rpc, requests: list[bytes]) -> list[bytes]:
    if "include_payloads" not in rpc.request.DESCRIPTOR.fields_by_name:
        return requests
    plain = []
    for data in requests:
        request: Any = rpc.request.FromString(data)
        request.include_payloads = False
        plain.append(request.SerializeToString())
    return plain


def _names_unreadable(rpc: Rpc, answer: Answer) -> bool:
    found = map(rpc.response.FromString, answer.messages)
    return any(getattr(response, "unreadable_ids", ()) for response in found)


def _check(rpc: Rpc, answer: Answer) -> None:
    assert answer.code not in DEFECTS, f"{rpc.label}: {answer}"
    if answer.code not in (CODE.OK, CODE.DEADLINE_EXCEEDED):
        assert answer.reason, f"{rpc.label}: {answer}"
    assert not _names_unreadable(rpc, answer), f"{rpc.label}: {answer}"


def _fuzz(channel: grpc.Channel, service: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(calls(SERVICES[service]))
    def each(call: tuple[Rpc, list[bytes]]) -> None:
        rpc, requests = call
        answer = ask(channel, rpc, *requests, timeout=SECONDS)
        if _names_unreadable(rpc, answer):
            answer = ask(channel, rpc, *_without_payloads(rpc, requests), timeout=SECONDS)
        _check(rpc, answer)

    each()
    for rpc in SERVICES[service]:
        if rpc.kind is Kind.SERVER_STREAM and rpc.label not in UNSERVED:
            request = request_of(rpc, VALID[rpc.label]).SerializeToString()
            _check(rpc, ask(channel, rpc, request))


@pytest.mark.parametrize("service", FUZZED)
def test_no_request_that_is_made_up_finds_a_defect(channel: grpc.Channel, service: str) -> None:
    _fuzz(channel, service, EXAMPLES)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("service", FUZZED)
def test_no_request_of_many_more_finds_a_defect(channel: grpc.Channel, service: str) -> None:
    _fuzz(channel, service, int(os.environ.get("FUZZ_EXAMPLES", MANY_EXAMPLES)))
