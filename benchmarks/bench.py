"""The tools of every point: the load generator, the echo, a folder, and how much time there is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import mkdtemp

from benchmarks import jobs
from benchmarks.echo_server import PREFIX
from benchmarks.generator import Generator, Job
from benchmarks.jobs import Chain, Driven
from benchmarks.processes import Server, podium_server

IN_FLIGHT = 32
# A pair is measured again if processes that aren't ours took more of the machine meanwhile, with either result.
MOST_OTHERS = 0.15

Chains = Callable[[int], Sequence[Chain]]
"""The calls of a round, by its number; round 0 warms up."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison."""

    server: Server
    chains: Chains


@dataclass(frozen=True)
class Measured:
    """A load.

    Attributes:
        processor_us: Processor time of the server for one chain.
        others: The share of the machine that processes took which aren't ours.
    """

    driven: Driven
    processor_us: float
    others: float


@dataclass(frozen=True)
class Pair:
    """Two measurements, one right after the other."""

    subject: Measured
    other: Measured

    @property
    def ratio(self) -> float:
        """The subject's rate to the other's."""
        return self.subject.driven.rate / self.other.driven.rate

    @property
    def others(self) -> float:
        """The share of the machine that processes took which aren't ours."""
        return max(self.subject.others, self.other.others)


@dataclass(frozen=True)
class Pairs:
    """The rounds of a comparison: the undisturbed ones, or the least disturbed where those are too few.

    Attributes:
        disturbed: Other processes took too much of the machine for the rates to be trusted.
    """

    rounds: Sequence[Pair]
    disturbed: bool

    def middle(self, value: Callable[[Pair], float]) -> float:
        """The median over the rounds."""
        return median(map(value, self.rounds))

    def quartiles(self, value: Callable[[Pair], float]) -> tuple[float, float]:
        """Between these lies the middle half of the rounds."""
        low, _, high = quantiles(map(value, self.rounds), n=4, method="inclusive")
        return low, high


Load = Callable[[int], Measured]
"""Puts the load of a round on a server, by its number; round 0 warms up."""


class Bench:
    """One run.

    Attributes:
        beside: Processes that work for the measured one, as its store does: they aren't others.
    """

    def __init__(self, generator: Generator, echo: Server, folder: Path, *, quick: bool) -> None:
        self.generator = generator
        self.echo = echo
        self.quick = quick
        self.beside: list[Server] = []
        self._folder = folder

    @property
    def rounds(self) -> int:
        """How often each pair is measured: many short rounds, so that what else the machine does falls on both sides."""
        return 5 if self.quick else 15

    @property
    def most_rounds(self) -> int:
        """How often at most, where other processes disturb."""
        return self.rounds + 2 if self.quick else 2 * self.rounds

    def scaled(self, full: int, quick: int) -> int:
        """A number that depends on the time there is."""
        return quick if self.quick else full

    def say(self, text: str) -> None:
        """Tell who waits what is going on."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def new_folder(self) -> Path:
        """An empty data folder."""
        return Path(mkdtemp(prefix="data-", dir=self._folder))

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
        return self.load(server, jobs.drive, chains, in_flight)

    def load(self, server: Server, job: Job[..., Driven], *arguments: object) -> Measured:
        """Have a job put a load on a server."""
        return self.measured(server, lambda: self.generator.run(job, server.address, *arguments))

    def apart(self, job: Job[..., Driven], *arguments: object) -> Measured:
        """What a load comes to that the generator's own process carries; the processor time is its own."""
        beside = self._beside_seconds()
        driven = self.generator.run(job, *arguments)
        beside = self._beside_seconds() - beside
        others = driven.machine_seconds - driven.generator_seconds - beside
        return self._with_others(driven, driven.generator_seconds, others)

    def measured(self, server: Server, load: Callable[[], Driven]) -> Measured:
        """What a load comes to, and what a process spends on it."""
        before, beside = server.processor_seconds(), self._beside_seconds()
        driven = load()
        spent, beside = server.processor_seconds() - before, self._beside_seconds() - beside
        others = driven.machine_seconds - driven.generator_seconds - spent - beside
        return self._with_others(driven, spent, others)

    def _with_others(self, driven: Driven, spent: float, others: float) -> Measured:
        share = max(others, 0.0) / (driven.seconds * (os.cpu_count() or 1))
        return Measured(driven, spent / driven.chains * 1e6, share)

    def _beside_seconds(self) -> float:
        return sum(process.processor_seconds() for process in self.beside)

    def compare(self, subject: Side, other: Side, *, in_flight: int = IN_FLIGHT) -> Pairs:
        """Measure both, as ``alternate`` does."""

        def load(side: Side, number: int) -> Measured:
            return self.drive(side.server, side.chains(number), in_flight)

        return self.alternate(partial(load, subject), partial(load, other))

    def alternate(self, subject: Load, other: Load) -> Pairs:
        """Measure two loads, one right after the other, in several rounds; who comes first changes.

        Rounds that other processes disturbed are measured again, up to as many again; which ones is decided by that alone.
        """
        for load in (subject, other):
            load(0)
        pairs: list[Pair] = []
        for number in range(1, self.most_rounds + 1):
            order = (subject, other) if number % 2 else (other, subject)
            found = [load(number) for load in order]
            pairs.append(Pair(*(found if number % 2 else reversed(found))))
            if sum(pair.others <= MOST_OTHERS for pair in pairs) == self.rounds:
                break
        pairs.sort(key=lambda pair: pair.others)
        quiet = [pair for pair in pairs if pair.others <= MOST_OTHERS]
        if len(quiet) >= self.rounds / 2:
            return Pairs(quiet, disturbed=False)
        return Pairs(pairs[: self.rounds], disturbed=True)

    def against_echo(self, server: Server, chains: Chains, *, in_flight: int = IN_FLIGHT) -> Pairs:
        """Compare calls with an empty echo of the same requests that answers with as many bytes."""
        answer_bytes = round(self.drive(server, chains(0), in_flight).driven.answer_bytes)
        path = f"{PREFIX}{answer_bytes}"

        def echoed(number: int) -> list[Chain]:
            return [tuple((path, request) for _, request in chain) for chain in chains(number)]

        return self.compare(Side(server, chains), Side(self.echo, echoed), in_flight=in_flight)
