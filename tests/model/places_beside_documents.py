"""Concurrency limits on Cassandra: a limit of one, whose place is in another partition than the task's document.

``podium_backends.cassandra``, ``limits/places.py`` and ``rounds/writes.py``. A place is asked for in one conditional batch.
It is used before the batch that makes its task run, and freed after the batch that makes it run no more. A process that dies
in between leaves a place that no document stands for. The next one that finds no place left looks for such places.

A task starts within a minute after it has asked: an unused place lapses after that, and a write that stands still for longer
has lost its log. (A task that starts without a place, which the contract allows, is not modelled.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, Part, Run, Step, continue_as


class Rule(Enum):
    """What askers, writers and those that find no place left keep to."""

    ASK_IN_ONE_STEP = "whether there is room and the taking of the place are one conditional batch"
    USED_BEFORE_BATCH = "a place is used before the batch that makes its task run"
    FREED_AFTER_BATCH = "and freed after the batch that makes it run no more"
    RELEASE_NAMES_GRANT = (
        "a release frees the grant that was seen before that batch, and no later one"
    )
    RENEWAL_IS_A_NEW_GRANT = "the holder that asks again, or starts again, gets another grant"
    UNUSED_IS_FREED = "who finds no place left frees one whose task doesn't run"
    SETTLED_FIRST = "only one that is older than a minute"
    FREED_IF_UNCHANGED = (
        "only if it is still the grant that was doubted before the document was read"
    )


ALL_RULES = frozenset(Rule)


class Place(NamedTuple):
    """The one place: whose it is, the number of its grant and its minute, and whether a document stands for it, or will."""

    task: str
    grant: int
    minute: int = 0
    used: bool = False


@dataclass(slots=True)
class State:
    """The limit, the documents, and the minute that it is."""

    place: Place | None = None
    last_grant: int = 1
    minute: int = 0
    running: frozenset[str] = frozenset()

    def has_room(self, task: str) -> bool:
        """Whether the place is free, has lapsed, or is this task's."""
        place = self.place
        if place is None or place.task == task:
            return True
        return not place.used and place.minute < self.minute

    def grant(self, task: str, *, used: bool, renew: bool) -> None:
        """The place is this task's."""
        if self.place is None or self.place.task != task or renew:
            self.last_grant += 1
        self.place = Place(task, self.last_grant, self.minute, used)

    def free(self, named: Place | None) -> None:
        """Free the place, if it is the one that is named."""
        if named is not None and self.place is not None and self.place.grant == named.grant:
            self.place = None


class PlacesBesideDocuments:
    """Tasks, and time, under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    def has(self, rule: Rule) -> bool:
        """Whether a rule is kept."""
        return rule in self.rules

    def ask(self, task: str) -> Part[State, int]:
        """Ask until the task has the place; the minute in which it got it."""
        renew = self.has(Rule.RENEWAL_IS_A_NEW_GRANT)

        def take(state: State) -> object:
            if not state.has_room(task):
                return BLOCKED
            used = state.place is not None and state.place.task == task and state.place.used
            state.grant(task, used=used, renew=renew)
            return state.minute

        if self.has(Rule.ASK_IN_ONE_STEP):
            minute: int = yield Step(f"{task} asks", take)
            return minute
        minute = yield Step(f"{task} asks", lambda s: s.minute if s.has_room(task) else BLOCKED)
        yield Step(f"{task} takes it", lambda s: s.grant(task, used=False, renew=renew))
        return minute

    def asks_only(self, task: str) -> Run[State]:
        """A task that gets the place, and is never heard of again."""
        yield from self.ask(task)
        return None

    def starts(self, task: str) -> Run[State]:
        """A task that gets the place, and runs."""
        yield Step("is not running", lambda s: BLOCKED if task in s.running else None)
        minute = yield from self.ask(task)
        renew = self.has(Rule.RENEWAL_IS_A_NEW_GRANT)
        use: Step[State] = Step(
            f"{task} uses its place", lambda s: s.grant(task, used=True, renew=renew)
        )

        def batch(state: State) -> None:
            if state.minute == minute:
                state.running |= {task}

        if self.has(Rule.USED_BEFORE_BATCH):
            yield use
        yield Step(f"{task} runs, if it is in time", batch)
        if not self.has(Rule.USED_BEFORE_BATCH):
            yield use
        return None

    def ends(self, task: str) -> Run[State]:
        """A task that runs no more."""
        yield Step("is running", lambda s: None if task in s.running else BLOCKED)
        seen: Place | None = yield Step("sees the place", lambda s: s.place)
        batch: Step[State] = Step(
            f"{task} runs no more", lambda s: setattr(s, "running", s.running - {task})
        )

        def release(state: State) -> None:
            by_grant = self.has(Rule.RELEASE_NAMES_GRANT)
            own = state.place if state.place and state.place.task == task else None
            state.free(seen if by_grant else own)

        if self.has(Rule.FREED_AFTER_BATCH):
            yield batch
        yield Step(f"frees the place of {task}", release)
        if not self.has(Rule.FREED_AFTER_BATCH):
            yield batch
        return None

    def finds_none_left(self) -> Run[State]:
        """Somebody who asks, and finds no place left."""

        def doubt(state: State) -> object:
            place = state.place
            if place is None or not place.used or not self.has(Rule.UNUSED_IS_FREED):
                return BLOCKED
            if place.task in state.running:
                # It would read so, and look again.
                return BLOCKED
            settled = place.minute < state.minute or not self.has(Rule.SETTLED_FIRST)
            return place if settled else BLOCKED

        doubted: Place = yield Step("doubts a place", doubt)
        runs = yield Step("reads the document", lambda s: doubted.task in s.running)

        def free(state: State) -> None:
            unchanged = self.has(Rule.FREED_IF_UNCHANGED)
            same_task = state.place is not None and state.place.task == doubted.task
            state.free(doubted if unchanged or not same_task else state.place)

        if not runs:
            yield Step("frees it", free)
        return continue_as(self.finds_none_left)

    def time(self) -> Run[State]:
        """A minute passes, wherever that makes a difference."""

        def pass_a_minute(state: State) -> object:
            if state.place is None or state.place.minute < state.minute:
                return BLOCKED
            state.minute += 1
            return None

        yield Step("a minute passes", pass_a_minute)
        return continue_as(self.time)


def never_exceeded(state: State) -> str | None:
    """No more tasks run than there are places."""
    return "two tasks run, with one place" if len(state.running) > 1 else None


def nothing_is_lost(state: State) -> str | None:
    """At rest the place is free, has lapsed, or its task runs."""
    if state.place and state.place.used and state.place.task not in state.running:
        return "a place is lost"
    return None
