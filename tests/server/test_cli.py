"""The command line: what it prints, and that every mistake is one line and exit code 2."""

from __future__ import annotations

import pytest

from podium_server.cli.run import run
from podium_server.cli.world import World
from podium_server.version import podium_version
from tests.server.fake_world import REGISTRY


def _run(*arguments: str) -> int:
    return run(arguments, World(registry=REGISTRY))


class TestCommands:
    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run("version") == 0
        assert capsys.readouterr().out == f"podium {podium_version()}\n"

    def test_help_lists_the_commands(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run("--help") == 0
        out = capsys.readouterr().out
        assert all(f"\n  {command} " in out for command in ("serve", "version", "config"))

    def test_without_a_command_the_help_comes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _run() == 2
        assert "Usage: podium" in capsys.readouterr().err

    def test_config_show_takes_the_options_of_serve(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert _run("config", "show", "--listen", "0.0.0.0:1", "--insecure", "--data-dir", "x") == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["server.listen", "=", '["0.0.0.0:1"]', "#", "--listen"] in lines
        assert ["server.insecure", "=", "true", "#", "--insecure"] in lines
        assert ["data_dir", "=", '"x"', "#", "--data-dir"] in lines


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["serv"], "podium: No such command 'serv'. Did you mean 'serve'? (podium --help)\n"),
            (
                ["config", "show", "x"],
                "podium: Got unexpected extra argument",
            ),
            (["serve", "--config", "gone.toml"], "podium: gone.toml: no such file; "),
            (
                ["serve", "--listen", "0.0.0.0:1"],
                "podium: --listen: 0.0.0.0:1 can be reached by others, ",
            ),
        ],
    )
    def test_are_one_line(
        self, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert _run(*arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(line)
        assert captured.err.count("\n") == 1
