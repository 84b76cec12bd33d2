"""``podium doctor`` on the embedded stores: it changes nothing, and a fault is exit code 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium_server.cli.run import run


def test_before_the_first_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    assert run(["doctor", "--data-dir", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"main · sqlite {folder}/podium.db"
    assert lines[1].split(maxsplit=1) == ["ok", "it isn't there yet: the first start makes it"]
    assert not folder.exists()


def test_what_can_not_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert run(["doctor", "--data-dir", str(tmp_path / "file" / "data")]) == 1
    assert "fault" in capsys.readouterr().out


def test_stores_that_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "podium.db").touch()
    (tmp_path / "payloads").mkdir()
    assert run(["doctor", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("ok       it opens\n") == 2


def test_a_file_of_another_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "podium.db").write_bytes(b"nothing that SQLite knows" * 100)
    assert run(["doctor", "--data-dir", str(tmp_path)]) == 1
    assert "fault    " in capsys.readouterr().out
