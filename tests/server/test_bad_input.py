"""No input, however broken, breaks the server: every RPC answers the contract's status, and the next call is served.

Requests are made wrong field by field, as the descriptors say; ``valid_requests`` holds what is right.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from podium_protocol.rpcs import RPCS, Kind, Rpc, rpc
from podium_protocol.status import NAMESPACE_KEY
from tests.faults.server import KillableServer, running
from tests.patience import PATIENCE_SECONDS
from tests.server.bad_input import (
    INTEGERS,
    UNLIMITED,
    Answer,
    Place,
    ask,
    failures,
    padded,
    places,
    places_set,
    with_bytes_of_text,
)
from tests.server.valid_requests import OPTIONAL, UNSERVED, VALID, WORLD, request_of, valid_request

CODE = grpc.StatusCode
MIB = 1024 * 1024
EVERY = list(RPCS.values())
SERVED = [entry for entry in EVERY if entry.label not in UNSERVED]
UNARY_IN = [entry for entry in EVERY if entry.kind in (Kind.UNARY, Kind.SERVER_STREAM)]
Case = tuple[str, Answer, bool]


def _label(entry: Rpc) -> str:
    return entry.label


every_rpc = pytest.mark.parametrize("entry", EVERY, ids=_label)
served_rpc = pytest.mark.parametrize("entry", SERVED, ids=_label)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableServer]:
    """One server for all of this; in the end it is still the same process, and met no defect of its own."""
    with running(tmp_path_factory.mktemp("bad-input")) as process:
        pid = process.pid
        yield process
        assert process.pid == pid
        assert "unforeseen error" not in process.log
        assert "Traceback" not in process.log


@pytest.fixture(scope="module")
def channel(server: KillableServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address, options=UNLIMITED) as opened:
        yield opened


@pytest.fixture
def world(channel: grpc.Channel) -> None:
    """One of everything is there."""
    for label, fields in WORLD.items():
        entry = rpc(*label.split("."))
        ask(channel, entry, request_of(entry, fields).SerializeToString())


@pytest.fixture(autouse=True)
def goes_on(channel: grpc.Channel) -> Iterator[None]:
    """After each test the server still serves."""
    yield
    entry = rpc("ExecutionService", "GetPendingWorkflowCount")
    assert ask(channel, entry, valid_request(entry).SerializeToString()).code is CODE.OK


def _is_own(answer: Answer) -> bool:
    """Whether a call ended in a way that a wrong request may: never with a word about a defect."""
    return answer.code in {
        CODE.OK,
        CODE.INVALID_ARGUMENT,
        CODE.NOT_FOUND,
        CODE.ALREADY_EXISTS,
        CODE.FAILED_PRECONDITION,
        CODE.ABORTED,
        CODE.UNIMPLEMENTED,
    } and (answer.code is CODE.OK or answer.reason != "")


def _refused(entry: Rpc, answer: Answer, field: str | None) -> bool:
    """Whether a call was refused for this field; by an RPC that isn't served, for that."""
    if entry.label in UNSERVED:
        return answer.code is CODE.UNIMPLEMENTED and answer.reason == "UNSUPPORTED_OPERATION"
    if answer.code is not CODE.INVALID_ARGUMENT or answer.reason != "INVALID_ARGUMENT":
        return False
    return field is None or answer.field == field


def _not_a_message(entry: Rpc, answer: Answer, field: str | None) -> bool:
    """Whether a call was refused before anybody looked at the request, as it can't be read."""
    del entry, field
    return (answer.code, answer.reason, answer.field) == (
        CODE.INVALID_ARGUMENT,
        "INVALID_ARGUMENT",
        "",
    )


def _each(
    channel: grpc.Channel,
    entry: Rpc,
    cases: Iterator[tuple[str, Message | bytes, str | None]],
    fine: Callable[[Rpc, Answer, str | None], bool] = _refused,
) -> None:
    answers: list[Case] = []
    for name, request, field in cases:
        data = request if isinstance(request, bytes) else request.SerializeToString()
        answer = ask(channel, entry, data)
        answers.append((name, answer, fine(entry, answer, field)))
    assert not failures(answers), failures(answers)


def _any_own_answer(entry: Rpc, answer: Answer, field: str | None) -> bool:
    del entry, field
    return _is_own(answer)


# what is right


def test_the_table_of_valid_requests_knows_every_rpc() -> None:
    assert set(VALID) == {entry.label for entry in EVERY}


@pytest.mark.usefixtures("world")
@every_rpc
def test_a_valid_request_is_served(channel: grpc.Channel, entry: Rpc) -> None:
    answer = ask(channel, entry, valid_request(entry).SerializeToString())
    if entry.label in UNSERVED:
        assert (answer.code, answer.reason) == (CODE.UNIMPLEMENTED, "UNSUPPORTED_OPERATION")
    elif entry.label in (
        "MetadataService.CreateWorkflowDef",
        "EventHandlerService.AddEventHandler",
    ):
        assert (answer.code, answer.reason) == (CODE.ALREADY_EXISTS, "ALREADY_EXISTS")
    else:
        assert answer.code is CODE.OK, str(answer)


# single fields


@every_rpc
def test_a_required_field_that_is_missing_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place in places_set(request):
            if place.path not in OPTIONAL.get(entry.label, ()):
                yield f"no {place.path}", place.emptied(request), place.path
        for field in request.DESCRIPTOR.fields:
            if field.message_type and not field.is_repeated and request.HasField(field.name):
                bare = type(request)()
                bare.CopyFrom(request)
                bare.ClearField(field.name)
                yield f"no {field.name}", bare, None

    _each(channel, entry, cases())


@every_rpc
def test_an_id_with_nul_or_too_long_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place in places_set(request):
            if place.is_text and not place.is_json:
                yield f"NUL in {place.path}", place.put(request, "a\0b"), place.path
                yield f"long {place.path}", place.put(request, "a" * 1_025), place.path
                yield f"long {place.path}", place.put(request, "é" * 513), place.path

    _each(channel, entry, cases())


@every_rpc
def test_an_unknown_enum_number_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place, request in _written_places(entry):
            if place.field.enum_type is not None:
                for number in (999, -1, 2**31 - 1):
                    yield f"{place.path} = {number}", place.put(request, number), place.path

    _each(channel, entry, cases())


@every_rpc
def test_a_status_of_zero_is_not_a_status(channel: grpc.Channel, entry: Rpc) -> None:
    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place, request in _written_places(entry):
            if place.field.enum_type is not None and place.field.has_presence:
                yield f"{place.path} = 0", place.put(request, 0), place.path

    _each(channel, entry, cases())


def _written_places(entry: Rpc) -> Iterator[tuple[Place, Message]]:
    """Every place that an RPC reads, with a valid request to put something there.

    Left out are the tasks of a workflow, which writes ignore, and what a stream of requests doesn't begin with.
    """
    for place in places(entry.request.DESCRIPTOR):
        names = [name for name, _ in place.steps]
        in_a_workflow = "workflow" in " ".join(names[:-1]) and "tasks" in names[1:]
        begins = names[0] in VALID[entry.label] or entry.kind is not Kind.BIDIRECTIONAL
        if begins and not in_a_workflow:
            yield place, valid_request(entry, names[0])


BROKEN_JSON = {
    "broken": '{"a": ',
    "an empty text": "",
    "a comma too many": '{"a": 1,}',
    "text behind it": '{"a": 1} b',
    "NaN": '{"a": NaN}',
    "Infinity": '{"a": -Infinity}',
    "half of an escape": '{"a": "\\ud80"}',
    "a raw control character": '{"a": "\n"}',
    "600 levels": '{"a": ' + "[" * 600 + "]" * 600 + "}",
    "50,000 levels": '{"a": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "600 levels of objects": '{"a":' * 600 + "1" + "}" * 600,
}
# Protobuf messages: passed through, whatever JSON they are.
ANY_JSON = ("input_message_json", "output_message_json")
NO_OBJECT = {
    "an array": "[]",
    "a string": '"a"',
    "a number": "1",
    "null": "null",
}


@every_rpc
def test_json_that_is_broken_or_no_object_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place, request in _written_places(entry):
            if place.is_json:
                for name, text in {**BROKEN_JSON, **NO_OBJECT}.items():
                    if name in NO_OBJECT and place.field.name in ANY_JSON:
                        continue
                    yield f"{place.path}: {name}", place.put(request, text), place.path

    _each(channel, entry, cases())


ODD_JSON = {
    "a huge number": '{"a": 1e999999}',
    "5,000 digits": '{"a": ' + "1" * 5_000 + "}",
    "a key twice": '{"a": 1, "a": 2}',
    "half of a surrogate pair": '{"a": "\\ud800", "\\ude00": 1}',
    "an escaped NUL": '{"\\u0000": "\\u0000"}',
    "numbers where others belong": '{"name": 1, "version": "1", "status": 1, "taskId": 1}',
    "nulls": '{"name": null, "version": null, "status": null, "taskId": null, "input": null}',
    "the derived fields": '{"taskDefinition": 1, "loopOverTask": "a", "queueWaitTime": 1.5,'
    ' "workflowName": [], "workflowVersion": 1e999}',
    "numbers out of range": '{"name": "order", "version": 99999999999999999999, "updateTime": 1e400,'
    ' "updatedTime": -5, "retryCount": 99999999999, "createTime": 123456789012345678901234567890}',
    "limits out of range": '{"name": "a", "taskDefinition": {"concurrentExecLimit": 1e400}}',
    "a negative limit": '{"name": "a", "taskDefinition": {"concurrentExecLimit": -5}}',
    "a digit too many": '{"name": "order", "version": ' + "9" * 5_000 + "}",
    "an unknown status": '{"status": "WHATEVER", "previousStatus": "WHATEVER"}',
    "maps where others belong": '{"name": {}, "tasks": {}, "taskToDomain": [], "inputData": []}',
    "the stamp's hole": '{"a": 9111222333444555666, "updateTime": 9111222333444555666,'
    ' "updatedTime": 9111222333444555666}',
}


@every_rpc
def test_json_that_is_only_odd_does_no_harm(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place in places(entry.request.DESCRIPTOR):
            if place.is_json:
                for name, text in ODD_JSON.items():
                    yield f"{place.path}: {name}", place.put(request, text), None

    _each(channel, entry, cases(), _any_own_answer)
    _everything_reads(channel)


def _everything_reads(channel: grpc.Channel) -> None:
    """What was stored can be read: no DATA_LOSS, and no id that can't be read."""
    for service, name in (
        ("ExecutionService", "GetWorkflow"),
        ("ExecutionService", "GetTask"),
        ("ExecutionService", "GetTasksForWorkflow"),
        ("ExecutionService", "GetPendingWorkflowsByType"),
        ("MetadataService", "GetAllTaskDefs"),
        ("MetadataService", "GetAllWorkflowDefs"),
        ("EventHandlerService", "GetAllEventHandlers"),
        ("PollDataService", "GetAllPollData"),
        ("IndexService", "SearchWorkflowSummary"),
        ("IndexService", "SearchTaskSummary"),
        ("IndexService", "GetTaskExecutionLogs"),
        ("IndexService", "GetEventExecutions"),
        ("IndexService", "GetMessages"),
    ):
        entry = rpc(service, name)
        answer = ask(channel, entry, valid_request(entry).SerializeToString())
        assert answer.code in (CODE.OK, CODE.NOT_FOUND), f"{name}: {answer}"
        for data in answer.messages:
            assert not getattr(entry.response.FromString(data), "unreadable_ids", ())


# Not counts, times or durations: a place in an order, a filter, limits of which 0 or less means none, and differences of
# times, which clocks that disagree make negative.
MAY_BE_NEGATIVE = frozenset(
    {"seq", "version", "limit", "rate_limit_per_frequency", "rate_limit_frequency_in_seconds"}
    | {"rate_limit_frequency_seconds", "execution_time", "queue_wait_time"}
)


@served_rpc
def test_a_negative_count_or_time_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place, request in _written_places(entry):
            if place.field.cpp_type in INTEGERS and place.field.name not in MAY_BE_NEGATIVE:
                if not _is_looked_at(entry, place):
                    continue
                for number in (-1, INTEGERS[place.field.cpp_type]):
                    yield f"{place.path} = {number}", place.put(request, number), place.path

    _each(channel, entry, cases())


def _is_looked_at(entry: Rpc, place: Place) -> bool:
    """Whether an RPC has a use for a field: those about limits and event keys look at a few of the record only."""
    return not place.path.startswith("task.") or "Limit" not in entry.name


@served_rpc
def test_an_extreme_number_does_no_harm(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place in places(entry.request.DESCRIPTOR):
            least = INTEGERS.get(place.field.cpp_type)
            if least is not None and place.path != "timeout_ms":
                for number in (least, least + 1, -1, -least - 1):
                    yield f"{place.path} = {number}", place.put(request, number), None

    _each(channel, entry, cases(), _any_own_answer)
    _everything_reads(channel)


@served_rpc
def test_a_priority_out_of_range_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place, request in _written_places(entry):
            if place.field.name in ("priority", "workflow_priority") and _is_looked_at(
                entry, place
            ):
                for number in (1_000, 100, -1):
                    yield f"{place.path} = {number}", place.put(request, number), place.path

    _each(channel, entry, cases())


@every_rpc
def test_free_text_may_be_odd(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for place in places(entry.request.DESCRIPTOR):
            if place.is_text and not place.is_json:
                for text in (
                    "a\0b",
                    "\uffff\U0010ffff",
                    "'; DROP TABLE tasks; --",
                    "%s{}",
                    "é" * 5_000,
                ):
                    yield f"{place.path} = {text[:20]!r}", place.put(request, text), None

    _each(channel, entry, cases(), _any_own_answer)
    _everything_reads(channel)


# bytes


@every_rpc
def test_bytes_that_are_no_message_are_refused(channel: grpc.Channel, entry: Rpc) -> None:
    whole = valid_request(entry).SerializeToString()

    def cases() -> Iterator[tuple[str, bytes, str | None]]:
        yield "no tag", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", ""
        yield "a length beyond the end", whole + b"\xfa\x7f\x7f", ""
        yield "an end of a group that never began", whole + b"\x0c", ""
        yield "150 groups in each other", whole + b"\x0b" * 150 + b"\x0c" * 150, ""
        if whole:
            yield "a cut message", whole[:-1], ""

    _each(channel, entry, cases(), _not_a_message)


@every_rpc
def test_text_that_is_not_utf8_is_refused(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, bytes, str | None]]:
        for place in places(entry.request.DESCRIPTOR):
            if place.is_text:
                for raw in (
                    b"\xffabcdefg",
                    b"ab\xed\xa0\x80cde",
                    b"abcdefg\xc3",
                    b"\xf5\x80\x80\x80abcd",
                ):
                    yield f"{place.path} = {raw!r}", with_bytes_of_text(place, request, raw), ""

    _each(channel, entry, cases(), _not_a_message)


@every_rpc
def test_a_field_of_another_type_does_no_harm(channel: grpc.Channel, entry: Rpc) -> None:
    """The tag of each field with each wire type: to a parser, unknown fields."""

    def cases() -> Iterator[tuple[str, bytes, str | None]]:
        for field in entry.request.DESCRIPTOR.fields:
            if field.number < 16:
                for wire_type, body in (
                    (0, b"\x01"),
                    (1, b"\0" * 8),
                    (2, b"\x01a"),
                    (5, b"\0" * 4),
                ):
                    data = bytes((field.number << 3 | wire_type,)) + body
                    yield f"{field.name} as wire type {wire_type}", data, None

    _each(channel, entry, cases(), _any_own_answer)


@every_rpc
def test_a_write_above_16_mib_is_refused(channel: grpc.Channel, entry: Rpc) -> None:
    answer = ask(channel, entry, padded(valid_request(entry), 16 * MIB))
    if entry.writes and entry.label not in UNSERVED:
        assert (answer.code, answer.field) == (CODE.INVALID_ARGUMENT, ""), str(answer)
        assert "16777216" in answer.text
    else:
        assert _is_own(answer), str(answer)


@pytest.mark.parametrize("kind", Kind)
def test_a_message_above_the_transports_limit_is_refused(channel: grpc.Channel, kind: Kind) -> None:
    entry = next(
        entry for entry in EVERY if entry.kind is kind and entry.label != "AdminService.VerifyIndex"
    )
    answer = ask(channel, entry, padded(valid_request(entry), 33 * MIB))
    assert answer.code in (CODE.RESOURCE_EXHAUSTED, CODE.UNIMPLEMENTED), str(answer)
    assert (answer.code is CODE.UNIMPLEMENTED) == (entry.label in UNSERVED)


@pytest.mark.parametrize("is_json", [True, False])
def test_a_payload_above_the_hard_limit_is_too_large(channel: grpc.Channel, is_json: bool) -> None:
    # Its size comes first: one that isn't JSON is refused without a look at its text.
    big = json.dumps({"a": "b" * (11 * MIB)}) if is_json else "[" * (11 * MIB)
    for label, path in (
        ("ExecutionService.CreateTasks", "tasks[0].input_data_json"),
        ("ExecutionService.UpdateTask", "task.output_data_json"),
        ("ExecutionService.UpdateTasks", "tasks[0].task.output_data_json"),
        ("ExecutionService.CreateWorkflow", "workflow.input_json"),
        ("ExecutionService.UpdateWorkflow", "workflow.output_json"),
        ("ExecutionService.Commit", "create_tasks[0].input_data_json"),
        ("ExecutionService.Commit", "update_workflow.output_json"),
    ):
        entry = rpc(*label.split("."))
        request = valid_request(entry)
        if path.startswith("update_workflow"):
            workflow = valid_request(rpc("ExecutionService", "UpdateWorkflow"))
            request.MergeFrom(entry.request(update_workflow=workflow.workflow))  # type: ignore[attr-defined]
        place = next(place for place in places(entry.request.DESCRIPTOR) if place.path == path)
        answer = ask(channel, entry, place.put(request, big).SerializeToString())
        assert (answer.code, answer.reason) == (CODE.INVALID_ARGUMENT, "PAYLOAD_TOO_LARGE"), label
        assert answer.field == path


# numbers of items


TOO_MANY = {
    "ExecutionService.CreateTasks": ("tasks", 1_001, "tasks"),
    "ExecutionService.UpdateTasks": ("tasks", 1_001, "tasks"),
    "ExecutionService.GetTasks": ("task_ids", 10_001, "task_ids"),
    "ExecutionService.GetWorkflows": ("workflow_ids", 10_001, "workflow_ids"),
    "ExecutionService.Commit": ("pushes", 1_001, ""),
    "QueueService.PushMessages": ("messages", 1_001, "messages"),
    "QueueService.AckMessages": ("messages", 1_001, "messages"),
    "IndexService.AddTaskExecutionLogs": ("logs", 1_001, "logs"),
}


@pytest.mark.parametrize("label", TOO_MANY)
def test_too_many_items_are_refused(channel: grpc.Channel, label: str) -> None:
    field, count, path = TOO_MANY[label]
    entry = rpc(*label.split("."))
    request = valid_request(entry)
    items = getattr(request, field)
    items.extend([items[0]] * (count - len(items)))
    answer = ask(channel, entry, request.SerializeToString())
    assert (answer.code, answer.field) == (CODE.INVALID_ARGUMENT, path), str(answer)


@pytest.mark.parametrize(
    ("label", "limit"),
    [
        ("ExecutionService.GetTasksByType", 10_000),
        ("QueueService.Pop", 1_000),
        ("QueueService.PollMessages", 1_000),
        ("QueueService.PeekFirstIds", 1_000),
        ("IndexService.SearchWorkflows", 10_000),
        ("IndexService.SearchTaskSummary", 10_000),
        ("IndexService.GetTaskExecutionLogs", 10_000),
        ("IndexService.GetMessages", 10_000),
    ],
)
def test_a_count_above_its_limit_is_named(channel: grpc.Channel, label: str, limit: int) -> None:
    entry = rpc(*label.split("."))
    request = valid_request(entry)
    for count, code in ((limit, CODE.OK), (limit + 1, CODE.INVALID_ARGUMENT)):
        request.count = count  # type: ignore[attr-defined]
        answer = ask(channel, entry, request.SerializeToString())
        assert answer.code is code, str(answer)
        assert answer.field == ("count" if code is not CODE.OK else None)


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("ExecutionService.CreateTasks", "tasks"),
        ("ExecutionService.UpdateTasks", "tasks"),
        ("ExecutionService.Commit", "create_tasks"),
        ("ExecutionService.Commit", "update_tasks"),
    ],
)
def test_an_id_twice_in_one_write_is_refused(channel: grpc.Channel, label: str, field: str) -> None:
    entry = rpc(*label.split("."))
    request = valid_request(entry)
    items = getattr(request, field)
    items.append(items[0])
    answer = ask(channel, entry, request.SerializeToString())
    assert (answer.code, answer.reason) == (CODE.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert (answer.field or "").startswith(field)


# what surrounds a request


@every_rpc
def test_another_namespace_is_refused(channel: grpc.Channel, entry: Rpc) -> None:
    data = valid_request(entry).SerializeToString()
    for name in ("other", "", "DEFAULT", "a" * 1_000):
        answer = ask(channel, entry, data, metadata=((NAMESPACE_KEY, name),))
        assert (answer.code, answer.field) == (CODE.INVALID_ARGUMENT, NAMESPACE_KEY), str(answer)
    answer = ask(channel, entry, data, metadata=((NAMESPACE_KEY, "default"),))
    assert _is_own(answer)


@pytest.mark.parametrize(
    "path", ["/podium.v1.QueueService/Nothing", "/podium.v1.Nothing/Push", "/", "//", "/a"]
)
def test_an_unknown_method_or_service_is_unimplemented(channel: grpc.Channel, path: str) -> None:
    call: Any = channel.unary_unary(path)
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=PATIENCE_SECONDS)
    assert caught.value.code() is CODE.UNIMPLEMENTED


@pytest.mark.parametrize(
    "metadata",
    [
        [("x-flood", "a" * 20_000)],
        [(f"x-flood-{number}", "a" * 100) for number in range(500)],
        [("x-flood-bin", b"\xff" * 20_000)],
    ],
    ids=["one long value", "many keys", "bytes"],
)
def test_a_flood_of_metadata_is_refused(
    channel: grpc.Channel, metadata: list[tuple[str, str | bytes]]
) -> None:
    entry = rpc("QueueService", "GetSize")
    answer = ask(channel, entry, valid_request(entry).SerializeToString(), metadata=metadata)
    assert answer.code is CODE.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("request_id", ["", "a" * 5_000, "%41", " "])
def test_an_unusable_request_id_is_replaced(channel: grpc.Channel, request_id: str) -> None:
    entry = rpc("QueueService", "GetSize")
    data = valid_request(entry).SerializeToString()
    answer = ask(channel, entry, data, metadata=(("x-request-id", request_id),))
    assert answer.code is CODE.OK


def _token(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD_TOKENS = {
    "no base64": "!!!",
    "base64 of nothing sensible": "abcd",
    "not ASCII": "tökén",
    "NUL": "a\0b",
    "an object": _token({}),
    "a number": _token(1),
    "a list too short": _token([]),
    "a list too long": _token(["a", "b", "c"]),
    "another type": _token([1, 2]),
    "nulls": _token([None, None]),
    "a number beyond 64 bits": _token([2**63]),
    "a number beyond 64 bits, and a text": _token([2**63, "a"]),
    "lists in a list": _token([[], {}]),
    "deep": base64.urlsafe_b64encode(b"[" * 100_000).decode(),
}


@pytest.mark.parametrize(
    "entry",
    [entry for entry in SERVED if "resume_token" in entry.request.DESCRIPTOR.fields_by_name],
    ids=_label,
)
def test_a_bad_resume_token_is_named(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)

    def cases() -> Iterator[tuple[str, Message, str | None]]:
        for name, token in BAD_TOKENS.items():
            changed = type(request)()
            changed.CopyFrom(request)
            changed.resume_token = token  # type: ignore[attr-defined]
            yield name, changed, "resume_token"

    _each(channel, entry, cases())


# what isn't there


ABSENT: dict[str, tuple[grpc.StatusCode, str]] = {
    "ExecutionService.CreateTasks": (CODE.NOT_FOUND, "workflow"),
    "ExecutionService.UpdateTask": (CODE.NOT_FOUND, "task"),
    "ExecutionService.UpdateTasks": (CODE.NOT_FOUND, "task"),
    "ExecutionService.GetTask": (CODE.NOT_FOUND, "task"),
    "ExecutionService.UpdateWorkflow": (CODE.NOT_FOUND, "workflow"),
    "ExecutionService.GetWorkflow": (CODE.NOT_FOUND, "workflow"),
    "ExecutionService.ExtendLease": (CODE.NOT_FOUND, "task"),
    "ExecutionService.Commit": (CODE.NOT_FOUND, "workflow"),
    "MetadataService.UpdateTaskDef": (CODE.NOT_FOUND, "task definition"),
    "MetadataService.GetTaskDef": (CODE.NOT_FOUND, "task definition"),
    "MetadataService.RemoveTaskDef": (CODE.NOT_FOUND, "task definition"),
    "MetadataService.UpdateWorkflowDef": (CODE.NOT_FOUND, "workflow definition"),
    "MetadataService.GetLatestWorkflowDef": (CODE.NOT_FOUND, "workflow definition"),
    "MetadataService.GetWorkflowDef": (CODE.NOT_FOUND, "workflow definition"),
    "MetadataService.RemoveWorkflowDef": (CODE.NOT_FOUND, "workflow definition"),
    "EventHandlerService.UpdateEventHandler": (CODE.NOT_FOUND, "event handler"),
    "EventHandlerService.RemoveEventHandler": (CODE.NOT_FOUND, "event handler"),
    "PollDataService.GetPollData": (CODE.NOT_FOUND, "poll data"),
    "ExternalPayloadService.Download": (CODE.NOT_FOUND, "payload"),
    "IndexService.UpdateWorkflow": (CODE.NOT_FOUND, "workflow entry"),
    "IndexService.UpdateTask": (CODE.NOT_FOUND, "task entry"),
    "IndexService.Get": (CODE.NOT_FOUND, "workflow entry field"),
}
"""What these answer where nothing is there; every other one is content."""


@served_rpc
def test_what_is_not_there_is_not_found_or_nothing(channel: grpc.Channel, entry: Rpc) -> None:
    request = valid_request(entry)
    for place in places_set(request):
        if place.is_json:
            absent = {"name": f"absent-{entry.label}", "event": "absent", "version": 1}
            request = place.put(request, json.dumps(absent))
        elif place.is_text:
            own = "" if "workflow" in place.field.name else place.path
            where = "task/input/" if place.field.name == "path" else ""
            request = place.put(request, f"{where}absent-{entry.label}{own}")
    answer = ask(channel, entry, request.SerializeToString())
    code, resource = ABSENT.get(entry.label, (CODE.OK, ""))
    assert (answer.code, answer.resource) == (code, resource), str(answer)
    if code is CODE.NOT_FOUND:
        assert answer.reason == "NOT_FOUND"


# streams of requests


def _consume(**action: object) -> bytes:
    data: bytes = rpc("QueueService", "Consume").request(**action).SerializeToString()
    return data


OPEN = _consume(open={"queue_name": "consumed"})
BAD_CONSUMPTIONS: dict[str, tuple[str | None, tuple[bytes, ...]]] = {
    "nothing opens it": ("open", (_consume(grant={"credit": 1}),)),
    "an empty first message": ("open", (b"",)),
    "an empty message": ("action", (OPEN, b"")),
    "it is opened twice": ("open", (OPEN, OPEN)),
    "no credit is granted": ("grant.credit", (OPEN, _consume(grant={"credit": 0}))),
    "negative credit": ("grant.credit", (OPEN, _consume(grant={"credit": -1}))),
    "negative credit at once": ("open.credit", (_consume(open={"queue_name": "q", "credit": -1}),)),
    "no queue": ("open.queue_name", (_consume(open={}),)),
    "no lease": (
        "open.unack_timeout_ms",
        (_consume(open={"queue_name": "q", "unack_timeout_ms": 0}),),
    ),
    "an ack of nothing": ("ack.message_id", (OPEN, _consume(ack={"receipt": "r"}))),
    "an ack without a receipt": ("ack.receipt", (OPEN, _consume(ack={"message_id": "m"}))),
    "an ack with NUL": (
        "ack.message_id",
        (OPEN, _consume(ack={"message_id": "\0", "receipt": "r"})),
    ),
    "no length": (
        "extend.unack_timeout_ms",
        (OPEN, _consume(extend={"message_id": "m", "receipt": "r"})),
    ),
    "giving nothing back": ("give_back.message_id", (OPEN, _consume(give_back={}))),
    "bytes in the middle": ("", (OPEN, b"\xff\xff\xff")),
    "bytes that aren't UTF-8": ("", (OPEN, OPEN.replace(b"consumed", b"\xffonsumed"))),
}


@pytest.mark.parametrize("case", BAD_CONSUMPTIONS)
def test_a_consumer_that_speaks_nonsense_is_told_so(channel: grpc.Channel, case: str) -> None:
    field, requests = BAD_CONSUMPTIONS[case]
    answer = ask(channel, rpc("QueueService", "Consume"), *requests)
    assert (answer.code, answer.field) == (CODE.INVALID_ARGUMENT, field), str(answer)


def test_a_consumer_that_says_nothing_is_let_go(channel: grpc.Channel) -> None:
    assert ask(channel, rpc("QueueService", "Consume")).code is CODE.OK


def test_unknown_receipts_change_nothing(channel: grpc.Channel) -> None:
    entry = rpc("QueueService", "Consume")
    requests = [
        OPEN,
        _consume(ack={"message_id": "m", "receipt": "odd"}),
        _consume(give_back={"message_id": "m", "receipt": "odd"}),
        _consume(extend={"message_id": "m", "receipt": "odd", "unack_timeout_ms": 1}),
    ]
    answer = ask(channel, entry, *requests)
    assert answer.code is CODE.OK
    results = [entry.response.FromString(data).result.done for data in answer.messages]
    assert results == [False, False, False]
