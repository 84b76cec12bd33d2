"""ExternalPayloadStorage: payloads come back byte for byte, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from random import Random
from typing import Any, cast
from urllib.parse import quote

import pytest

from podium_core.errors import InvalidArgumentError, NotFoundError
from podium_core.models import PayloadOperation, PayloadType
from podium_core.payload_keys import is_owned
from podium_core.ports import ExternalPayloadStorage

PATH = "task/output/orders/8 é%20+.json"
KB = 1024
SIZES = [0, 1, 256 * KB - 1, 256 * KB, 256 * KB + 1, 1024 * KB, 3 * 1024 * KB + 7]


def random_bytes(size: int) -> bytes:
    return Random(size).randbytes(size)


async def pieces(data: bytes, size: int = 64 * KB) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def put(payloads: ExternalPayloadStorage, data: bytes, path: str = PATH) -> None:
    await payloads.upload(pieces(data), path=path)


async def chunks(payloads: ExternalPayloadStorage, path: str = PATH) -> list[bytes]:
    return [chunk async for chunk in payloads.download(path)]


async def get(payloads: ExternalPayloadStorage, path: str = PATH) -> bytes | None:
    try:
        return b"".join(await chunks(payloads, path))
    except NotFoundError:
        return None


class TestUpload:
    @pytest.mark.parametrize("size", SIZES)
    async def test_stores_the_bytes_as_they_are(
        self, payloads: ExternalPayloadStorage, size: int
    ) -> None:
        data = random_bytes(size)
        stored = await payloads.upload(pieces(data), path=PATH, size_bytes=size)
        assert (stored.path, stored.size_bytes) == (PATH, size)
        assert await get(payloads) == data

    @pytest.mark.parametrize("size", [1, 1000, 1024 * KB, 5 * 1024 * KB])
    async def test_takes_chunks_of_any_size(
        self, payloads: ExternalPayloadStorage, size: int
    ) -> None:
        data = random_bytes(2_000 if size == 1 else 2 * 1024 * KB)
        await payloads.upload(pieces(data, size), path=PATH)
        assert await get(payloads) == data

    async def test_takes_empty_chunks(self, payloads: ExternalPayloadStorage) -> None:
        async def some_empty() -> AsyncIterator[bytes]:
            for chunk in (b"", b"a", b"", b"b", b""):
                yield chunk

        assert (await payloads.upload(some_empty(), path=PATH)).size_bytes == 2
        assert await get(payloads) == b"ab"

    @pytest.mark.parametrize("payload_type", PayloadType)
    async def test_without_a_path_makes_a_key_up(
        self, payloads: ExternalPayloadStorage, payload_type: PayloadType
    ) -> None:
        stored = [await payloads.upload(pieces(b"{}"), payload_type=payload_type) for _ in range(2)]
        for one in stored:
            assert one.path.startswith(f"{payload_type.value}/")
            assert not is_owned(one.path, "")
            assert await get(payloads, one.path) == b"{}"
        assert stored[0].path != stored[1].path

    async def test_with_a_path_it_doesnt_ask_for_the_type(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        stored = await payloads.upload(
            pieces(b"{}"), payload_type=PayloadType.WORKFLOW_INPUT, path=PATH
        )
        assert stored.path == PATH

    async def test_replaces_what_was_there(self, payloads: ExternalPayloadStorage) -> None:
        for data in (random_bytes(300 * KB), b"short", b"", b"again"):
            await put(payloads, data)
            assert await get(payloads) == data

    async def test_needs_a_path_or_a_type(self, payloads: ExternalPayloadStorage) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await payloads.upload(pieces(b"{}"))
        assert caught.value.field == "payload_type"

    @pytest.mark.parametrize("said", [0, 9, 11, 2**40, 2**63 - 1, -1])
    async def test_of_another_size_than_said_stores_nothing(
        self, payloads: ExternalPayloadStorage, said: int
    ) -> None:
        await put(payloads, b"before")
        with pytest.raises(InvalidArgumentError) as caught:
            await payloads.upload(pieces(b"0123456789"), path=PATH, size_bytes=said)
        assert caught.value.field == "size_bytes"
        assert await get(payloads) == b"before"

    async def test_whose_chunks_fail_stores_nothing(self, payloads: ExternalPayloadStorage) -> None:
        async def failing() -> AsyncIterator[bytes]:
            yield random_bytes(700 * KB)
            raise KeyError("the caller's own")

        with pytest.raises(KeyError):
            await payloads.upload(failing(), path=PATH)
        assert await get(payloads) is None

    async def test_that_is_cancelled_stores_nothing(self, payloads: ExternalPayloadStorage) -> None:
        sent = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield random_bytes(1_500 * KB)
            sent.set()
            await asyncio.sleep(3_600)

        uploading = asyncio.create_task(_upload(payloads, endless()))
        await sent.wait()
        uploading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await uploading
        await asyncio.sleep(0.05)
        assert await get(payloads) is None

    async def test_is_whole_at_any_time(self, payloads: ExternalPayloadStorage) -> None:
        """Many at the same path, and a reader beside them: never a mixture."""
        versions = [bytes([number]) * (400 * KB + number) for number in range(8)]
        await put(payloads, versions[0])
        seen = set()

        async def read() -> None:
            while True:
                found = await get(payloads)
                assert found in versions
                seen.add(found)

        reading = asyncio.create_task(read())
        await asyncio.gather(*(put(payloads, data) for data in versions * 3))
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await get(payloads) in versions
        assert seen


async def _upload(payloads: ExternalPayloadStorage, source: AsyncIterator[bytes]) -> None:
    await payloads.upload(source, path=PATH)


class TestDownload:
    @pytest.mark.parametrize("size", SIZES)
    async def test_comes_in_chunks(self, payloads: ExternalPayloadStorage, size: int) -> None:
        await put(payloads, random_bytes(size))
        found = await chunks(payloads)
        assert sum(map(len, found)) == size
        assert all(len(chunk) <= 256 * KB for chunk in found)
        assert len(found) == max(1, -(-size // (256 * KB)))

    async def test_of_nothing_is_an_error_before_the_first_chunk(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        for path in (PATH, "task/output/nothing.json"):
            with pytest.raises(NotFoundError) as caught:
                await anext(payloads.download(path))
            assert (caught.value.resource_type, caught.value.name) == ("payload", path)

    async def test_what_replaces_it_meanwhile_isnt_mixed_in(
        self, payloads: ExternalPayloadStorage
    ) -> None:
        before = random_bytes(8 * 1024 * KB)
        await put(payloads, before)
        reading = payloads.download(PATH)
        found = [await anext(reading)]
        await put(payloads, b"after")
        found += [chunk async for chunk in reading]
        assert b"".join(found) == before
        assert await get(payloads) == b"after"

    async def test_may_be_left_in_the_middle(self, payloads: ExternalPayloadStorage) -> None:
        await put(payloads, random_bytes(3 * 1024 * KB))
        for _ in range(20):
            reading = cast("AsyncGenerator[bytes, None]", payloads.download(PATH))
            async with aclosing(reading) as found:
                await anext(found)
        assert await payloads.delete(PATH)


class TestDelete:
    async def test_removes_it(self, payloads: ExternalPayloadStorage) -> None:
        await put(payloads, b"{}")
        assert await payloads.delete(PATH) is True
        assert await get(payloads) is None
        assert await payloads.delete(PATH) is False

    async def test_leaves_the_others(self, payloads: ExternalPayloadStorage) -> None:
        await put(payloads, b"1", "task/output/a/1.json")
        await put(payloads, b"2", "task/output/a/2.json")
        await payloads.delete("task/output/a/1.json")
        assert await get(payloads, "task/output/a/2.json") == b"2"

    async def test_of_nothing_says_so(self, payloads: ExternalPayloadStorage) -> None:
        assert await payloads.delete("workflow/input/nothing/at/all.json") is False


class TestGetLocation:
    @pytest.mark.parametrize("operation", PayloadOperation)
    async def test_of_a_path_is_its_own(
        self, payloads: ExternalPayloadStorage, operation: PayloadOperation
    ) -> None:
        location = await payloads.get_location(operation, path=PATH)
        assert location.path == PATH
        assert quote(PATH) in location.uri

    @pytest.mark.parametrize("payload_type", PayloadType)
    async def test_without_a_path_makes_a_key_up_and_writes_nothing(
        self, payloads: ExternalPayloadStorage, payload_type: PayloadType
    ) -> None:
        location = await payloads.get_location(PayloadOperation.WRITE, payload_type=payload_type)
        assert location.path.startswith(f"{payload_type.value}/")
        assert location.path in location.uri
        assert await get(payloads, location.path) is None

    async def test_needs_a_path_or_a_type(self, payloads: ExternalPayloadStorage) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await payloads.get_location(PayloadOperation.READ)
        assert caught.value.field == "payload_type"


CALLS: dict[str, Callable[[ExternalPayloadStorage, str], Awaitable[Any]]] = {
    "get_location": lambda payloads, path: payloads.get_location(PayloadOperation.READ, path=path),
    "upload": lambda payloads, path: payloads.upload(pieces(b"{}"), path=path),
    "download": lambda payloads, path: anext(payloads.download(path)),
    "delete": lambda payloads, path: payloads.delete(path),
}
BAD_PATHS = [
    "a",
    "task/input/",
    "/etc/passwd",
    "task/input/../../a",
    "task/input//a",
    "task/input/./a",
    "task/input/a\0b",
    "task/input/a\\b",
    "task/input/a\nb",
    "task/input/\ud800",
    "task/input/" + "a" * 256,
    "task/input/" + "a/" * 260 + "a",
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("path", BAD_PATHS)
async def test_a_path_that_is_none_is_named(
    payloads: ExternalPayloadStorage, call: str, path: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await CALLS[call](payloads, path)
    assert caught.value.field == "path"
