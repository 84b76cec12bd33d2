"""An explicit-state model checker: every interleaving of a few small processes, breadth first.

A **process** runs a program: a generator function that yields one ``Step`` after another. A step
is atomic. Its action may change the state that it is given and returns a (hashable) result, which
the ``yield`` hands back to the program. Between two steps of a process any number of steps of the
others may come, so a stall of whatever length is always among what is explored.

An action may also return ``BLOCKED`` (not possible now; what it changed is forgotten) or ``OneOf``
(one branch for each result). A program that ends may say what the process becomes: ``continue_as``.
That is how loops are written, and what keeps them finite.

A process may die between any two of its steps, as often in all as ``Scenario.crashes`` says: a
``client`` then stays dead, a ``daemon`` starts again from its beginning, an ``immortal`` never
dies.

Checked are ``always`` in every state, ``at_rest`` in every state in which nobody can change
anything, and that from every state such a rest can be reached (else: livelock).
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

S = TypeVar("S")
T = TypeVar("T")


class _Blocked(enum.Enum):
    BLOCKED = "blocked"


BLOCKED: Final = _Blocked.BLOCKED


class OneOf(tuple[Hashable, ...]):
    """The possible results of a step that the model leaves open; the state is the same for all."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One atomic step; the action changes the state in place."""

    label: str
    action: Callable[[S], Any]


@dataclass(frozen=True, slots=True)
class Program(Generic[S]):
    """A generator function and its arguments: equal ones are the same program."""

    function: Callable[..., Run[S]]
    args: tuple[Hashable, ...] = ()


Run: TypeAlias = Generator[Step[S], Any, "Program[S] | None"]
Part: TypeAlias = Generator[Step[S], Any, T]
"""What a program delegates to with ``yield from``."""


def continue_as(function: Callable[..., Run[S]], *args: Hashable) -> Program[S]:
    """What a process becomes when its program ends."""
    return Program(function, args)


class OnCrash(enum.Enum):
    """What a crash does to a process."""

    STAYS_DEAD = enum.auto()
    STARTS_AGAIN = enum.auto()
    NEVER_CRASHES = enum.auto()


@dataclass(frozen=True, slots=True)
class Process(Generic[S]):
    """A named process. One that must finish may not wait for ever."""

    name: str
    program: Program[S]
    on_crash: OnCrash
    must_finish: bool = False


def client(
    name: str, function: Callable[..., Run[S]], *args: Hashable, must_finish: bool = False
) -> Process[S]:
    """A process that may die for good."""
    return Process(name, Program(function, args), OnCrash.STAYS_DEAD, must_finish)


def daemon(name: str, function: Callable[..., Run[S]], *args: Hashable) -> Process[S]:
    """A process that is started again after a crash."""
    return Process(name, Program(function, args), OnCrash.STARTS_AGAIN)


def immortal(
    name: str, function: Callable[..., Run[S]], *args: Hashable, must_finish: bool = False
) -> Process[S]:
    """A process that never crashes: an outside event, or one whose death would show nothing new."""
    return Process(name, Program(function, args), OnCrash.NEVER_CRASHES, must_finish)


def nothing_wrong(_state: Any) -> str | None:
    """The invariant that always holds."""
    return None


@dataclass(frozen=True)
class Scenario(Generic[S]):
    """A start, its processes and what must hold. The state is a dataclass of hashable fields."""

    start: S
    processes: tuple[Process[S], ...]
    always: Callable[[S], str | None] = nothing_wrong
    at_rest: Callable[[S], str | None] = nothing_wrong
    crashes: int = 0


@dataclass(frozen=True)
class Result:
    """What an exploration found: ``violation`` is None if everything holds."""

    violation: str | None
    states: int
    trace: tuple[str, ...] = ()
    last_state: Any = None

    @property
    def holds(self) -> bool:
        """Whether no invariant was broken."""
        return self.violation is None

    def __str__(self) -> str:
        """The violation with the shortest way to it."""
        if self.holds:
            return f"holds ({self.states} states)"
        steps = [f"  {number}. {text}" for number, text in enumerate(self.trace, 1)]
        head = f"{self.violation} ({self.states} states)"
        return "\n".join([head, *steps, f"  leads to {self.last_state}"])


class TooManyStatesError(Exception):
    """A scenario is larger than allowed: it is not checked, neither good nor bad."""


def explore(scenario: Scenario[S], *, state_limit: int = 3_000_000) -> Result:
    """Explore all that can happen in a scenario, up to the first violation."""
    return _Exploration(scenario, state_limit).run()


@dataclass(eq=False, slots=True)
class _Position(Generic[S]):
    """Where a process stands: its program, the results it got so far, the step that comes next."""

    program: Program[S]
    results: tuple[Hashable, ...]
    step: Step[S]
    after: dict[Hashable, _Position[S] | None] = field(default_factory=dict)


class _Programs(Generic[S]):
    """All positions met, each of them once, so that they compare by identity.

    Generators can't be copied: the step of a position is found by replaying the results before it.
    """

    def __init__(self) -> None:
        self._beginnings: dict[Program[S], _Position[S] | None] = {}

    def beginning(self, program: Program[S]) -> _Position[S] | None:
        if program not in self._beginnings:
            self._beginnings[program] = self._replay(program, ())
        return self._beginnings[program]

    def after(self, position: _Position[S], result: Hashable) -> _Position[S] | None:
        if result not in position.after:
            position.after[result] = self._replay(position.program, (*position.results, result))
        return position.after[result]

    def _replay(self, program: Program[S], results: tuple[Hashable, ...]) -> _Position[S] | None:
        run = program.function(*program.args)
        try:
            step = next(run)
            for result in results:
                step = run.send(result)
        except StopIteration as end:
            return self.beginning(end.value) if end.value is not None else None
        return _Position(program, results, step)


class _World(NamedTuple, Generic[S]):
    """The values of the state's fields, where each process stands (None: ended), crashes left."""

    values: tuple[Hashable, ...]
    positions: tuple[_Position[S] | None, ...]
    crashes: int


class _Exploration(Generic[S]):
    def __init__(self, scenario: Scenario[S], state_limit: int) -> None:
        self._scenario = scenario
        self._limit = state_limit
        self._programs: _Programs[S] = _Programs()
        self._state_type = type(scenario.start)
        self._names = [one.name for one in fields(scenario.start)]  # type: ignore[arg-type]
        self._beginnings = tuple(self._programs.beginning(p.program) for p in scenario.processes)
        self._numbers: dict[_World[S], int] = {}
        self._worlds: list[_World[S]] = []
        self._came_by: list[tuple[int, str, str, Hashable]] = []
        self._before: list[list[int]] = []
        self._todo: deque[int] = deque()

    def run(self) -> Result:
        start = _World(self._freeze(self._scenario.start), self._beginnings, self._scenario.crashes)
        self._arrive(start, (-1, "", "", None))
        resting = []
        violation = self._scenario.always(self._scenario.start)
        if violation:
            return self._broken(violation, 0)
        while self._todo:
            number = self._todo.popleft()
            known = len(self._worlds)
            rests = not self._advance(number)
            for new in range(known, len(self._worlds)):
                if violation := self._scenario.always(self._thaw(self._worlds[new])):
                    return self._broken(violation, new)
            self._crash(number)
            if rests:
                resting.append(number)
                if violation := self._wrong_at_rest(self._worlds[number]):
                    return self._broken(f"at rest: {violation}", number)
            if len(self._worlds) > self._limit:
                raise TooManyStatesError(f"more than {self._limit} states")
        restless = self._first_that_never_rests(resting)
        if restless is not None:
            return self._broken("never comes to rest from here", restless)
        return Result(None, len(self._worlds))

    def _advance(self, number: int) -> bool:
        """Take each process's next step; whether any changed something."""
        world, moved = self._worlds[number], False
        for index, position in enumerate(world.positions):
            if position is None:
                continue
            state = self._thaw(world)
            result = position.step.action(state)
            if result is BLOCKED:
                continue
            values = self._freeze(state)
            for one in result if isinstance(result, OneOf) else (result,):
                after = self._programs.after(position, one)
                then = _World(values, _replaced(world.positions, index, after), world.crashes)
                if then != world:
                    moved = True
                    name = self._scenario.processes[index].name
                    self._arrive(then, (number, name, position.step.label, one))
        return moved

    def _crash(self, number: int) -> None:
        """Let each process that has begun die, if crashes are left."""
        world = self._worlds[number]
        if not world.crashes:
            return
        for index, position in enumerate(world.positions):
            process = self._scenario.processes[index]
            if position is None or process.on_crash is OnCrash.NEVER_CRASHES:
                continue
            beginning = self._beginnings[index]
            if position is beginning:
                continue
            again = beginning if process.on_crash is OnCrash.STARTS_AGAIN else None
            then = _World(world.values, _replaced(world.positions, index, again), world.crashes - 1)
            self._arrive(then, (number, process.name, "dies", None))

    def _arrive(self, world: _World[S], came_by: tuple[int, str, str, Hashable]) -> None:
        number = self._numbers.get(world)
        if number is None:
            number = self._numbers[world] = len(self._worlds)
            self._worlds.append(world)
            self._came_by.append(came_by)
            self._before.append([])
            self._todo.append(number)
        self._before[number].append(came_by[0])

    def _wrong_at_rest(self, world: _World[S]) -> str | None:
        for process, position in zip(self._scenario.processes, world.positions, strict=True):
            if process.must_finish and position is not None:
                return f"{process.name} waits for ever"
        return self._scenario.at_rest(self._thaw(world))

    def _first_that_never_rests(self, resting: Iterable[int]) -> int | None:
        rests = set(resting)
        todo = list(rests)
        while todo:
            for earlier in self._before[todo.pop()]:
                if earlier >= 0 and earlier not in rests:
                    rests.add(earlier)
                    todo.append(earlier)
        return next((number for number in range(len(self._worlds)) if number not in rests), None)

    def _broken(self, violation: str, number: int) -> Result:
        trace, at = [], number
        while at:
            at, name, label, result = self._came_by[at]
            trace.append(f"{name}: {label}" + ("" if result is None else f" -> {result}"))
        last_state = self._thaw(self._worlds[number])
        return Result(violation, len(self._worlds), tuple(reversed(trace)), last_state)

    def _freeze(self, state: S) -> tuple[Hashable, ...]:
        return tuple([getattr(state, name) for name in self._names])

    def _thaw(self, world: _World[S]) -> S:
        return self._state_type(*world.values)


def _replaced(
    positions: tuple[_Position[S] | None, ...], index: int, position: _Position[S] | None
) -> tuple[_Position[S] | None, ...]:
    return (*positions[:index], position, *positions[index + 1 :])
