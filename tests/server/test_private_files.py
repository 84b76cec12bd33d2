"""What the server keeps on a disk is its own user's; and a folder in place of a file, or the other way round, is named."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from podium_core.errors import BackendUnavailableError
from podium_core.models import PayloadType
from podium_server.app import open_facade
from podium_server.config.config import Config
from podium_server.config.load import load_config
from podium_server.startup_errors import StartupError
from tests.contract.records import make_workflow


@pytest.fixture(autouse=True)
def no_mask() -> Iterator[None]:
    """Nothing but the modes that are asked for takes rights away."""
    before = os.umask(0)
    yield
    os.umask(before)


def config(folder: Path, **environment: str) -> Config:
    return load_config(environment={"PODIUM_DATA_DIR": str(folder), **environment})


def open_to_others(folder: Path) -> list[str]:
    """What others than the owner have any right to."""
    found = [folder, *folder.rglob("*")]
    return [
        f"{one.relative_to(folder)} {stat.S_IMODE(one.stat().st_mode):o}"
        for one in found
        if stat.S_IMODE(one.stat().st_mode) & 0o077
    ]


async def _payload() -> AsyncIterator[bytes]:
    yield b"{}"


async def _everything_is_used(settings: Config) -> None:
    handle = await open_facade(settings)
    try:
        await handle.facade.executions.create_workflow(make_workflow())
        assert handle.facade.payloads is not None
        await handle.facade.payloads.upload(_payload(), payload_type=PayloadType.WORKFLOW_INPUT)
        await handle.facade.payloads.upload(_payload(), path="task/input/a/b/c.json")
    finally:
        await handle.close()


async def test_what_is_made_is_private(tmp_path: Path) -> None:
    top = tmp_path / "new"
    settings = config(top / "data")
    handle = await open_facade(settings)
    await handle.facade.executions.create_workflow(make_workflow())
    # The log of a database that is in use, and the two lock files.
    names = {path.name for path in (top / "data").iterdir()}
    assert {"podium.db", "podium.db-wal", "podium.db-shm", "podium.db-lock", "index.db"} <= names
    assert open_to_others(top) == []
    await handle.close()
    await _everything_is_used(settings)
    assert (top / "data/payloads/task/input/a/b/c.json").is_file()
    assert open_to_others(top) == []


async def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Who has opened it to a group, for a backup say, meant to; what is made in it is private all the same."""
    data = tmp_path / "data"
    (data / "payloads").mkdir(parents=True)
    for folder in (data, data / "payloads"):
        folder.chmod(0o750)
    (data / "podium.db").touch(0o640)
    await _everything_is_used(config(data))
    assert sorted(open_to_others(data)) == [". 750", "payloads 750", "podium.db 640"]


class TestWrongKind:
    @pytest.mark.parametrize(
        ("variable", "path", "line"),
        [
            ("MAIN__PATH", "folder", "folder: a folder is there, and a file is expected"),
            ("MAIN__INDEX_PATH", "folder", "folder: a folder is there, and a file is expected"),
            ("MAIN__PATH", "file/podium.db", "file: a file is there, and a folder is expected"),
            ("MAIN__PATH", "file/a/b.db", "file: a file is there, and a folder is expected"),
            ("MAIN__INDEX_PATH", "file/i.db", "file: a file is there, and a folder is expected"),
            ("BLOBS__PATH", "file", "file: a file is there, and a folder is expected"),
            ("BLOBS__PATH", "file/a/b", "file: a file is there, and a folder is expected"),
        ],
    )
    async def test_of_a_store(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        variable: str,
        path: str,
        line: str,
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").touch()
        environment = {
            "PODIUM_STORES__MAIN__KIND": "sqlite",
            "PODIUM_STORES__MAIN__PATH": "new/podium.db",
            "PODIUM_STORES__BLOBS__KIND": "local_files",
            "PODIUM_STORES__BLOBS__PATH": "new/payloads",
            "PODIUM_ROUTING__DEFAULT": "main",
            "PODIUM_ROUTING__PAYLOADS": "blobs",
        }
        settings = load_config(environment={**environment, f"PODIUM_STORES__{variable}": path})
        with pytest.raises(BackendUnavailableError) as caught:
            await open_facade(settings)
        store = variable.partition("__")[0].lower()
        assert caught.value.message == f"store '{store}': {line}"

    async def test_of_the_data_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(BackendUnavailableError) as caught:
            await open_facade(config(tmp_path / "file"))
        line = f"store 'main': {tmp_path}/file: a file is there, and a folder is expected"
        assert caught.value.message == line

    @pytest.mark.parametrize("named", ["option", "variable", "secret"])
    def test_of_the_configuration(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("folder").mkdir()
        environment = {
            "option": {},
            "variable": {"PODIUM_CONFIG": "folder"},
            "secret": {"PODIUM_STORES__MAIN__PATH_FILE": "folder"},
        }[named]
        with pytest.raises(StartupError) as caught:
            load_config(Path("folder") if named == "option" else None, environment=environment)
        lead = "PODIUM_STORES__MAIN__PATH_FILE: " if named == "secret" else ""
        assert str(caught.value) == f"{lead}folder: a folder is there, and a file is expected"
