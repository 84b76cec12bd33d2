"""What goes wrong leaves nothing behind, and says what it was."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from podium_core.backend import ConnectedStore
from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    PayloadTooLargeError,
)
from tests.backends.local_files.stores import (
    NAME,
    PATH,
    chunked,
    files_in,
    local_files,
    payloads_of,
    read,
    write,
)

MB = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "payloads"


@pytest_asyncio.fixture
async def store(folder: Path) -> AsyncIterator[ConnectedStore]:
    async with local_files(folder) as opened:
        yield opened


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def failing_after(calls: int, real: Callable[..., Any], number: int) -> Callable[..., Any]:
    """The function, which fails from some call on."""
    count = 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count > calls:
            raise OSError(number, os.strerror(number))
        return real(*arguments, **named)

    return call


class TestAFullDisk:
    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (errno.ENOSPC, "no space left"),
            (errno.EDQUOT, "quota"),
            (errno.EFBIG, "so large"),
            (errno.EIO, "input/output error"),
            (errno.EACCES, "access"),
            (errno.EROFS, "read-only"),
            (errno.ENOTCONN, "not connected"),
        ],
    )
    @pytest.mark.parametrize("written", [0, 2])
    async def test_is_said_and_leaves_nothing(
        self,
        store: ConnectedStore,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        number: int,
        words: str,
        written: int,
    ) -> None:
        await write(store, b"before")
        monkeypatch.setattr(os, "write", failing_after(written, os.write, number))
        with pytest.raises(BackendUnavailableError) as caught:
            await payloads_of(store).upload(chunked(*[b"x" * MB] * 4), path=PATH)
        monkeypatch.undo()
        assert (caught.value.store, NAME in caught.value.message) == (NAME, True)
        assert words in caught.value.message.lower()
        assert files_in(folder) == [PATH]
        assert await read(store) == b"before"

    async def test_fails_the_ping_until_there_is_space(
        self, store: ConnectedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "write", failing_after(0, os.write, errno.ENOSPC))
        for _ in range(2):
            with pytest.raises(BackendUnavailableError, match="no space left"):
                await store.ping()
        monkeypatch.undo()
        await store.ping()
        assert files_in(folder) == []

    async def test_that_only_a_large_payload_found_fails_one_ping(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as nearly_full:
            nearly_full.setattr(os, "write", failing_after(2, os.write, errno.ENOSPC))
            with pytest.raises(BackendUnavailableError):
                await payloads_of(store).upload(chunked(*[b"x" * MB] * 4), path=PATH)
        with pytest.raises(BackendUnavailableError, match="no space left"):
            await store.ping()
        await store.ping()

    async def test_a_write_that_takes_less_goes_on(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = os.write
        monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:1_000]))
        data = bytes(range(256)) * 20_000
        await write(store, data)
        monkeypatch.undo()
        assert await read(store) == data

    async def test_bytes_that_got_lost_are_noticed(
        self, store: ConnectedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "write", lambda file, data: len(data))
        with pytest.raises(BackendUnavailableError):
            await write(store, b"data")
        assert files_in(folder) == []


class TestAnFsyncThatFails:
    async def test_of_the_file_stores_nothing(
        self, store: ConnectedStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "fsync", failing_after(0, os.fsync, errno.EIO))
        with pytest.raises(BackendUnavailableError):
            await write(store, b"data")
        assert files_in(folder) == []

    async def test_of_the_folder_leaves_the_outcome_unknown(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "fsync", failing_after(1, os.fsync, errno.EIO))
        with pytest.raises(OutcomeUnknownError):
            await write(store, b"data")
        monkeypatch.undo()
        assert await read(store) == b"data"
        monkeypatch.setattr(os, "fsync", failing_after(0, os.fsync, errno.EIO))
        with pytest.raises(OutcomeUnknownError):
            await payloads_of(store).delete(PATH)

    async def test_file_and_folder_are_synced(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[str] = []
        real = os.fsync

        def fsync(file: int) -> None:
            synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
            real(file)

        monkeypatch.setattr(os, "fsync", fsync)
        await write(store, b"data")
        assert len(synced[0]) == 32  # the temporary file
        assert synced[1:] == ["output"]
        synced.clear()
        await write(store, b"data", "task/output/new/newer/a.json")
        assert synced[1:] == ["output", "new", "newer", "new", "output"]
        synced.clear()
        await payloads_of(store).delete(PATH)
        assert synced == ["output"]


class TestTheLimit:
    @pytest.mark.parametrize("size_bytes", [None, 2_001])
    async def test_above_it_nothing_is_stored(self, folder: Path, size_bytes: int | None) -> None:
        async with local_files(folder, max_payload_bytes=2_000) as store:
            with pytest.raises(PayloadTooLargeError) as caught:
                await payloads_of(store).upload(
                    chunked(b"x" * 1_000, b"x" * 1_001), path=PATH, size_bytes=size_bytes
                )
            assert (caught.value.limit_bytes, caught.value.size_bytes) == (2_000, 2_001)
            assert caught.value.field == ("chunk" if size_bytes is None else "size_bytes")
            assert files_in(folder) == []
            await write(store, b"x" * 2_000)

    async def test_of_an_endless_upload_is_met_at_once(self, folder: Path) -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * MB

        async with local_files(folder, max_payload_bytes=20 * MB) as store:
            with pytest.raises(PayloadTooLargeError):
                await payloads_of(store).upload(endless(), path=PATH)
            assert files_in(folder) == []


class TestACancelledUpload:
    @pytest.mark.parametrize("chunks", [0, 1, 2, 5])
    async def test_leaves_nothing(self, store: ConnectedStore, folder: Path, chunks: int) -> None:
        stuck = asyncio.Event()

        async def never_ending() -> AsyncIterator[bytes]:
            for _ in range(chunks):
                yield b"x" * MB
            stuck.set()
            await asyncio.sleep(3_600)

        uploading = asyncio.create_task(_upload(store, never_ending()))
        await stuck.wait()
        uploading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await uploading
        assert files_in(folder) == []

    async def test_at_any_moment_leaves_nothing_or_all_of_it(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        """Also in the middle of a write, of the fsync, of the replacing."""
        data = [b"x" * MB] * 3
        outcomes = set()
        for number in range(150):
            path = f"task/input/{number}.json"
            uploading = asyncio.create_task(_upload(store, chunked(*data), path))
            await asyncio.sleep(number * 0.0001)
            uploading.cancel()
            await asyncio.wait([uploading])
            left = files_in(folder)
            assert left in ([], [path])
            outcomes.add(bool(left))
            if left:
                assert await read(store, path) == b"x" * 3 * MB
                await payloads_of(store).delete(path)
        assert False in outcomes

    async def test_one_cancelled_twice_leaves_nothing_either(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        for _ in range(20):
            uploading = asyncio.create_task(_upload(store, chunked(*[b"x" * MB] * 20)))
            await asyncio.sleep(0.003)
            uploading.cancel()
            await asyncio.sleep(0)
            uploading.cancel()
            await asyncio.wait([uploading])
        await store.close()
        assert files_in(folder) == []


async def _upload(store: ConnectedStore, chunks: AsyncIterator[bytes], path: str = PATH) -> None:
    await payloads_of(store).upload(chunks, path=path)


class TestLeftovers:
    async def test_old_ones_go_and_young_ones_stay(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        uploading = folder / ".uploading"
        for name, hours in (("old", 1.01), ("young", 0.9), ("new", 0.0)):
            (uploading / name).write_bytes(b"half")
            then = time.time() - hours * 3_600
            os.utime(uploading / name, (then, then))
        await write(store, b"{}")
        os.utime(folder / PATH, (0, 0))
        assert store.maintain is not None
        await store.maintain()
        assert files_in(folder) == [".uploading/new", ".uploading/young", PATH]

    async def test_links_and_folders_there_are_left_alone(
        self, store: ConnectedStore, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").write_bytes(b"keep")
        os.utime(tmp_path / "outside", (0, 0))
        (folder / ".uploading/link").symlink_to(tmp_path / "outside")
        (folder / ".uploading/folder").mkdir()
        os.utime(folder / ".uploading/folder", (0, 0))
        assert store.maintain is not None
        await store.maintain()
        assert (tmp_path / "outside").read_bytes() == b"keep"
        assert (folder / ".uploading/folder").is_dir()

    async def test_an_upload_whose_file_went_says_so(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        async def slow() -> AsyncIterator[bytes]:
            yield b"x" * MB
            (left,) = (folder / ".uploading").iterdir()
            left.unlink()

        with pytest.raises(BackendUnavailableError):
            await payloads_of(store).upload(slow(), path=PATH)
        assert files_in(folder) == []


class TestOpening:
    async def test_makes_the_folder(self, tmp_path: Path) -> None:
        async with local_files(tmp_path / "a/b/c") as store:
            await store.ping()
            await write(store, b"{}")
        assert files_in(tmp_path / "a/b/c") == [PATH]

    async def test_again_finds_what_is_there(self, folder: Path) -> None:
        for _ in range(2):
            async with local_files(folder) as store:
                await write(store, b"{}")
        async with local_files(folder) as store, local_files(folder) as other:
            await write(store, b"[]")
            assert await read(other) == b"[]"

    async def test_of_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        for path in (tmp_path / "file", tmp_path / "file/below"):
            with pytest.raises(BackendUnavailableError, match="file: a file is there"):
                async with local_files(path):
                    pass

    @pytest.mark.parametrize("link", ["task", "task/input", ".uploading"])
    async def test_of_a_folder_with_a_link_in_it_is_refused(
        self, folder: Path, tmp_path: Path, link: str
    ) -> None:
        (folder / link).parent.mkdir(parents=True, exist_ok=True)
        (folder / link).symlink_to(tmp_path)
        before = files_in(tmp_path)
        with pytest.raises(Exception, match="symbolic link"):
            async with local_files(folder):
                pass
        assert files_in(tmp_path) == before

    async def test_ping_says_that_the_folder_is_gone(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        await store.ping()
        (folder / ".uploading").rmdir()
        with pytest.raises(BackendUnavailableError) as caught:
            await store.ping()
        assert caught.value.store == NAME

    async def test_ping_says_that_it_can_not_write(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "open", failing_after(0, os.open, errno.EROFS))
        with pytest.raises(BackendUnavailableError, match="read-only"):
            await store.ping()

    async def test_after_closing_it_is_unavailable(self, folder: Path) -> None:
        async with local_files(folder) as store:
            pass
        with pytest.raises(BackendUnavailableError, match="closing"):
            await write(store, b"{}")
        with pytest.raises(BackendUnavailableError, match="closing"):
            await read(store)
        assert files_in(folder) == []

    async def test_closing_in_the_middle_of_an_upload_leaves_nothing(self, folder: Path) -> None:
        async with local_files(folder) as store:
            more = asyncio.Event()

            async def slow() -> AsyncIterator[bytes]:
                yield b"x" * MB
                await more.wait()

            uploading = asyncio.create_task(_upload(store, slow()))
            await asyncio.sleep(0.05)
            await store.close()
            more.set()
            with pytest.raises(BackendUnavailableError):
                await uploading
            assert files_in(folder) == []


class TestDownloading:
    async def test_what_somebody_cut_meanwhile_is_no_payload(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        await write(store, b"x" * 3 * MB)
        reading = payloads_of(store).download(PATH)
        await anext(reading)
        os.truncate(folder / PATH, 100)
        with pytest.raises(CorruptRecordError):
            async for _ in reading:
                pass

    async def test_that_is_cancelled_or_left_leaves_no_file_open(
        self, store: ConnectedStore
    ) -> None:
        await write(store, b"x" * 3 * MB)
        before = open_files()
        for number in range(100):
            reading = asyncio.create_task(read(store))
            await asyncio.sleep(number * 0.00005)
            reading.cancel()
            await asyncio.wait([reading])
            with pytest.raises(NotFoundError):
                await read(store, "task/output/nothing.json")
        for _ in range(100):
            await anext(payloads_of(store).download(PATH))
        await asyncio.sleep(0.1)
        await asyncio.get_running_loop().shutdown_asyncgens()
        assert open_files() <= before

    async def test_a_name_that_the_disk_refuses_is_the_callers_fault(
        self, store: ConnectedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "replace", failing_after(0, os.replace, errno.EILSEQ))
        with pytest.raises(InvalidArgumentError):
            await write(store, b"{}")
