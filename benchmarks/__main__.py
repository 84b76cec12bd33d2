"""``python -m benchmarks``: measure everything, print a table, write table and picture."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import jobs, machine
from benchmarks.bench import Bench
from benchmarks.generator import load_generator
from benchmarks.picture import svg
from benchmarks.points import (
    batches,
    codec,
    idle,
    index_search,
    indexing,
    payloads,
    size,
    unary,
    waiting,
)
from benchmarks.points.cassandra import point as cassandra
from benchmarks.points.elasticsearch import point as elasticsearch
from benchmarks.points.redis import point as redis
from benchmarks.processes import echo_server
from benchmarks.report import line, markdown
from benchmarks.result import Result

POINTS: dict[str, Callable[[Bench], Iterator[Result]]] = {
    "unary": unary.measure,
    "batches": batches.measure,
    "size": size.measure,
    "payloads": payloads.measure,
    "idle": idle.measure,
    "waiting": waiting.measure,
    "codec": codec.measure,
    "index": index_search.measure,
    "indexing": indexing.measure,
    "redis": redis.measure,
    "elasticsearch": elasticsearch.measure,
    "cassandra": cassandra.measure,
}
# They need Java and Maven as well, and several minutes: only on request.
ON_REQUEST = {"redis", "elasticsearch", "cassandra"}
_POINTS_HELP = f"of {', '.join(POINTS)}; all but {', '.join(sorted(ON_REQUEST))}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("points", nargs="*", metavar="POINT", help=_POINTS_HELP)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under a minute")
    parser.add_argument(
        "--out", type=Path, default=Path("build/benchmarks"), help="where table and picture go"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path("build"),
        help="a temporary folder is made there, on a disk",
    )
    found = parser.parse_args()
    if unknown := set(found.points) - set(POINTS):
        parser.error(f"no point {', '.join(sorted(unknown))}: there are {', '.join(POINTS)}")
    return found


def main() -> None:
    """Run the points asked for."""
    arguments = _arguments()
    arguments.data_dir.mkdir(parents=True, exist_ok=True)
    machine.require_disk(arguments.data_dir)
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=arguments.data_dir))
    try:
        about = machine.description(folder)
        results, failures = _measure(
            arguments.points or [name for name in POINTS if name not in ON_REQUEST],
            folder,
            quick=arguments.quick,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    table = markdown(results, about, failures)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "benchmarks.md").write_text(table, encoding="utf-8")
    (arguments.out / "benchmarks.svg").write_text(svg(results), encoding="utf-8")
    sys.stdout.write(
        f"\n{table}\n{time.monotonic() - began:.0f} s; table and picture are in {arguments.out}\n"
    )
    if failures:
        sys.exit(1)


def _measure(
    points: list[str], folder: Path, *, quick: bool
) -> tuple[list[Result], dict[str, str]]:
    """The results, and the error of each point that failed, by name."""
    results: list[Result] = []
    failures: dict[str, str] = {}
    with echo_server() as echo:
        for point in points:
            # A generator for each: what one point leaves in it when it fails disturbs no other.
            with load_generator() as generator:
                generator.run(jobs.nothing)
                bench = Bench(generator, echo, folder, quick=quick)
                try:
                    for result in POINTS[point](bench):
                        bench.say(line(result))
                        results.append(result)
                except Exception as error:  # the points after it are measured all the same
                    failures[point] = f"{type(error).__name__}: {error}"
                    bench.say(f"{point} failed: {failures[point]}")
    return results, failures


if __name__ == "__main__":
    main()
