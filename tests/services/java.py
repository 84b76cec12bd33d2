"""The java of this machine that a server can run on."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from tests.services.unavailable import ServiceUnavailableError


def java(name: str, versions: Collection[int], *, instead: str = "") -> str:
    """Return a java of one of these versions.

    Args:
        name: Who needs it, as an error says it.
        versions: The major versions that it runs on; the highest is the one to install.
        instead: What else helps where there is none: ", or start Docker".
    Raises:
        ServiceUnavailableError: There is none.
    """
    home = os.environ.get("JAVA_HOME")
    for candidate in (home and shutil.which("java", path=Path(home) / "bin"), shutil.which("java")):
        if candidate and java_version(candidate) in versions:
            return candidate
    wanted = max(versions)
    raise ServiceUnavailableError(f"{name} needs Java {wanted}: install a JDK {wanted}{instead}")


def java_version(binary: str) -> int:
    said = subprocess.run([binary, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else 0
