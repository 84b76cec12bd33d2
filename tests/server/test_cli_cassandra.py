"""``podium cassandra schema``: the CQL of a configured store, printed without asking any Cassandra."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium_backends.cassandra.schema import tables
from podium_server.cli.run import run

ONE = """\
[stores.main]
kind = "sqlite"
[stores.wide]
kind = "cassandra"
contact_points = ["127.0.0.1:1"]
keyspace = "shop"
replication = {dc1 = 3}
serial_consistency = "SERIAL"
[routing]
default = "main"
metadata = "wide"
"""
ANOTHER = '[stores.other]\nkind = "cassandra"\nkeyspace = "elsewhere"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "podium.toml"


def test_prints_all_statements(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(ONE)
    assert run(["cassandra", "schema", "--config", str(config)]) == 0
    statements = [part.strip() for part in capsys.readouterr().out.split(";")]
    assert statements[0] == (
        "CREATE KEYSPACE IF NOT EXISTS shop"
        " WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}"
    )
    created = [one.split()[5] for one in statements[1:-2]]
    assert created == [f"shop.{name}" for name in tables()]
    assert statements[-2].endswith("VALUES ('podium', 1, 'SERIAL') IF NOT EXISTS")
    assert statements[-1] == ""


def test_of_several_stores(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(ANOTHER + ONE)
    assert run(["cassandra", "schema", "--config", str(config)]) == 2
    assert "with --store; there are: other, wide" in capsys.readouterr().err
    assert run(["cassandra", "schema", "--config", str(config), "--store", "other"]) == 0
    assert "CREATE TABLE IF NOT EXISTS elsewhere." in capsys.readouterr().out


@pytest.mark.parametrize("store", [[], ["--store", "main"]])
def test_without_a_cassandra(
    config: Path, capsys: pytest.CaptureFixture[str], store: list[str]
) -> None:
    config.write_text('[stores.main]\nkind = "sqlite"\n[routing]\ndefault = "main"\n')
    assert run(["cassandra", "schema", "--config", str(config), *store]) == 2
    assert "there are: none" in capsys.readouterr().err


def test_the_doctor_names_its_nodes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(ONE)
    folder = config.parent / "data"
    assert run(["doctor", "--config", str(config), "--data-dir", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("wide · cassandra 127.0.0.1:1")
    assert lines[at + 1].split()[0] == "fault"
