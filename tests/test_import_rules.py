"""What import-linter can't say: the core imports nothing but the standard library and msgspec."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

CORE = Path(__file__).parents[1] / "backends" / "podium_core"
ALLOWED = sys.stdlib_module_names | {"msgspec", "podium_core"}


def imported_packages(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def test_core_imports_only_the_standard_library_and_msgspec() -> None:
    files = sorted(CORE.rglob("*.py"))
    assert files
    strangers = {
        f"{file.relative_to(CORE)}: {package}"
        for file in files
        for package in imported_packages(file.read_text(encoding="utf-8"))
        if package not in ALLOWED
    }
    assert strangers == set()
