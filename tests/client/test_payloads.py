"""``podium.payloads``: what a client does with streams that stall, break off or are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from hypothesis import given, settings, strategies as st

from podium_client import PodiumClient, RetryPolicy
from podium_client.errors import ClientClosedError
from podium_client.payload_upload import CHUNK_BYTES, regroup
from podium_core import errors
from podium_core.models import PayloadLocation, PayloadOperation, PayloadType, StoredPayload
from podium_core.ports import ExternalPayloadStorage
from podium_server.interceptors import CallLimits
from tests.patience import PATIENCE_SECONDS
from tests.server.payload_serving import local_payloads, serving

PATH = "task/input/a.json"
SOON = RetryPolicy(initial_backoff_seconds=0.01)


class Scripted:
    """A storage that does as a test says; what it was given is in ``seen``.

    Attributes:
        failing: Errors of the next downloads, before their first chunk.
        breaking: Whether a download breaks off behind its first chunk.
        hanging: Whether an upload is never read.
    """

    def __init__(self) -> None:
        self.failing: list[errors.StorageError] = []
        self.breaking = False
        self.hanging = False
        self.seen: list[bytes] = []
        self.downloads = 0

    async def get_location(
        self,
        operation: PayloadOperation,
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
    ) -> PayloadLocation:
        raise errors.UnsupportedOperationError("scripted", "get_location")

    async def upload(
        self,
        chunks: AsyncIterator[bytes],
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
        size_bytes: int | None = None,
    ) -> StoredPayload:
        if self.hanging:
            await asyncio.sleep(3_600)
        if self.failing:
            raise self.failing.pop(0)
        self.seen = [chunk async for chunk in chunks]
        return StoredPayload(path=path, size_bytes=sum(map(len, self.seen)))

    async def download(self, path: str) -> AsyncIterator[bytes]:
        self.downloads += 1
        if self.failing:
            raise self.failing.pop(0)
        yield b"first"
        if self.breaking:
            raise errors.BackendUnavailableError("blobs", "the disk is gone", retry_after_ms=0)
        yield b"last"

    async def delete(self, path: str) -> bool:
        return True


@asynccontextmanager
async def client_of(
    payloads: ExternalPayloadStorage,
    *,
    timeout_seconds: float = 10,
    limits: CallLimits | None = None,
) -> AsyncIterator[PodiumClient]:
    async with (
        serving(payloads, limits) as address,
        PodiumClient(address, timeout_seconds=timeout_seconds, retry=SOON) as podium,
    ):
        yield podium


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


class TestUpload:
    async def test_sends_pieces_of_256_kb(self) -> None:
        scripted = Scripted()
        async with client_of(scripted) as podium:
            await podium.payloads.upload(chunked(*[b"x" * 1_000] * 600, b"y" * 900_000), path=PATH)
        assert [len(chunk) for chunk in scripted.seen] == [CHUNK_BYTES] * 5 + [189_280]
        assert b"".join(scripted.seen) == b"x" * 600_000 + b"y" * 900_000

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 600_000), max_size=8))
    async def test_regrouped_the_bytes_stay(self, sizes: list[int]) -> None:
        chunks = [bytes([number]) * size for number, size in enumerate(sizes)]
        pieces = [piece async for piece in regroup(chunked(*chunks))]
        assert b"".join(pieces) == b"".join(chunks)
        assert all(len(piece) == CHUNK_BYTES for piece in pieces[:-1])
        assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)

    async def test_isnt_repeated(self) -> None:
        scripted = Scripted()
        scripted.failing = [errors.BackendUnavailableError("blobs", "the disk is full")]
        async with client_of(scripted) as podium:
            with pytest.raises(errors.BackendUnavailableError, match="the disk is full"):
                await podium.payloads.upload(chunked(b"x"), path=PATH)

    async def test_that_is_refused_on_the_way_says_why(self, tmp_path: Path) -> None:
        """Whichever comes first, the server's status or the write that fails for it."""
        async with (
            local_payloads(tmp_path, max_payload_bytes=1_000_000) as payloads,
            client_of(payloads) as podium,
        ):
            for _ in range(200):
                with pytest.raises(errors.PayloadTooLargeError):
                    await podium.payloads.upload(chunked(*[b"x" * CHUNK_BYTES] * 40), path=PATH)

    async def test_that_is_endless_and_refused_ends_at_once(self, tmp_path: Path) -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 100_000

        async with (
            local_payloads(tmp_path, max_payload_bytes=1_000_000) as payloads,
            client_of(payloads) as podium,
        ):
            with pytest.raises(errors.PayloadTooLargeError) as caught:
                await podium.payloads.upload(endless(), path=PATH)
            assert caught.value.limit_bytes == 1_000_000
            with pytest.raises(errors.InvalidArgumentError) as named:
                await podium.payloads.upload(endless(), path="elsewhere")
            assert named.value.field == "path"

    async def test_that_the_server_doesnt_take_fails_in_time(self) -> None:
        scripted = Scripted()
        scripted.hanging = True
        async with client_of(scripted, timeout_seconds=0.5) as podium:
            with pytest.raises(errors.DeadlineExceededError, match="may or may not"):
                await podium.payloads.upload(chunked(*[b"x" * 500_000] * 10), path=PATH)

    async def test_may_take_longer_than_the_timeout(self) -> None:
        async def slow() -> AsyncIterator[bytes]:
            for _ in range(8):
                await asyncio.sleep(0.3)
                yield b"x" * CHUNK_BYTES

        scripted = Scripted()
        async with client_of(scripted, timeout_seconds=2) as podium:
            stored = await podium.payloads.upload(slow(), path=PATH)
        assert stored.size_bytes == 8 * CHUNK_BYTES

    @pytest.mark.parametrize(
        "error",
        [TimeoutError("mine"), asyncio.InvalidStateError("mine"), KeyError("mine")],
    )
    async def test_what_the_chunks_raise_is_the_callers(
        self, tmp_path: Path, error: Exception
    ) -> None:
        async def failing() -> AsyncIterator[bytes]:
            yield b"x" * 1_000_000
            raise error

        async with local_payloads(tmp_path) as payloads, client_of(payloads) as podium:
            with pytest.raises(type(error), match="mine"):
                await podium.payloads.upload(failing(), path=PATH)
            await asyncio.sleep(0.1)
            with pytest.raises(errors.NotFoundError):
                await anext(podium.payloads.download(PATH))

    async def test_that_is_cancelled_stores_nothing(self, tmp_path: Path) -> None:
        async def stalled() -> AsyncIterator[bytes]:
            yield b"x" * 1_000_000
            await asyncio.sleep(3_600)

        async with local_payloads(tmp_path) as payloads, client_of(payloads) as podium:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await podium.payloads.upload(stalled(), path=PATH)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while [file for file in tmp_path.rglob("*") if file.is_file()]:  # noqa: ASYNC240
                    await asyncio.sleep(0.01)

    async def test_cut_off_by_closing_says_so(self) -> None:
        scripted = Scripted()
        scripted.hanging = True
        async with client_of(scripted) as podium:
            uploading = asyncio.create_task(_upload(podium, chunked(b"x")))
            await asyncio.sleep(0.2)
            await podium.close()
            with pytest.raises(ClientClosedError):
                await uploading
            with pytest.raises(ClientClosedError):
                await podium.payloads.upload(chunked(b"x"), path=PATH)

    async def test_without_a_server_says_so(self) -> None:
        retry = RetryPolicy(connect_seconds=0.2)
        async with PodiumClient("127.0.0.1:1", retry=retry) as podium:
            with pytest.raises(errors.TransportError, match=r"127\.0\.0\.1:1"):
                await podium.payloads.upload(chunked(b"x"), path=PATH)

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"path": "task/input/\ud800"}, "path"),
            ({"path": PATH, "size_bytes": 2**63}, "size_bytes"),
        ],
    )
    async def test_what_no_message_can_hold_is_named(
        self, fields: dict[str, object], field: str
    ) -> None:
        async with PodiumClient("127.0.0.1:1") as podium:
            with pytest.raises(errors.InvalidArgumentError) as caught:
                await podium.payloads.upload(chunked(b"x"), **fields)  # type: ignore[arg-type]
        assert caught.value.field == field


async def _upload(podium: PodiumClient, chunks: AsyncIterator[bytes]) -> None:
    await podium.payloads.upload(chunks, path=PATH)


class TestDownload:
    async def test_is_repeated_until_its_first_chunk(self) -> None:
        scripted = Scripted()
        scripted.failing = [
            errors.BackendUnavailableError("blobs", "busy", retry_after_ms=0) for _ in range(3)
        ]
        async with client_of(scripted) as podium:
            assert [chunk async for chunk in podium.payloads.download(PATH)] == [b"first", b"last"]
        assert scripted.downloads == 4

    async def test_isnt_behind_that(self) -> None:
        scripted = Scripted()
        scripted.breaking = True
        async with client_of(scripted) as podium:
            reading = podium.payloads.download(PATH)
            assert await anext(reading) == b"first"
            with pytest.raises(errors.BackendUnavailableError):
                await anext(reading)
        assert scripted.downloads == 1

    async def test_gives_up_in_the_end(self) -> None:
        scripted = Scripted()
        scripted.failing = [
            errors.BackendUnavailableError("blobs", "busy", retry_after_ms=0) for _ in range(99)
        ]
        async with client_of(scripted) as podium:
            with pytest.raises(errors.BackendUnavailableError):
                await anext(podium.payloads.download(PATH))
        assert scripted.downloads == SOON.max_attempts

    async def test_of_nothing_isnt_repeated(self) -> None:
        scripted = Scripted()
        scripted.failing = [errors.NotFoundError("payload", PATH)]
        async with client_of(scripted) as podium:
            with pytest.raises(errors.NotFoundError):
                await anext(podium.payloads.download(PATH))
        assert scripted.downloads == 1


async def test_a_store_without_urls_says_so() -> None:
    async with client_of(Scripted()) as podium:
        with pytest.raises(errors.UnsupportedOperationError) as caught:
            await podium.payloads.get_location(PayloadOperation.READ, path=PATH)
    assert caught.value.backend == "scripted"
    assert grpc.StatusCode.UNIMPLEMENTED.name in str(caught.value)
