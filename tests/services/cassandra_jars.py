"""Cassandra's jars, fetched once with Maven."""

from pathlib import Path

from tests.services.maven import kept, run_maven

VERSION = "5.0.5"
# What else gives a Cassandra, on a machine without Maven or Java.
INSTEAD = ", or start Docker, or set TEST_CASSANDRA"
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


def cassandra_jars() -> Path:
    """Return the folder of Cassandra's jars, fetching them when it isn't there.

    Raises:
        ServiceUnavailableError: Maven is missing or could not fetch them.
    """
    return kept(f"cassandra-{VERSION}", _fetch)


def _fetch(folder: Path) -> Path:
    (folder / "pom.xml").write_text(POM, encoding="utf-8")
    jars = folder / "jars"
    goals = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
    run_maven(f"fetch Cassandra {VERSION}", goals, folder, instead=INSTEAD)
    return jars
