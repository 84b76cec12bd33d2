"""The ExternalPayloadStorage over gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from podium.v1 import external_payload_service_pb2 as pb
from podium_client.calls import Calls
from podium_client.methods import method
from podium_client.payload_upload import Upload
from podium_core.errors import InvalidArgumentError
from podium_core.models import PayloadLocation, PayloadOperation, PayloadType, StoredPayload
from podium_core.ports import ExternalPayloadStorage
from podium_protocol import codec

_GET_LOCATION = method(pb.GetLocationRequest, pb.GetLocationResponse)
_DOWNLOAD = method(pb.DownloadRequest, pb.DownloadResponse)
_DELETE = method(pb.DeleteRequest, pb.DeleteResponse)

_HEADER = "header."


class RemotePayloadStorage:
    """Payloads of a server; ``ExternalPayloadStorage`` says what each method does.

    An upload isn't repeated, since its chunks can't be had again; a download is until its first chunk has come. Both may
    take as long as they like: the timeout of the client bounds the wait for each chunk.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def get_location(
        self,
        operation: PayloadOperation,
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
    ) -> PayloadLocation:
        response = await self._calls.unary(
            _GET_LOCATION,
            operation=codec.payload_operation_to_proto(operation),
            payload_type=codec.payload_type_to_proto(payload_type),
            path=path,
        )
        return PayloadLocation(path=response.path, uri=response.uri)

    async def upload(
        self,
        chunks: AsyncIterator[bytes],
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
        size_bytes: int | None = None,
    ) -> StoredPayload:
        header = _header(
            path=path,
            payload_type=codec.payload_type_to_proto(payload_type),
            size_bytes=size_bytes,
        )
        try:
            response = await Upload(self._calls).send(header, chunks)
        except InvalidArgumentError as error:
            # As the caller knows it.
            error.field = error.field.removeprefix(_HEADER)
            raise
        return StoredPayload(path=response.path, size_bytes=response.size_bytes)

    async def download(self, path: str) -> AsyncGenerator[bytes, None]:
        messages = self._calls.stream(_DOWNLOAD, _DOWNLOAD.request(path=path))
        async with aclosing(messages) as responses:
            async for response in responses:
                yield response.chunk

    async def delete(self, path: str) -> bool:
        return (await self._calls.unary(_DELETE, path=path)).removed


_: type[ExternalPayloadStorage] = RemotePayloadStorage


def _header(**fields: object) -> pb.UploadRequest.Header:
    header = pb.UploadRequest.Header()
    for name, value in fields.items():
        try:
            if value is not None:
                setattr(header, name, value)
        except (ValueError, TypeError) as error:
            raise InvalidArgumentError(name, str(error)) from error
    return header
