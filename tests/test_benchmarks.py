"""A benchmark that fails leaves those before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from benchmarks import __main__ as program
from benchmarks.bench import Bench
from benchmarks.points.cassandra import in_process
from benchmarks.points.cassandra.calls import Call
from benchmarks.points.cassandra.in_process import Step
from benchmarks.report import markdown
from benchmarks.result import Result


def _good(bench: Bench) -> Iterator[Result]:
    yield Result(name="good", value=1, unit="ms", bound=2, detail="")


def _failing(bench: Bench) -> Iterator[Result]:
    yield Result(name="half", value=1, unit="ms", bound=2, detail="")
    raise RuntimeError("CANCELLED")


def test_each_result_is_shown_as_it_comes_and_a_failed_point_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "POINTS", {"first": _failing, "second": _good})
    results, failures = program._measure(["first", "second"], tmp_path, quick=True)
    assert [result.name for result in results] == ["half", "good"]
    assert failures == {"first": "RuntimeError: CANCELLED"}
    assert capsys.readouterr().err.splitlines() == [
        "  half: 1 ms (wanted ≤ 2 ms): yes",
        "first failed: RuntimeError: CANCELLED",
        "  good: 1 ms (wanted ≤ 2 ms): yes",
    ]
    assert "first failed: RuntimeError: CANCELLED" in markdown(results, "this machine", failures)


def test_every_point_gets_empty_folders_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def writing(bench: Bench) -> Iterator[Result]:
        for _ in range(2):
            folder = bench.new_folder()
            folders.append(folder)
            yield Result("files", len(list(folder.iterdir())), "", 0, "")
            (folder / "podium.db").touch()

    monkeypatch.setattr(program, "POINTS", {"first": writing, "second": writing})
    results, failures = program._measure(["first", "second"], tmp_path, quick=True)
    assert not failures
    assert [result.value for result in results] == [0, 0, 0, 0]
    assert len(set(folders)) == 4


class TestBareStatements:
    """Statements recorded from one call, sent for another."""

    _SAMPLE = Call("UpdateTask", "w01", ("t1",))
    _PHASES: ClassVar = [
        [Step((("SELECT", ("w01", 1, "w01-t1")),), page_size=5), Step(())],
        [Step((("INSERT", (None, b'{"taskId":"w01-t1"}')),), is_batch=True)],
    ]

    def test_have_the_ids_of_the_other_call_in_keys_and_documents(self) -> None:
        call = Call("UpdateTask", "w02", ("t7",))
        assert in_process.renamed(self._PHASES, self._SAMPLE, call) == [
            [Step((("SELECT", ("w02", 1, "w02-t7")),), page_size=5)],
            [Step((("INSERT", (None, b'{"taskId":"w02-t7"}')),), is_batch=True)],
        ]

    def test_refuse_ids_of_another_length_which_break_what_is_encoded(self) -> None:
        with pytest.raises(ValueError, match="other lengths"):
            in_process.renamed(self._PHASES, self._SAMPLE, Call("UpdateTask", "w3", ("t7",)))
