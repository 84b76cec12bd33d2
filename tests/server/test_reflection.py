"""Reflection: what grpcurl shows a person who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2

from podium_protocol.rpcs import SERVICES
from podium_server.reflection import DocumentedReflection

Request = reflection_pb2.ServerReflectionRequest


async def files_of(request: Request) -> dict[str, FileDescriptorProto]:
    async def requests() -> AsyncIterator[Request]:
        yield request

    servicer = DocumentedReflection(tuple(SERVICES), asyncio.Event())
    answers = servicer.ServerReflectionInfo(requests(), None)
    (answer,) = [answer async for answer in answers]
    parsed = map(
        FileDescriptorProto.FromString, answer.file_descriptor_response.file_descriptor_proto
    )
    return {file.name: file for file in parsed}


@pytest.mark.parametrize(
    "symbol",
    [
        "podium.v1.QueueService",
        "podium.v1.QueueService.PollMessages",
        "podium.v1.PollMessagesRequest",
        "podium.v1.PollMessagesRequest.queue_name",
    ],
)
async def test_finds_services_methods_messages_and_fields_by_name(symbol: str) -> None:
    files = await files_of(Request(file_containing_symbol=symbol))
    assert "podium/v1/queue_service.proto" in files or "podium/v1/queue_messages.proto" in files


async def test_an_unknown_symbol_is_not_found() -> None:
    assert await files_of(Request(file_containing_symbol="podium.v1.Nothing.At.All")) == {}


async def test_files_come_with_their_comments() -> None:
    files = await files_of(Request(file_by_filename="podium/v1/queue_service.proto"))
    comments = [
        location.leading_comments
        for location in files["podium/v1/queue_service.proto"].source_code_info.location
    ]
    assert any("Leases up to" in comment for comment in comments)
