"""Cassandra's jars, fetched once with Maven into a cache folder outside the checkout."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.unavailable import ServiceUnavailableError

VERSION = "5.0.5"
POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>podium.tests</groupId>
  <artifactId>cassandra</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


def cache_folder() -> Path:
    """Return where downloads are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "podium-tests"


def cassandra_jars() -> Path:
    """Return the folder of Cassandra's jars, fetching them when it isn't there.

    Raises:
        ServiceUnavailableError: Maven is missing or could not fetch them.
    """
    folder = cache_folder() / f"cassandra-{VERSION}"
    if not folder.is_dir():
        fetch(folder)
    return folder


def fetch(folder: Path) -> None:
    """Fill the folder, all or nothing, so that an interrupted download is never taken for whole."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ServiceUnavailableError(
            "Cassandra needs Maven once: install maven, or start Docker, or set TEST_CASSANDRA"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="fetching-") as temporary:
        copy_dependencies(maven, Path(temporary))
        try:
            (Path(temporary) / "jars").rename(folder)
        except OSError:
            # Another run may have been faster; its jars are as good.
            if not folder.is_dir():
                raise


def copy_dependencies(maven: str, folder: Path) -> None:
    (folder / "pom.xml").write_text(POM, encoding="utf-8")
    command = [maven, "--batch-mode", "--quiet", "--file", str(folder / "pom.xml")]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={folder / 'jars'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = next(
            (line for line in done.stdout.splitlines() if "ERROR" in line), "no reason given"
        )
        raise ServiceUnavailableError(f"Maven could not fetch Cassandra {VERSION}: {reason}")
