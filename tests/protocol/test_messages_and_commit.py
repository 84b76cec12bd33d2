"""Queue messages, and Commit."""

from __future__ import annotations

import pytest

from podium.v1 import commit_pb2, queue_messages_pb2 as pb, task_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models import (
    Commit,
    CommitAck,
    CommitPush,
    CommitRemove,
    CommitResult,
    Guarantee,
    Message,
    PushMessage,
    QueueDetail,
    Task,
    TaskStatus,
    TaskUpdate,
    Workflow,
)
from podium_protocol import codec


class TestMessages:
    @pytest.mark.parametrize(
        "message",
        [
            Message(id="m"),
            Message(id="m", payload="", priority=9, receipt="r", delivery_count=3),
        ],
    )
    def test_a_delivered_one(self, message: Message) -> None:
        assert codec.message_from_proto(codec.message_to_proto(message)) == message

    @pytest.mark.parametrize(
        "message", [PushMessage(id="m"), PushMessage(id="m", payload="p", priority=1, offset_ms=5)]
    )
    def test_one_to_push(self, message: PushMessage) -> None:
        assert codec.push_message_from_proto(codec.push_message_to_proto(message)) == message

    @pytest.mark.parametrize("request_type", [pb.PushRequest, pb.PushIfNotExistsRequest])
    def test_the_one_of_a_request(
        self, request_type: type[pb.PushRequest | pb.PushIfNotExistsRequest]
    ) -> None:
        request = request_type(message_id="m", payload="", priority=1, offset_ms=5)
        message = PushMessage(id="m", payload="", priority=1, offset_ms=5)
        assert codec.pushed_message(request) == message
        assert codec.pushed_message(request_type(message_id="m")) == PushMessage(id="m")

    def test_receipts(self) -> None:
        acks = [("a", "r1"), ("b", "")]
        messages = codec.receipts_to_proto(acks)
        assert codec.receipts_from_proto(messages) == acks
        assert [message.HasField("receipt") for message in messages] == [True, False]

    def test_details_come_in_order_of_name(self) -> None:
        details = [
            QueueDetail(name="a", size=1, unacked=2),
            QueueDetail(name="b", size=0, unacked=0),
        ]
        assert (
            codec.queue_details_from_proto(codec.queue_details_to_proto(details[::-1])) == details
        )


FULL = Commit(
    workflow_id="w",
    update_workflow=Workflow(workflow_id="w"),
    expected_update_time=0,
    create_tasks=[Task(task_id="a")],
    update_tasks=[
        TaskUpdate(task=Task(task_id="b", status=TaskStatus.FAILED), expected_update_time=5),
        TaskUpdate(task=Task(task_id="c")),
    ],
    pushes=[CommitPush(queue_name="q", message=PushMessage(id="a", priority=2, offset_ms=1))],
    acks=[CommitAck(queue_name="q", message_id="w", receipt="r")],
    removes=[CommitRemove(queue_name="q", message_id="x")],
    request_id="once",
)


class TestCommit:
    @pytest.mark.parametrize(
        "commit", [FULL, Commit(workflow_id="w", create_workflow=Workflow(workflow_id="w"))]
    )
    def test_the_request(self, commit: Commit) -> None:
        data = codec.commit_to_request(commit).SerializeToString()
        back = codec.commit_from_request(commit_pb2.CommitRequest.FromString(data))
        for field in Commit.__struct_fields__:
            sent, received = getattr(commit, field), getattr(back, field)
            assert list(received) == list(sent) if isinstance(received, list) else received == sent

    @pytest.mark.parametrize(
        "result",
        [
            CommitResult(),
            CommitResult(
                workflow_created=False,
                updated_time=4,
                created_task_ids=("a", "b"),
                left_out_task_ids=("c",),
                created_update_time=7,
                task_update_times=(8, 9),
                acked=(True, False),
                removed=(False,),
                guarantee=Guarantee.ORDERED,
                replayed=True,
            ),
        ],
    )
    def test_the_answer(self, result: CommitResult) -> None:
        data = codec.commit_to_response(result).SerializeToString()
        assert codec.commit_from_response(commit_pb2.CommitResponse.FromString(data)) == result

    def test_creates_or_updates(self) -> None:
        workflow = Workflow(workflow_id="w")
        commit = Commit(workflow_id="w", create_workflow=workflow, update_workflow=workflow)
        with pytest.raises(InvalidArgumentError):
            codec.commit_to_request(commit)

    def test_paths_of_its_parts(self) -> None:
        bad = task_pb2.Task(input_data_json="x")
        request = commit_pb2.CommitRequest(update_tasks=[{"task": {}}, {"task": bad}])
        with pytest.raises(InvalidArgumentError) as raised:
            codec.commit_from_request(request)
        assert raised.value.field == "update_tasks[1].task.input_data_json"
        request = commit_pb2.CommitRequest(create_workflow={"input_json": "1"})
        with pytest.raises(InvalidArgumentError) as raised:
            codec.commit_from_request(request)
        assert raised.value.field == "create_workflow.input_json"

    def test_a_guarantee_of_a_newer_server_is_taken_for_the_weaker(self) -> None:
        response = commit_pb2.CommitResponse.FromString(b"\x48\x09")
        assert codec.commit_from_response(response).guarantee is Guarantee.ORDERED
