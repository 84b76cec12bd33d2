"""What Maven makes is kept whole or not at all; without Maven a test is told what to install."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.java import java
from tests.services.maven import cache_folder, kept, run_maven
from tests.services.unavailable import ServiceUnavailableError


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def fill(folder: Path) -> Path:
    (folder / "made").mkdir()
    (folder / "made" / "file").write_text("x")
    return folder / "made"


def fail(folder: Path) -> Path:
    fill(folder)
    raise ServiceUnavailableError("no")


def test_what_was_made_is_kept() -> None:
    folder = kept("thing", fill)
    assert (folder / "file").read_text() == "x"
    assert kept("thing", fail) == folder


def test_what_was_not_made_leaves_nothing() -> None:
    with pytest.raises(ServiceUnavailableError):
        kept("thing", fail)
    assert list(cache_folder().iterdir()) == []


def test_a_machine_without_maven_or_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ServiceUnavailableError, match="install maven, or start Docker"):
        run_maven("fetch it", ["package"], tmp_path, instead=", or start Docker")
    with pytest.raises(ServiceUnavailableError, match="Conductor needs Java 17: install a JDK 17"):
        java("Conductor", (11, 17))


def test_what_maven_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailableError, match=r"could not fetch it: .*ERROR"):
        run_maven("fetch it", ["--offline", "package"], tmp_path)
