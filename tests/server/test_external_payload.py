"""ExternalPayloadService over gRPC: what a stream may say, and that half an upload is none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from podium.v1 import external_payload_service_pb2 as pb
from podium_client.first_status import FirstStatus
from podium_core import errors
from podium_core.models import PayloadLocation, PayloadOperation, PayloadType, StoredPayload
from podium_core.ports import ExternalPayloadStorage
from podium_protocol.rpcs import Kind, rpc
from podium_protocol.status import error_of_call
from podium_server.interceptors import CallLimits
from tests.patience import PATIENCE_SECONDS
from tests.server.payload_serving import SERVICE, UNLIMITED, local_payloads, serving

PATH = "task/input/a.json"
UPLOAD = rpc("ExternalPayloadService", "Upload")
Part = pb.UploadRequest
HEADER = Part(header={"path": PATH})
CHUNK = Part(chunk=b"{}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "payloads"


@pytest_asyncio.fixture
async def payloads(folder: Path) -> AsyncIterator[ExternalPayloadStorage]:
    async with local_payloads(folder) as storage:
        yield storage


@pytest_asyncio.fixture
async def channel(payloads: ExternalPayloadStorage) -> AsyncIterator[grpc.aio.Channel]:
    async with serving(payloads) as address, connected(address) as opened:
        yield opened


# So much is written to the file before the upload is whole.
BIG = Part(chunk=b"x" * 1_100_000)


def connected(address: str) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(address, options=UNLIMITED)


def stored(folder: Path) -> list[str]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file.relative_to(folder).as_posix() for file in found)


async def wait_for(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def begun(channel: grpc.aio.Channel, **how: Any) -> Any:
    """An upload, bytes in and bytes out."""
    return channel.stream_unary(UPLOAD.path)(**how)


async def upload(
    channel: grpc.aio.Channel, parts: Iterable[pb.UploadRequest | bytes]
) -> pb.UploadResponse:
    """A whole upload. Raises the StorageError of its status."""
    call = begun(channel, timeout=PATIENCE_SECONDS)
    status = FirstStatus(call)
    try:
        for part in parts:
            await call.write(part if isinstance(part, bytes) else part.SerializeToString())
        await call.done_writing()
    except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
        pass  # refused on the way: the answer says why
    try:
        return pb.UploadResponse.FromString(await call)
    except grpc.aio.AioRpcError as error:
        raise error_of_call(status.servers(error)) from error


async def ask(channel: grpc.aio.Channel, name: str, **fields: Any) -> list[Any]:
    """The answers of one of the others. Raises the StorageError of its status."""
    entry = rpc("ExternalPayloadService", name)
    data = entry.request(**fields).SerializeToString()
    try:
        if entry.kind is Kind.SERVER_STREAM:
            made: Any = channel.unary_stream(entry.path)(data, timeout=PATIENCE_SECONDS)
            return [entry.response.FromString(chunk) async for chunk in made]
        single: Any = channel.unary_unary(entry.path)(data, timeout=PATIENCE_SECONDS)
        return [entry.response.FromString(await single)]
    except grpc.aio.AioRpcError as error:
        raise error_of_call(error) from error


class TestWhatIsRight:
    async def test_a_payload_goes_there_and_back(self, channel: grpc.aio.Channel) -> None:
        data = Random(1).randbytes(1_000_000)
        parts = [Part(chunk=data[at : at + 100_000]) for at in range(0, len(data), 100_000)]
        answer = await upload(channel, [HEADER, *parts])
        assert (answer.path, answer.size_bytes) == (PATH, len(data))
        found = await ask(channel, "Download", path=PATH)
        assert b"".join(chunk.chunk for chunk in found) == data
        for removed in (True, False):
            (deleted,) = await ask(channel, "Delete", path=PATH)
            assert deleted.removed is removed
        with pytest.raises(errors.NotFoundError) as caught:
            await ask(channel, "Download", path=PATH)
        assert (caught.value.resource_type, caught.value.name) == ("payload", PATH)

    async def test_a_header_alone_is_an_empty_payload(self, channel: grpc.aio.Channel) -> None:
        answer = await upload(channel, [HEADER])
        assert answer.size_bytes == 0
        (chunk,) = await ask(channel, "Download", path=PATH)
        assert chunk.chunk == b""

    async def test_a_location(self, channel: grpc.aio.Channel, folder: Path) -> None:
        (answer,) = await ask(channel, "GetLocation", operation=1, path=PATH)
        assert (answer.path, answer.uri) == (PATH, (folder / PATH).as_uri())
        (answer,) = await ask(channel, "GetLocation", operation=2, payload_type=4)
        assert answer.path.startswith("task/output/")
        assert stored(folder) == []


BAD_UPLOADS: dict[str, tuple[str, list[pb.UploadRequest | bytes]]] = {
    "nothing at all": ("header", []),
    "no header first": ("header", [CHUNK]),
    "an empty first message": ("header", [Part()]),
    "a second header": ("header", [HEADER, CHUNK, HEADER]),
    "neither header nor chunk": ("part", [HEADER, CHUNK, Part()]),
    "an empty message in the middle": ("part", [HEADER, b"", CHUNK]),
    "neither path nor type": ("header.payload_type", [Part(header={}), CHUNK]),
    "no such type": ("header.payload_type", [Part(header={"path": PATH, "payload_type": 9})]),
    "a negative type": ("header.payload_type", [Part(header={"payload_type": -1})]),
    "a negative size": (
        "header.size_bytes",
        [Part(header={"path": PATH, "size_bytes": -1}), CHUNK],
    ),
    "fewer bytes than said": (
        "header.size_bytes",
        [Part(header={"path": PATH, "size_bytes": 3}), CHUNK],
    ),
    "none of the bytes said": (
        "header.size_bytes",
        [Part(header={"path": PATH, "size_bytes": 3})],
    ),
    "more bytes than said": (
        "header.size_bytes",
        [Part(header={"path": PATH, "size_bytes": 1}), CHUNK, CHUNK],
    ),
    "bytes where none were said": (
        "header.size_bytes",
        [Part(header={"path": PATH, "size_bytes": 0}), CHUNK],
    ),
    "another place": ("header.path", [Part(header={"path": "a.json"}), CHUNK]),
    "a way out": ("header.path", [Part(header={"path": "task/input/../../a"}), CHUNK]),
    "NUL": ("header.path", [Part(header={"path": "task/input/a\0b"}), CHUNK]),
    "no bytes of a message": ("", [HEADER, b"\xff\xff"]),
    "no bytes of a message, first": ("", [b"\xff\xff"]),
    "text that isn't UTF-8": ("", [HEADER.SerializeToString().replace(b"task", b"\xffask")]),
    "a message above 16 MiB": ("", [HEADER, Part(chunk=b"x" * (16 * 1024 * 1024))]),
}


class TestWhatIsWrong:
    @pytest.mark.parametrize("case", BAD_UPLOADS)
    async def test_is_named_and_nothing_is_stored(
        self, channel: grpc.aio.Channel, folder: Path, case: str
    ) -> None:
        field, parts = BAD_UPLOADS[case]
        with pytest.raises(errors.InvalidArgumentError) as caught:
            await upload(channel, parts)
        assert caught.value.field == field
        assert stored(folder) == []
        assert (await upload(channel, [HEADER, CHUNK])).size_bytes == 2

    @pytest.mark.parametrize(
        ("name", "fields", "field"),
        [
            ("GetLocation", {}, "operation"),
            ("GetLocation", {"operation": 3, "path": PATH}, "operation"),
            ("GetLocation", {"operation": 1}, "payload_type"),
            ("GetLocation", {"operation": 1, "payload_type": 5}, "payload_type"),
            ("GetLocation", {"operation": 1, "path": "/etc/passwd"}, "path"),
            ("Download", {}, "path"),
            ("Download", {"path": "task/input/"}, "path"),
            ("Download", {"path": "task/output/../input/a"}, "path"),
            ("Delete", {}, "path"),
            ("Delete", {"path": "task/input/a//b"}, "path"),
        ],
    )
    async def test_the_others_name_it_too(
        self, channel: grpc.aio.Channel, name: str, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(errors.InvalidArgumentError) as caught:
            await ask(channel, name, **fields)
        assert caught.value.field == field

    @pytest.mark.parametrize("said", [None, 5_001])
    async def test_too_large_says_the_limit(self, folder: Path, said: int | None) -> None:
        async with (
            local_payloads(folder, max_payload_bytes=5_000) as payloads,
            serving(payloads) as address,
            connected(address) as channel,
        ):
            header = Part(header={"path": PATH, "size_bytes": said})
            with pytest.raises(errors.PayloadTooLargeError) as caught:
                await upload(channel, [header, *[Part(chunk=b"x" * 1_667)] * 3])
        assert (caught.value.limit_bytes, caught.value.size_bytes) == (5_000, 5_001)
        assert caught.value.field == ("chunk" if said is None else "header.size_bytes")
        assert stored(folder) == []


async def test_without_a_store_all_of_it_says_so() -> None:
    async with serving(None) as address, connected(address) as channel:
        for call in (
            upload(channel, [HEADER, CHUNK]),
            ask(channel, "GetLocation", operation=1, path=PATH),
            ask(channel, "Download", path=PATH),
            ask(channel, "Delete", path=PATH),
        ):
            with pytest.raises(errors.FailedPreconditionError) as caught:
                await call
            assert (caught.value.kind, caught.value.subject) == (
                "NO_PAYLOAD_STORE",
                "routing/payloads",
            )


class TestAStreamThatBreaksOff:
    """To gRPC's server it looks like one that is over: nothing may be stored, however early or late it learns more."""

    async def test_cancelled_at_any_moment_stores_nothing(
        self, channel: grpc.aio.Channel, folder: Path
    ) -> None:
        await _cancel_many(channel)
        assert stored(folder) == []

    async def test_isnt_taken_for_a_whole_one_by_a_storage_that_is_quick(self) -> None:
        quick = _Quick()
        async with serving(quick) as address, connected(address) as channel:
            await _cancel_many(channel)
            assert quick.stored == []
            await upload(channel, [HEADER, CHUNK])
        assert quick.stored == [PATH]

    async def test_whose_client_is_killed_stores_nothing(
        self, payloads: ExternalPayloadStorage, folder: Path
    ) -> None:
        async with serving(payloads) as address:
            for _ in range(3):
                with subprocess.Popen(  # noqa: ASYNC220 - its few lines of output are waited for in a thread
                    [sys.executable, "-c", _CLIENT, address], stdout=subprocess.PIPE
                ) as client:
                    assert client.stdout is not None
                    assert await asyncio.to_thread(client.stdout.readline) == b"half\n"
                    # The upload has begun, as a file that isn't whole.
                    await wait_for(lambda: stored(folder))
                    client.kill()
                await wait_for(lambda: not stored(folder))

    async def test_is_no_defect_in_the_log(self, channel: grpc.aio.Channel) -> None:
        with capture_logs() as lines:
            for _ in range(50):
                call = begun(channel)
                await call.write(HEADER.SerializeToString())
                call.cancel()
            await asyncio.sleep(0.2)
        assert not [line for line in lines if line["log_level"] == "error"]


async def _cancel_many(channel: grpc.aio.Channel) -> None:
    random = Random(5)

    async def one(number: int) -> None:
        call = begun(channel)
        path = f"task/output/{number}.json"
        await call.write(Part(header={"path": path}).SerializeToString())
        for _ in range(random.randrange(3)):
            await call.write(Part(chunk=b"x" * random.choice((1, 50_000))).SerializeToString())
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 0.003)
        call.cancel()

    for first in range(0, 1_000, 25):
        await asyncio.gather(*(one(first + more) for more in range(25)))
    await asyncio.sleep(0.3)


class _Quick:
    """A storage that has stored a payload in the moment in which its last chunk came."""

    def __init__(self) -> None:
        self.stored: list[str] = []

    async def upload(
        self,
        chunks: AsyncIterator[bytes],
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
        size_bytes: int | None = None,
    ) -> StoredPayload:
        size = sum([len(chunk) async for chunk in chunks])
        self.stored.append(path)
        return StoredPayload(path=path, size_bytes=size)

    async def get_location(
        self,
        operation: PayloadOperation,
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
    ) -> PayloadLocation:
        raise NotImplementedError

    def download(self, path: str) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def delete(self, path: str) -> bool:
        raise NotImplementedError


_CLIENT = f"""
import asyncio, sys, grpc
from podium.v1 import external_payload_service_pb2 as pb

async def main():
    channel = grpc.aio.insecure_channel(sys.argv[1])
    call = channel.stream_unary("/{SERVICE}/Upload", pb.UploadRequest.SerializeToString)()
    await call.write(pb.UploadRequest(header={{"path": "{PATH}"}}))
    for _ in range(15):
        await call.write(pb.UploadRequest(chunk=b"x" * 100_000))
    print("half", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


class TestTheDeadline:
    async def test_of_the_servers_own_counts_from_chunk_to_chunk(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        limits = CallLimits(default_deadline_ms=2_000)
        async with serving(payloads, limits) as address, connected(address) as channel:
            call = begun(channel)
            await call.write(HEADER.SerializeToString())
            for _ in range(6):
                await asyncio.sleep(0.5)
                await call.write(CHUNK.SerializeToString())
            await call.done_writing()
            assert pb.UploadResponse.FromString(await call).size_bytes == 12

    @pytest.mark.parametrize("own", [True, False])
    async def test_ends_an_upload_that_stalls(
        self, payloads: ExternalPayloadStorage, folder: Path, own: bool
    ) -> None:
        limits = CallLimits(default_deadline_ms=1_000)
        async with serving(payloads, limits) as address, connected(address) as channel:
            call = begun(channel, timeout=1 if own else None)
            await call.write(HEADER.SerializeToString())
            await call.write(CHUNK.SerializeToString())
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            await wait_for(lambda: not stored(folder))


class TestThePipeline:
    async def test_one_that_waits_for_its_client_shuts_nobody_out(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        limits = CallLimits(max_calls_in_flight=1)
        async with serving(payloads, limits) as address, connected(address) as channel:
            first = begun(channel)
            await first.write(HEADER.SerializeToString())
            await upload(channel, [HEADER, CHUNK])
            await first.done_writing()
            await first

    async def test_the_next_chunk_has_a_time_limit_of_the_servers_own(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        limits = CallLimits(client_timeout_ms=50)
        async with serving(payloads, limits) as address, connected(address) as channel:
            half = begun(channel, timeout=86_400)
            await half.write(HEADER.SerializeToString())
            await half.write(CHUNK.SerializeToString())
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await half
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

    async def test_a_good_upload_has_its_line_and_a_failed_one_too(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        async with (
            serving(payloads, log_calls=True) as address,
            connected(address) as channel,
        ):
            with capture_logs() as lines:
                await upload(channel, [HEADER, CHUNK])
                with pytest.raises(errors.InvalidArgumentError):
                    await upload(channel, [CHUNK])
        assert [(line["event"], line["rpc"], line["code"]) for line in lines] == [
            ("call", "ExternalPayloadService.Upload", "OK"),
            ("call failed", "ExternalPayloadService.Upload", "INVALID_ARGUMENT"),
        ]

    async def test_a_download_that_is_left_lets_go_of_its_file(
        self, channel: grpc.aio.Channel
    ) -> None:
        await upload(channel, [HEADER, *[Part(chunk=b"x" * 1_000_000)] * 20])
        data = pb.DownloadRequest(path=PATH).SerializeToString()
        download: Any = channel.unary_stream(rpc("ExternalPayloadService", "Download").path)
        before = _open_files()
        for _ in range(20):
            call = download(data)
            await call.read()
            call.cancel()
        await wait_for(lambda: _open_files() <= before)


def _open_files() -> int:
    return sum(1 for file in Path("/proc/self/fd").iterdir() if ".json" in _target(file))


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except FileNotFoundError:
        return ""
