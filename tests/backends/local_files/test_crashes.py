"""A process that is killed in the middle of uploads leaves each payload whole; what it left beside them goes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.backends.local_files.stores import PATH, files_in, local_files
from tests.backends.local_files.uploader import SIZE

PROJECT = Path(__file__).parents[3]


@contextmanager
def uploading(
    folder: Path, first: int, prepare: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The process; killed in the end, in the middle of whatever it does."""
    command = [sys.executable, "-m", "tests.backends.local_files.uploader", str(folder), str(first)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        preexec_fn=prepare,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def stored_version(folder: Path) -> int:
    data = (folder / PATH).read_bytes()
    assert len(data) == SIZE
    assert data == data[:4] * (SIZE // 4)
    return int.from_bytes(data[:4], "big")


def test_a_killed_process_leaves_the_payload_whole(tmp_path: Path) -> None:
    folder, random, acknowledged = tmp_path / "payloads", Random(11), 0
    for _ in range(6):
        with uploading(folder, acknowledged + 1) as process:
            for _ in range(3):
                acknowledged = int(said(process))
            time.sleep(random.random() * 0.02)
        stored = stored_version(folder)
        # The one under way may have got there.
        assert stored >= acknowledged
        acknowledged = stored


async def test_what_it_left_behind_goes_after_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    for attempt in range(50):
        with uploading(folder, attempt * 1_000) as process:
            said(process)
            time.sleep(0.004)  # noqa: ASYNC251 - the other process works meanwhile
        if len(left := files_in(folder)) > 1:
            break
    else:
        raise AssertionError("it was never in the middle of an upload")
    async with local_files(folder) as store:
        assert store.maintain is not None
        await store.maintain()
        assert files_in(folder) == left
        for name in left:
            os.utime(folder / name, (1, time.time() - 3_601))
        await store.maintain()
        assert files_in(folder) == [PATH]


def test_a_real_limit_of_the_file_system_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE - 1, SIZE - 1))

    folder = tmp_path / "payloads"
    with uploading(folder, 1, small_files_only) as process:
        assert [said(process) for _ in range(3)] == ["BackendUnavailableError"] * 3
        process.kill()
        process.wait()
    assert [name for name in files_in(folder) if not name.startswith(".uploading/")] == []
