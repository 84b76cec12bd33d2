"""What a wheel holds beside the Python files: everything that the packages read at run time."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "setuptools"
]
# The first two setuptools takes by itself; protos are for people, what runs are the stubs.
NO_DATA = {".py", ".pyi", ".pyc", ".proto"}


def packages() -> list[Path]:
    """The folders of the packages, as setuptools finds them."""
    roots = [REPOSITORY / where for where in SETUPTOOLS["packages"]["find"]["where"]]
    return [path.parent for root in roots for path in root.rglob("__init__.py")]


def data_files(folders: list[Path]) -> Iterator[Path]:
    """The files in the packages and their folders that aren't code."""
    for folder in folders:
        files = (path for path in folder.rglob("*") if path.is_file())
        yield from (path for path in files if path.suffix not in NO_DATA)


def taken(folders: list[Path], patterns: dict[str, Any]) -> Iterator[Path]:
    """What setuptools puts into the wheel: each pattern is looked for in each package."""
    for folder in folders:
        for pattern in patterns["*"]:
            yield from folder.glob(pattern)


def test_every_data_file_is_in_the_wheel() -> None:
    folders = packages()
    wanted = set(data_files(folders))
    assert [path for path in wanted if path.suffix == ".sql"]
    left_out = wanted - set(taken(folders, SETUPTOOLS["package-data"]))
    assert sorted(str(path.relative_to(REPOSITORY)) for path in left_out) == []
