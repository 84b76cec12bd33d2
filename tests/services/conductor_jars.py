"""Conductor 3.13.8 as it was published: its server, and our program on its DAOs; both made once with Maven."""

import shutil
from hashlib import sha256
from pathlib import Path

from tests.services.maven import kept, run_maven

VERSION = "3.13.8"
JAVA_VERSIONS = (17,)
SOURCES = Path(__file__).parents[1] / "interop" / "java"


def server_jar() -> Path:
    """Return the jar of the stock server, fetching it when it isn't there.

    Raises:
        ServiceUnavailableError: Maven is missing or could not fetch it.
    """
    folder = kept(f"conductor-server-{VERSION}", _fetch_server)
    return folder / f"conductor-server-{VERSION}-boot.jar"


def _fetch_server(folder: Path) -> Path:
    artifact = f"com.netflix.conductor:conductor-server:{VERSION}:jar:boot"
    jars = folder / "jars"
    goals = ["dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={jars}"]
    run_maven(f"fetch Conductor {VERSION}", goals, folder)
    return jars


def interop_jars() -> Path:
    """Return the folder of our program's jar and those that it needs, building them when these sources never were.

    Raises:
        ServiceUnavailableError: Maven is missing or could not build them.
    """
    return kept(f"interop-{_digest()}", _build)


def _sources() -> list[Path]:
    found = [SOURCES / "pom.xml", *(SOURCES / "src").rglob("*.java")]
    return sorted(path.relative_to(SOURCES) for path in found)


def _digest() -> str:
    digest = sha256()
    for source in _sources():
        digest.update(f"{source.as_posix()}\0".encode())
        digest.update((SOURCES / source).read_bytes())
    return digest.hexdigest()[:16]


def _build(folder: Path) -> Path:
    for source in _sources():
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / source, target)
    run_maven("build the interop program", ["package"], folder)
    return folder / "target"
