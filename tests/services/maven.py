"""What Maven fetches or builds for tests, once, into a cache folder outside the checkout."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.unavailable import ServiceUnavailableError


def cache_folder() -> Path:
    """Return where downloads are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "podium-tests"


def kept(name: str, fill: Callable[[Path], Path]) -> Path:
    """Return a folder of the cache; where it isn't there yet, fill it, all or nothing.

    An interrupted download is never taken for whole.

    Args:
        name: Its name; whatever changes its content changes the name.
        fill: Takes an empty folder, and returns the folder in it that is kept.
    Raises:
        ServiceUnavailableError: As ``fill`` raises it.
    """
    folder = cache_folder() / name
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="fetching-") as temporary:
        filled = fill(Path(temporary))
        try:
            filled.rename(folder)
        except OSError:
            # Another run may have been faster; its folder is as good.
            if not folder.is_dir():
                raise
    return folder


def run_maven(what: str, arguments: Sequence[str], folder: Path, *, instead: str = "") -> None:
    """Run Maven in a folder.

    Args:
        what: What it is run for, as an error says it: "fetch Cassandra 5.0.5".
        arguments: Goals and properties.
        folder: Where its pom.xml is, if it needs one.
        instead: What else helps where there is no Maven: ", or start Docker".
    Raises:
        ServiceUnavailableError: Maven is missing, or could not do it.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise ServiceUnavailableError(f"Maven is needed once to {what}: install maven{instead}")
    command = [maven, "--batch-mode", "--quiet", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        reason = next((line for line in lines if "ERROR" in line), "no reason given")
        raise ServiceUnavailableError(f"Maven could not {what}: {reason}")
