"""ExternalPayloadService."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from podium.v1 import external_payload_service_pb2 as pb
from podium_core.closing import closing
from podium_core.errors import FailedPreconditionError, InvalidArgumentError
from podium_core.ports import ExternalPayloadStorage
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.services.request_checks import optional

# What the storage names without knowing that it comes in a header.
_OF_HEADER = frozenset({"path", "payload_type", "size_bytes"})


class ExternalPayloadServicer:
    """One call of the storage for each RPC."""

    def __init__(self, payloads: ExternalPayloadStorage | None) -> None:
        """Takes the facade's storage; None where no payload store is routed."""
        self._payloads = payloads

    async def GetLocation(
        self, request: pb.GetLocationRequest, call: Call
    ) -> pb.GetLocationResponse:
        location = await self._storage().get_location(
            codec.payload_operation_from_proto(request.operation, "operation"),
            payload_type=codec.payload_type_from_proto(request.payload_type, "payload_type"),
            path=request.path,
        )
        return pb.GetLocationResponse(path=location.path, uri=location.uri)

    async def Upload(
        self, requests: AsyncIterator[pb.UploadRequest], call: Call
    ) -> pb.UploadResponse:
        storage = self._storage()
        header = await _header(requests)
        payload_type = codec.payload_type_from_proto(header.payload_type, "header.payload_type")
        try:
            async with aclosing(_chunks(requests)) as chunks:
                stored = await storage.upload(
                    chunks,
                    payload_type=payload_type,
                    path=header.path,
                    size_bytes=optional(header, "size_bytes"),
                )
        except InvalidArgumentError as error:
            raise _below_header(error) from None
        return pb.UploadResponse(path=stored.path, size_bytes=stored.size_bytes)

    async def Download(
        self, request: pb.DownloadRequest, call: Call
    ) -> AsyncIterator[pb.DownloadResponse]:
        async with closing(self._storage().download(request.path)) as chunks:
            async for chunk in chunks:
                yield pb.DownloadResponse(chunk=chunk)

    async def Delete(self, request: pb.DeleteRequest, call: Call) -> pb.DeleteResponse:
        return pb.DeleteResponse(removed=await self._storage().delete(request.path))

    def _storage(self) -> ExternalPayloadStorage:
        if self._payloads is None:
            raise FailedPreconditionError(
                "NO_PAYLOAD_STORE",
                "routing/payloads",
                "no store serves payloads: set routing.payloads in the server's configuration",
            )
        return self._payloads


async def _header(requests: AsyncIterator[pb.UploadRequest]) -> pb.UploadRequest.Header:
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "header":
        raise InvalidArgumentError("header", "must come first")
    return first.header


async def _chunks(requests: AsyncIterator[pb.UploadRequest]) -> AsyncGenerator[bytes, None]:
    async for request in requests:
        match request.WhichOneof("part"):
            case "chunk":
                yield request.chunk
            case "header":
                raise InvalidArgumentError("header", "must come once, first")
            case _:
                raise InvalidArgumentError("part", "is required")


def _below_header(error: InvalidArgumentError) -> InvalidArgumentError:
    return error.under("header") if error.field in _OF_HEADER else error
