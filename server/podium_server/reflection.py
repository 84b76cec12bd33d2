"""Server reflection, so that grpcurl works without the proto files, and shows their comments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha import reflection, reflection_pb2

from podium_server.drain import until
from podium_server.interceptors import Call, Pipeline
from podium_server.interceptors.pipeline import Send
from podium_server.services_beside import add_service

Request = reflection_pb2.ServerReflectionRequest
Response = reflection_pb2.ServerReflectionResponse


@cache
def _documented_files() -> dict[str, bytes]:
    """The project's proto files by name, comments included. Read when somebody first asks."""
    data = (resources.files("podium.v1") / "documented.binpb").read_bytes()
    return {file.name: file.SerializeToString() for file in FileDescriptorSet.FromString(data).file}


def _with_comments(response: Response) -> Response:
    files = response.file_descriptor_response.file_descriptor_proto
    for at, data in enumerate(files):
        files[at] = _documented_files().get(FileDescriptorProto.FromString(data).name, data)
    return response


class DocumentedReflection(reflection.aio.ReflectionServicer):
    """grpcio's reflection, with comments, with methods by name, and with streams that end when the server stops."""

    def __init__(self, service_names: Sequence[str], draining: asyncio.Event) -> None:
        super().__init__(service_names)  # type: ignore[no-untyped-call]
        self._draining = draining

    async def answer(self, requests: AsyncIterable[Request], call: Call, send: Send) -> None:
        """Answer questions until the client or the server ends: some tools keep theirs open for ever."""
        questions = until(self._draining, requests)
        async for answer in self.ServerReflectionInfo(questions, call.context):
            await send(answer)

    def _file_by_filename(self, request: Request, filename: str) -> Response:
        base: Any = super()
        return _with_comments(base._file_by_filename(request, filename))

    def _file_containing_symbol(self, request: Request, fully_qualified_name: str) -> Response:
        base: Any = super()
        response = base._file_containing_symbol(request, fully_qualified_name)
        if response.HasField("error_response"):
            # Python's pool knows no method, field or enum value by name; their parent is in the same file.
            parent = fully_qualified_name.rpartition(".")[0]
            response = base._file_containing_symbol(request, parent)
        return _with_comments(response)


def add_reflection(
    server: grpc.aio.Server,
    service_names: Sequence[str],
    draining: asyncio.Event,
    pipeline: Pipeline,
) -> None:
    """Add reflection of these services and of itself."""
    names = (*service_names, reflection.SERVICE_NAME)
    servicer = DocumentedReflection(names, draining)
    service = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
    add_service(server, service, {"ServerReflectionInfo": servicer.answer}, pipeline)
