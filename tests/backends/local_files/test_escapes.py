"""Nothing leads out of the folder: no path, no link, and what isn't a file isn't a payload."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import choice
from typing import Any

import pytest
import pytest_asyncio

from podium_core.backend import ConnectedStore
from podium_core.errors import (
    BackendUnavailableError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.models import PayloadOperation
from tests.backends.local_files.stores import (
    PATH,
    chunked,
    files_in,
    local_files,
    payloads_of,
    read,
    write,
)
from tests.patience import PATIENCE_SECONDS

SECRET = b"not yours"

CALLS: dict[str, Callable[[ConnectedStore, str], Awaitable[Any]]] = {
    "upload": lambda store, path: write(store, b"mine", path),
    "download": read,
    "delete": lambda store, path: payloads_of(store).delete(path),
}
every_call = pytest.mark.parametrize("call", CALLS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "payloads"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    made = tmp_path / "outside"
    made.mkdir()
    (made / "secret.json").write_bytes(SECRET)
    return made


@pytest_asyncio.fixture
async def store(folder: Path) -> AsyncIterator[ConnectedStore]:
    async with local_files(folder) as opened:
        yield opened


def untouched(outside: Path) -> bool:
    return files_in(outside) == ["secret.json"] and (outside / "secret.json").read_bytes() == SECRET


@every_call
@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.json",
        "task/input/../../../outside/secret.json",
        "task/input/..",
        "task/../task/input/a",
        "task/input/./a",
        "task/input//a",
        "/etc/passwd",
        "//task/input/a",
        "task/input/a\0.json",
        "task/input/..\\..\\outside\\secret.json",
        "~/a",
        ".uploading/a",
        "",
    ],
)
async def test_a_path_that_leads_out_is_refused(
    store: ConnectedStore, folder: Path, outside: Path, call: str, path: str
) -> None:
    with pytest.raises(InvalidArgumentError):
        await CALLS[call](store, path)
    assert untouched(outside)
    assert files_in(folder) == []


@every_call
async def test_a_link_to_a_file_is_refused(
    store: ConnectedStore, folder: Path, outside: Path, call: str
) -> None:
    (folder / PATH).symlink_to(outside / "secret.json")
    with pytest.raises(FailedPreconditionError) as caught:
        await CALLS[call](store, PATH)
    assert caught.value.kind == "PAYLOAD_BEHIND_LINK"
    assert "a.json" in caught.value.message
    assert untouched(outside)
    assert files_in(folder) == [PATH]


@every_call
@pytest.mark.parametrize("segment", ["task/output/sub", "task/output", "task"])
async def test_a_link_to_a_folder_is_refused(
    store: ConnectedStore, folder: Path, outside: Path, call: str, segment: str
) -> None:
    link = folder / segment
    if link.exists():
        link.rename(folder / "moved")
    link.symlink_to(outside)
    (outside / "output").mkdir()
    with pytest.raises(FailedPreconditionError):
        await CALLS[call](store, "task/output/sub/secret.json")
    (outside / "output").rmdir()
    assert untouched(outside)


@every_call
async def test_a_link_within_the_folder_is_refused_too(
    store: ConnectedStore, folder: Path, call: str
) -> None:
    await write(store, b"there", "task/input/there.json")
    (folder / PATH).symlink_to(folder / "task/input/there.json")
    with pytest.raises(FailedPreconditionError):
        await CALLS[call](store, PATH)


async def test_a_link_to_nowhere_is_refused(
    store: ConnectedStore, folder: Path, outside: Path
) -> None:
    (folder / PATH).symlink_to(outside / "new.json")
    for call in CALLS.values():
        with pytest.raises(FailedPreconditionError):
            await call(store, PATH)
    assert untouched(outside)


async def test_links_that_come_and_go_never_lead_out(
    store: ConnectedStore, folder: Path, outside: Path
) -> None:
    """A folder of the way turns into a link and back while uploads, downloads and removals run."""
    path = "task/output/sub/secret.json"
    stop = threading.Event()
    swapping = threading.Thread(target=_swap, args=(folder, outside, stop))
    swapping.start()
    read_well = 0
    try:
        while read_well < 100:
            call = choice(list(CALLS.values()))
            try:
                found = await call(store, path)
                read_well += found == b"mine"
                assert found != SECRET
            except (FailedPreconditionError, NotFoundError, BackendUnavailableError):
                await asyncio.sleep(0)
    finally:
        stop.set()
        swapping.join()
    assert untouched(outside)


def _swap(folder: Path, outside: Path, stop: threading.Event) -> None:
    sub = folder / "task/output/sub"
    number = 0
    while not stop.is_set():
        number += 1
        for step in (
            lambda: sub.rename(folder / f"kept{number}"),  # noqa: B023 - called at once
            lambda: sub.symlink_to(outside),
            sub.unlink,
            sub.mkdir,
            lambda: (sub / "secret.json").write_bytes(b"mine"),
        ):
            with suppress(OSError):
                step()


async def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "payloads").symlink_to(tmp_path / "disk")
    async with local_files(tmp_path / "payloads") as store:
        await write(store, b"{}")
        location = await payloads_of(store).get_location(PayloadOperation.READ, path=PATH)
    assert files_in(tmp_path / "disk") == [PATH]
    assert location.uri == (tmp_path / "disk" / PATH).as_uri()


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
async def test_what_is_no_file_is_no_payload(
    store: ConnectedStore, folder: Path, kind: str
) -> None:
    if kind == "pipe":
        os.mkfifo(folder / PATH)
    elif kind == "folder":
        (folder / PATH).mkdir()
    else:
        await write(store, b"{}", f"{PATH}/deeper.json")
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises((FailedPreconditionError, NotFoundError)):
            await read(store)


class TestAPayloadAndAFolderOfTheSameName:
    async def test_a_payload_below_a_payload(self, store: ConnectedStore, folder: Path) -> None:
        await write(store, b"{}")
        deeper = f"{PATH}/deeper.json"
        with pytest.raises(FailedPreconditionError) as caught:
            await write(store, b"{}", deeper)
        assert caught.value.kind == "PAYLOAD_PATH_TAKEN"
        with pytest.raises(NotFoundError):
            await read(store, deeper)
        assert await payloads_of(store).delete(deeper) is False
        assert files_in(folder) == [PATH]

    async def test_a_payload_in_place_of_a_folder(
        self, store: ConnectedStore, folder: Path
    ) -> None:
        deeper = f"{PATH}/deeper.json"
        await write(store, b"{}", deeper)
        with pytest.raises(FailedPreconditionError) as caught:
            await write(store, b"{}")
        assert caught.value.kind == "PAYLOAD_PATH_TAKEN"
        with pytest.raises(NotFoundError):
            await read(store)
        assert await payloads_of(store).delete(PATH) is False
        assert files_in(folder) == [deeper]


async def test_a_location_is_where_the_file_lies(store: ConnectedStore, folder: Path) -> None:
    path = "task/output/é ü#?%41+.json"
    location = await payloads_of(store).get_location(PayloadOperation.WRITE, path=path)
    assert location.uri == (folder / path).as_uri()
    assert files_in(folder) == []
    await payloads_of(store).upload(chunked(b"{}"), path=path)
    assert files_in(folder) == [path]
