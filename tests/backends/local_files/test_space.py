"""How much a store takes, and how much of the disk it leaves: an upload above either is refused and leaves nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from podium_backends.local_files import space
from podium_core.backend import ConnectedStore
from podium_core.errors import FailedPreconditionError
from tests.backends.local_files.stores import (
    PATH,
    files_in,
    local_files,
    payloads_of,
    write,
)

OTHER = "task/output/b.json"
KIB = 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "payloads"


def small(folder: Path, total: int = 10 * KIB) -> AbstractAsyncContextManager[ConnectedStore]:
    return local_files(folder, max_total_bytes=total)


async def full(store: ConnectedStore, size: int, path: str = OTHER) -> str:
    """What a refused upload says."""
    with pytest.raises(FailedPreconditionError) as caught:
        await write(store, b"x" * size, path)
    assert caught.value.kind == "PAYLOAD_STORE_FULL"
    assert caught.value.subject == "store/blobs"
    return caught.value.message


class TestTotal:
    async def test_what_is_above_it_is_refused_and_leaves_nothing(self, folder: Path) -> None:
        async with small(folder) as store:
            await write(store, b"x" * 6 * KIB)
            assert await full(store, 4 * KIB + 1) == (
                "store 'blobs' holds 6144 bytes, and an upload of 4097 more would bring it above its max_total_bytes"
                " of 10240: delete payloads, or raise it"
            )
            assert files_in(folder) == [PATH]
            await write(store, b"x" * 4 * KIB, OTHER)

    async def test_what_goes_makes_room(self, folder: Path) -> None:
        async with small(folder) as store:
            await write(store, b"x" * 10 * KIB)
            await full(store, 1)
            assert await payloads_of(store).delete(PATH)
            assert not await payloads_of(store).delete(PATH)
            await write(store, b"x" * 10 * KIB, OTHER)
            await full(store, 1, PATH)

    async def test_what_is_replaced_makes_room_once_it_is(self, folder: Path) -> None:
        async with small(folder) as store:
            await write(store, b"x" * 5 * KIB)
            await write(store, b"x" * 2 * KIB)
            await write(store, b"x" * 8 * KIB, OTHER)
            await full(store, 1, PATH)

    async def test_a_size_that_is_said_is_refused_before_a_byte_comes(self, folder: Path) -> None:
        async def never() -> AsyncIterator[bytes]:
            raise AssertionError("was asked for a chunk")
            yield b""

        async with small(folder) as store:
            with pytest.raises(FailedPreconditionError, match="max_total_bytes of 10240"):
                await payloads_of(store).upload(never(), path=PATH, size_bytes=10 * KIB + 1)

    async def test_uploads_under_way_count(self, folder: Path) -> None:
        half = asyncio.Event()
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"x" * 6 * KIB
            half.set()
            await go_on.wait()

        async with small(folder) as store:
            upload = asyncio.create_task(payloads_of(store).upload(slow(), path=PATH))
            await half.wait()
            await full(store, 5 * KIB)
            await write(store, b"x" * 4 * KIB, OTHER)
            go_on.set()
            await upload

    @pytest.mark.parametrize("size_bytes", [None, 9 * KIB])
    async def test_an_upload_that_fails_gives_its_room_back(
        self, folder: Path, size_bytes: int | None
    ) -> None:
        async def broken() -> AsyncIterator[bytes]:
            yield b"x" * 8 * KIB
            raise ZeroDivisionError

        async with small(folder) as store:
            for _ in range(3):
                with pytest.raises(ZeroDivisionError):
                    await payloads_of(store).upload(broken(), path=PATH, size_bytes=size_bytes)
            await write(store, b"x" * 10 * KIB)

    async def test_what_was_there_before_counts(self, folder: Path) -> None:
        async with local_files(folder) as store:
            await write(store, b"x" * 6 * KIB)
            await write(store, b"x" * 3 * KIB, "workflow/input/a/b/c.json")
        (folder / "workflow/input/link").symlink_to("/etc/passwd")
        async with small(folder) as store:
            assert "holds 9216 bytes" in await full(store, 2 * KIB)
            await write(store, b"x" * KIB, OTHER)

    async def test_what_another_server_stores_counts_after_a_while(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with small(folder) as store, small(folder) as another:
            await write(another, b"x" * 9 * KIB)
            monkeypatch.setattr(space, "RECOUNT_SECONDS", 0)
            assert store.maintain is not None
            await store.maintain()
            assert "holds 9216 bytes" in await full(store, 2 * KIB)

    async def test_nothing_is_walked_for_an_upload(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def walked(*_: Any, **__: Any) -> Any:
            raise AssertionError("walked over the folder")

        async with small(folder) as store:
            for name in ("scandir", "fwalk", "walk", "listdir"):
                monkeypatch.setattr(os, name, walked)
            await write(store, b"x" * KIB)
            await payloads_of(store).delete(PATH)
            monkeypatch.undo()

    async def test_without_one_nothing_is_counted(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def counted(*_: Any) -> int:
            raise AssertionError("counted")

        monkeypatch.setattr(space, "size_of_payloads", counted)
        async with local_files(folder) as store:
            await write(store, b"x" * 100 * KIB)


class _Disk:
    def __init__(self, free: int) -> None:
        self.f_bavail, self.f_frsize = free, 1


class TestFreeSpace:
    async def test_what_would_leave_less_is_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with local_files(folder, min_free_bytes=50 * KIB) as store:
            await write(store, b"x" * 2 * KIB)
            monkeypatch.setattr(os, "fstatvfs", lambda _: _Disk(51 * KIB))
            assert await full(store, 2 * KIB) == (
                "the disk of store 'blobs' has 52224 bytes left, and 2048 more would leave less than its min_free_bytes"
                " of 51200: free some space"
            )
            assert files_in(folder) == [PATH]
            await write(store, b"x" * KIB, OTHER)

    async def test_a_long_upload_ends_where_the_disk_fills_up(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def filling() -> AsyncIterator[bytes]:
            yield b"x" * 1024 * KIB
            monkeypatch.setattr(os, "fstatvfs", lambda _: _Disk(0))
            yield b"x" * 1024 * KIB

        async with local_files(folder) as store:
            with pytest.raises(FailedPreconditionError, match="0 bytes left"):
                await payloads_of(store).upload(filling(), path=PATH)
            assert files_in(folder) == []

    async def test_reads_and_deletions_go_on(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with local_files(folder) as store:
            await write(store, b"{}")
            monkeypatch.setattr(os, "fstatvfs", lambda _: _Disk(0))
            await store.ping()
            assert [chunk async for chunk in payloads_of(store).download(PATH)] == [b"{}"]
            assert await payloads_of(store).delete(PATH)
