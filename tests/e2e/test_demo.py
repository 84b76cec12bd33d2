"""The demo, as a user runs it: processes of its own, kills in the middle, and its own checks at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE_SECONDS
from tests.services.process import dies_with_parent

REPOSITORY = Path(__file__).parents[2]
CHECKS = 11
PLAYERS = 6  # a server, an engine, four workers


@contextmanager
def demo(folder: Path, *options: object) -> Iterator[subprocess.Popen[str]]:
    """A run of the demo, which leaves its files in the folder and never outlives the test."""
    process = subprocess.Popen(
        [
            *dies_with_parent(),
            *(sys.executable, "-m", "examples.engine.demo"),
            *map(str, options),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def played(folder: Path, *options: object) -> str:
    """What a run printed, once all its checks have passed."""
    with demo(folder, *options) as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert output.count("\n  ok  ") == CHECKS, output
    assert list(folder.iterdir()) == []
    return output


def test_a_quiet_run_completes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    output = played(tmp_path, "--workflows", 10, "--kills", 0)
    assert "10 of 10 workflows started are COMPLETED, and 2 sub-workflows" in output
    assert "workflowType = 'sequence' AND status = 'COMPLETED'      2 workflows" in output
    assert "2 of 2 receipts of 6 KiB lie in the payload store" in output


def test_a_server_without_its_side_effects_fails_the_checks_of_search_payloads_and_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for switch in ("INDEX_EXECUTIONS", "MOVE_PAYLOADS", "READ_ARCHIVE"):
        monkeypatch.setenv(f"PODIUM_FACADE__{switch}", "false")
    with demo(tmp_path, "--workflows", 1, "--kills", 0) as process:
        output, _ = process.communicate()
    assert process.returncode == 1, output
    assert (output.count("\n  ok  "), output.count("\n  FAIL  ")) == (CHECKS - 4, 4), output


@pytest.mark.parametrize("seed", [1, 2])
def test_five_kills_leave_no_workflow_stuck(tmp_path: Path, seed: int) -> None:
    output = played(tmp_path, "--workflows", 30, "--kills", 5, "--seed", seed)
    assert output.count("(kill -9)") == 5
    for victim in ("the server", "the engine", "worker"):
        assert f"killed {victim}" in output


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_thirty_kills_leave_no_workflow_stuck(tmp_path: Path, seed: int) -> None:
    output = played(tmp_path, "--workflows", 150, "--kills", 30, "--seed", seed)
    assert output.count("(kill -9)") == 30


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads the children from /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals
) -> None:
    with demo(tmp_path) as process:
        children = _children_of(process.pid, PLAYERS)
        process.send_signal(number)
        output, _ = process.communicate()
    assert process.returncode == 130, output
    assert output.endswith("stopped\n"), output
    assert len(children) == PLAYERS
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []


def _children_of(pid: int, count: int) -> list[str]:
    """The children of a process, once there are so many."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(listed.read_text().split()) < count and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return listed.read_text().split()
