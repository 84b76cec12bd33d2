"""Jobs of the load generator: calls of the DAO in its own process, and the same statements bare.

The statements are those that the DAO itself sends: they are recorded from one call of it, and sent again by the plain
driver with the ids of other calls. A write goes by the version that its read finds, as a bare client's would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.generator import Connections
from benchmarks.jobs import Driven, Load
from benchmarks.points.cassandra.calls import Call

# The values of an UPDATE of the version: time to live, token, workflow, and the version that it goes by.
_OLD_VERSION = 3


class Place(NamedTuple):
    """Where the data is."""

    host: str
    port: int
    keyspace: str


class Step(NamedTuple):
    """A request: one statement, or the statements of a batch.

    Attributes:
        statements: CQL and values.
        page_size: Of a read; 0: it is a batch, or a write.
        is_batch: Whether it is a batch.
        is_conditional: Whether the first statement goes by a version.
    """

    statements: tuple[tuple[str, tuple[Any, ...]], ...]
    page_size: int = 0
    is_batch: bool = False
    is_conditional: bool = False


# Requests that go out together, then those that wait for them.
Phases = list[list[Step]]


class Sample(NamedTuple):
    """The call that statements are recorded from.

    Attributes:
        title: What they are kept under.
        call: The call.
        again: It is carried out once before: what it finds in memory from then on is part of what is compared.
    """

    title: str
    call: Call
    again: bool


_stores: dict[Place, Any] = {}
_sessions: dict[Place, Any] = {}
_prepared: dict[tuple[Place, str], Any] = {}
_phases: dict[str, Phases] = {}


async def close_all(connections: Connections) -> None:
    """Let go of every store and session."""
    del connections
    _prepared.clear()
    _phases.clear()
    for opened in (*_stores.values(), *_sessions.values()):
        await opened.close()
    _stores.clear()
    _sessions.clear()


async def through_dao(
    connections: Connections, place: Place, calls: Sequence[Call], in_flight: int
) -> Driven:
    """Carry out every call by the DAO, so many at a time."""
    del connections
    executions = await _executions(place)
    return await _driven([call.on(executions) for call in calls], in_flight)


async def through_driver(
    connections: Connections, place: Place, sample: Sample, calls: Sequence[Call], in_flight: int
) -> Driven:
    """Send the statements of every call, so many at a time."""
    del connections
    if sample.title not in _phases:
        _phases[sample.title] = await _recorded(place, sample)
    phases, session = _phases[sample.title], await _session(place)
    await _prepare(session, place, phases)
    replays = [_Replay(session, place, renamed(phases, sample.call, call)) for call in calls]
    return await _driven([replay.run for replay in replays], in_flight)


async def _driven(calls: Sequence[Callable[[], Awaitable[Any]]], in_flight: int) -> Driven:
    async def carry_out(call: Callable[[], Awaitable[Any]]) -> bytes:
        if await call() is None:
            raise RuntimeError("there is nothing")
        return b""

    return await Load([[(carry_out, call)] for call in calls]).run(in_flight)


async def _executions(place: Place) -> Any:
    from podium_backends.cassandra.settings import CassandraSettings
    from podium_backends.cassandra.store import open_store
    from podium_core.backend import DataType, StoreContext
    from podium_core.models import Guarantee

    if place not in _stores:
        settings = CassandraSettings(
            contact_points=[f"{place.host}:{place.port}"], keyspace=place.keyspace, replication=1
        )
        context = StoreContext(
            name="bench",
            serves=frozenset({DataType.EXECUTIONS}),
            commit_guarantee=Guarantee.ORDERED,
        )
        _stores[place] = await open_store(context, settings)
    return _stores[place].executions


async def _session(place: Place) -> Any:
    from podium_backends.cassandra.connection import Target

    if place not in _sessions:
        target = Target(
            store="bench",
            contact_points=(place.host,),
            port=place.port,
            keyspace=place.keyspace,
        )
        _sessions[place] = await target.cluster().create_session(place.keyspace)
    return _sessions[place]


# what the DAO sends


async def _recorded(place: Place, sample: Sample) -> Phases:
    call = sample.call.on(await _executions(place))
    if sample.again:
        await call()
    with _recording() as phases:
        await call()
    return phases


@contextmanager
def _recording() -> Iterator[Phases]:
    """Record what sessions send. A request begins a phase where another of the last one has been answered."""
    from podium_backends.cassandra.connection import Session

    phases: Phases = []
    answered = True

    def begun(step: Step) -> None:
        nonlocal answered
        if answered:
            phases.append([])
            answered = False
        phases[-1].append(step)

    def recorded(method: Any, as_step: Any) -> Any:
        async def run(self: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal answered
            begun(as_step(*arguments, **options))
            answer = await method(self, *arguments, **options)
            answered = True
            return answer

        return run

    steps = {
        "page": _as_read,
        "write": lambda cql, *values: Step(((cql, values),)),
        "_write_together": lambda writes: Step(tuple(map(tuple, writes)), is_batch=True),
        "apply": lambda writes: Step(tuple(map(tuple, writes)), is_batch=True, is_conditional=True),
    }
    patched = {name: recorded(getattr(Session, name), step) for name, step in steps.items()}
    with patch.multiple(Session, **patched):
        yield phases


def _as_read(
    cql: str, values: Sequence[Any], state: bytes | None = None, *, size: int = 1_000
) -> Step:
    # Further pages are part of a read that is replayed to its end.
    return Step(((cql, tuple(values)),), page_size=size) if state is None else Step(())


def renamed(phases: Phases, sample: Call, call: Call) -> Phases:
    """The same requests with the ids of another call, which are as long: documents and facts hold them, too."""
    pairs = [(sample.workflow_id, call.workflow_id), *zip(sample.names, call.names, strict=True)]
    if any(len(before) != len(after) for before, after in pairs):
        raise ValueError(f"{sample} and {call} have ids of other lengths")
    changed = [(before, after) for before, after in pairs if before != after]

    def changed_value(value: Any) -> Any:
        if isinstance(value, str):
            for before, after in changed:
                value = value.replace(before, after)
        elif isinstance(value, bytes):
            for before, after in changed:
                value = value.replace(before.encode(), after.encode())
        return value

    return [
        [_changed_values(step, changed_value) for step in phase if step.statements]
        for phase in phases
    ]


def _changed_values(step: Step, changed_value: Callable[[Any], Any]) -> Step:
    return step._replace(
        statements=tuple(
            (cql, tuple(map(changed_value, values))) for cql, values in step.statements
        )
    )


# the same, by the plain driver


async def _prepare(session: Any, place: Place, phases: Phases) -> None:
    for phase in phases:
        for step in phase:
            for cql, _ in step.statements:
                if (place, cql) not in _prepared:
                    _prepared[place, cql] = await session.create_prepared(cql)


class _Replay:
    """The requests of one call."""

    def __init__(self, session: Any, place: Place, phases: Phases) -> None:
        self._session = session
        self._place = place
        self._phases = phases
        self._version: int | None = None

    async def run(self) -> bool:
        for phase in self._phases:
            sends = [self._send(step) for step in phase]
            if len(sends) == 1:
                await sends[0]
            else:
                await asyncio.gather(*sends)
        return True

    async def _send(self, step: Step) -> None:
        if step.page_size:
            await self._read(step)
        elif step.is_batch:
            await self._write(step)
        else:
            await self._session.execute(self._bound(*step.statements[0]))

    def _bound(self, cql: str, values: tuple[Any, ...]) -> Any:
        return _prepared[self._place, cql].bind(list(values))

    async def _read(self, step: Step) -> None:
        cql, values = step.statements[0]
        statement = self._bound(cql, values)
        statement.set_page_size(step.page_size)
        while True:
            result = await self._session.execute(statement)
            rows = [row.as_tuple() for row in result]
            if rows and cql.startswith("SELECT version"):
                self._version = rows[0][0]
            if not result.has_more_pages():
                return
            statement.set_page_state(result.page_state())

    async def _write(self, step: Step) -> None:
        import acsylla

        batch = acsylla.create_batch_unlogged()
        if step.is_conditional:
            batch.set_retry_policy("fallthrough")
        for number, (cql, values) in enumerate(step.statements):
            if number == 0 and step.is_conditional:
                values = self._versioned(values)
            batch.add_statement(self._bound(cql, values))
        result = await self._session.execute_batch(batch)
        if step.is_conditional and not result.first().column_value("[applied]"):
            raise RuntimeError("a bare write wasn't applied")

    def _versioned(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        ttl, _, workflow_id, _ = values
        return ttl, (self._version or 0) + 1, workflow_id, self._version
