"""Elasticsearch's own files, fetched once with Maven: the open server without modules but its HTTP."""

from pathlib import Path
from zipfile import ZipFile

from tests.services.maven import kept, run_maven

VERSION = "6.8.23"
# What else gives an Elasticsearch, on a machine without Maven or Java.
INSTEAD = ", or start Docker, or set TEST_ELASTICSEARCH_URL"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"


def elasticsearch_home() -> Path:
    """Return the folder of the server's files, fetching them when it isn't there.

    Raises:
        ServiceUnavailableError: Maven is missing or could not fetch them.
    """
    return kept(f"elasticsearch-{VERSION}", _fetch)


def _fetch(folder: Path) -> Path:
    goals = ["dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"]
    run_maven(f"fetch Elasticsearch {VERSION}", goals, folder, instead=INSTEAD)
    with ZipFile(folder / f"elasticsearch-{VERSION}.zip") as archive:
        archive.extractall(folder)
    return folder / f"elasticsearch-{VERSION}"
