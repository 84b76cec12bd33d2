"""A service that doesn't start is one error, however many tests need it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

CONFTEST = """
from contextlib import contextmanager
from tests.services import providers
from tests.services.process import ServerStartError

pytest_plugins = ("tests.services.fixtures",)

@contextmanager
def redis():
    raise ServerStartError("Redis ended with code 1")
    yield

providers.redis = redis
"""

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_with_redis(redis_url, number):
    pass

def test_without():
    pass
"""


def test_one_error_and_the_others_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "1 passed, 2 skipped, 1 error" in done.stdout
    assert "Redis did not start: see the first error" in done.stdout
