"""What every point needs: the load generator, the echo, a folder, and how much time there is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from benchmarks import jobs
from benchmarks.echo_server import PREFIX
from benchmarks.generator import Generator
from benchmarks.jobs import Chain, Driven
from benchmarks.processes import Server, podium_server

IN_FLIGHT = 32

Chains = Callable[[int], Sequence[Chain]]
"""The calls of a round, by its number; round 0 warms up."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison."""

    server: Server
    chains: Chains


@dataclass(frozen=True)
class Measured:
    """A load, and the processor time of the server for one chain of it, in microseconds."""

    driven: Driven
    processor_us: float


@dataclass(frozen=True)
class Pair:
    """What was measured one right after the other."""

    subject: Measured
    other: Measured

    @property
    def ratio(self) -> float:
        """The subject's rate to the other's."""
        return self.subject.driven.rate / self.other.driven.rate


class Bench:
    """One run."""

    def __init__(self, generator: Generator, echo: Server, folder: Path, *, quick: bool) -> None:
        self.generator = generator
        self.echo = echo
        self.quick = quick
        self._folder = folder
        self._numbers = count(1)

    @property
    def rounds(self) -> int:
        """How often each pair is measured: many short rounds, so that what else the machine does falls on both sides."""
        return 5 if self.quick else 15

    def scaled(self, full: int, quick: int) -> int:
        """A number that depends on the time there is."""
        return quick if self.quick else full

    def say(self, text: str) -> None:
        """Tell who waits what is going on."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def new_folder(self) -> Path:
        """An empty data folder."""
        folder = self._folder / f"data-{next(self._numbers)}"
        folder.mkdir()
        return folder

    @contextmanager
    def server(
        self, folder: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """A healthy server; on an empty folder unless one is given."""
        with podium_server(folder or self.new_folder(), settings) as server:
            self.generator.run(jobs.until_healthy, server.address)
            yield server

    def drive(
        self, server: Server, chains: Sequence[Chain], in_flight: int = IN_FLIGHT
    ) -> Measured:
        """Put a load on a server."""
        before = server.processor_seconds()
        driven = self.generator.run(jobs.drive, server.address, chains, in_flight)
        spent = server.processor_seconds() - before
        return Measured(driven, spent / driven.chains * 1e6)

    def compare(self, subject: Side, other: Side, *, in_flight: int = IN_FLIGHT) -> list[Pair]:
        """Measure both, one right after the other, in several rounds; who comes first changes."""
        for side in (subject, other):
            self.drive(side.server, side.chains(0), in_flight)
        pairs = []
        for number in range(1, self.rounds + 1):
            found = {}
            for side in (subject, other) if number % 2 else (other, subject):
                found[side] = self.drive(side.server, side.chains(number), in_flight)
            pairs.append(Pair(found[subject], found[other]))
        return pairs

    def against_echo(
        self, server: Server, chains: Chains, *, in_flight: int = IN_FLIGHT
    ) -> list[Pair]:
        """Compare calls with an empty echo of the same requests that answers with as many bytes."""
        warm = self.drive(server, chains(0), in_flight)
        answer_bytes = round(warm.driven.answer_bytes)

        def echoed(number: int) -> list[Chain]:
            path = f"{PREFIX}{answer_bytes}"
            return [tuple((path, request) for _, request in chain) for chain in chains(number)]

        self.drive(self.echo, echoed(0), in_flight)
        pairs = []
        for number in range(1, self.rounds + 1):
            order = [(server, chains), (self.echo, echoed)]
            found = [
                self.drive(at, of(number), in_flight)
                for at, of in (order if number % 2 else order[::-1])
            ]
            pairs.append(Pair(*(found if number % 2 else found[::-1])))
        return pairs


def middle(pairs: Sequence[Pair], value: Callable[[Pair], float]) -> float:
    """The median over the pairs."""
    return median(map(value, pairs))


def quartiles(pairs: Sequence[Pair], value: Callable[[Pair], float]) -> tuple[float, float]:
    """Between these lies the middle half of the pairs."""
    low, _, high = quantiles(map(value, pairs), n=4, method="inclusive")
    return low, high
