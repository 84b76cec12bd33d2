"""A concurrency limit of one: the place, its late release, and its lapse.

Contract, "Limits". A place belongs to a task and names its grant. Asking takes it in one atomic step;
a holder that asks again has it renewed. Where places are in another store than documents, the step
that stores that a task has left IN_PROGRESS also stores a release intent, which names the grant seen
before that step, and which may be carried out late and twice. A place that is taken and not used
lapses. (A task that starts without a place, which the contract allows, is not modelled.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, OneOf, Part, Run, Step, continue_as


class Rule(Enum):
    """What places and releases keep to."""

    ASK_IN_ONE_STEP = "whether there is room and the taking of the place are one step"
    RELEASE_WITH_DOCUMENT = "the release intent is stored in the same step as the task"
    RELEASE_NAMES_GRANT = "a release frees the grant that it names, not whatever the task holds"
    GRANT_SEEN_BEFORE = "that is the grant seen before the documents' step, not at the release"
    RENEWAL_IS_A_NEW_GRANT = "the holder that asks again gets a grant of another number"
    IN_PROGRESS_STAYS = "a place never lapses while its task is in progress"
    UNUSED_LAPSES = "a place that was taken and is not used lapses"


ALL_RULES = frozenset(Rule)
UNKNOWN = 0  # a grant that nobody has looked at


class Place(NamedTuple):
    """The one place: which task holds it, and the number of its grant."""

    task: str
    grant: int


HELD, RUNS = Place("t1", 1), frozenset({"t1"})


@dataclass(slots=True)
class State:
    """The limit's store, then the documents'; below the line, what only the model keeps."""

    place: Place | None = HELD
    last_grant: int = 1
    in_progress: frozenset[str] = RUNS
    releases: frozenset[Place] = frozenset()
    # ---
    holders: frozenset[str] = RUNS

    def has_room(self, task: str) -> bool:
        """Whether the place is free, or this task's."""
        return not self.place or self.place.task == task

    def take(self, task: str, *, new_number: bool) -> None:
        """Grant the place to a task."""
        if not self.place or new_number:
            self.last_grant += 1
        self.place = Place(task, self.last_grant)
        self.holders |= {task}

    def start(self, task: str) -> bool:
        """The task is stored as in progress, if its place has not lapsed."""
        held = bool(self.place and self.place.task == task)
        if held:
            self.in_progress |= {task}
        return held

    def leave(self, task: str) -> None:
        """The task is stored as no longer in progress: it needs no place."""
        self.in_progress -= {task}
        self.holders -= {task}

    def free(self) -> None:
        """The place is free, so a task that only held it holds it no longer."""
        if self.place and self.place.task not in self.in_progress:
            self.holders -= {self.place.task}
        self.place = None


class LimitRelease:
    """Tasks, drainers and time under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    # Asking

    def ask(self, task: str) -> Part[State, None]:
        """ExceedsLimit, repeated until the task has the place."""
        new_number = Rule.RENEWAL_IS_A_NEW_GRANT in self.rules

        def take_if_room(state: State) -> object:
            if not state.has_room(task):
                return BLOCKED
            state.take(task, new_number=new_number)
            return None

        if Rule.ASK_IN_ONE_STEP in self.rules:
            yield Step(f"{task} asks", take_if_room)
        else:
            yield Step(f"{task} asks", lambda s: None if s.has_room(task) else BLOCKED)
            yield Step(f"{task} takes it", lambda s: s.take(task, new_number=new_number))

    def asks_only(self, task: str) -> Run[State]:
        """A task that gets the place and is never heard of again."""
        yield from self.ask(task)
        return None

    def runs(self, task: str) -> Run[State]:
        """A task that asks, starts and ends, all in one store."""
        yield from self.ask(task)
        if not (yield Step(f"{task} starts", lambda s: s.start(task))):
            return continue_as(self.runs, task)
        return continue_as(self.ends, task)

    def ends(self, task: str) -> Run[State]:
        """A task in progress ends: one store, so its place goes in the same step."""

        def end(state: State) -> None:
            state.leave(task)
            if state.place and state.place.task == task:
                state.free()

        yield Step(f"{task} ends", end)
        return None

    # Releases across two stores

    def reschedule(self, task: str) -> Run[State]:
        """The task is scheduled again; its place is released by an intent."""
        releases = frozenset({Place(task, UNKNOWN)})
        if Rule.GRANT_SEEN_BEFORE in self.rules:
            seen: Place | None = yield Step("looks at the place", lambda s: s.place)
            releases = frozenset({seen} if seen and seen.task == task else ())
        with_document = Rule.RELEASE_WITH_DOCUMENT in self.rules

        def store(state: State) -> None:
            state.leave(task)
            state.releases |= releases if with_document else frozenset()

        yield Step(f"stores {task} as scheduled", store)
        if not with_document:
            yield Step("stores its release", lambda s: setattr(s, "releases", releases))
        return None

    def asks_when_rescheduled(self, task: str) -> Run[State]:
        """The task's next attempt."""
        yield Step("sees it scheduled", lambda s: BLOCKED if task in s.in_progress else None)
        return continue_as(self.asks_only, task)

    def releaser(self) -> Run[State]:
        """A drainer: frees what an intent names, then drops the intent."""
        intent: Place = yield Step(
            "takes a release", lambda s: OneOf(sorted(s.releases)) or BLOCKED
        )
        named: Place | None = intent
        if intent.grant == UNKNOWN:
            named = yield Step("looks at the place", lambda s: s.place)
        yield Step(f"frees the place of {intent.task}", lambda s: self.release(s, intent, named))
        yield Step("drops it", lambda s: setattr(s, "releases", s.releases - {intent}))
        return continue_as(self.releaser)

    def release(self, state: State, intent: Place, named: Place | None) -> None:
        """Free the named grant."""
        same_task = bool(state.place and state.place.task == intent.task)
        by_grant = Rule.RELEASE_NAMES_GRANT in self.rules
        if same_task and (state.place == named or not by_grant):
            state.place = None

    def lapse(self, *tasks: str) -> Run[State]:
        """The place lapses once, if it is that of one of these tasks."""

        def lapse(state: State) -> object:
            if not state.place or state.place.task not in tasks:
                return BLOCKED
            used = state.place.task in state.in_progress
            lapses = Rule.UNUSED_LAPSES in self.rules
            if used:
                lapses = Rule.IN_PROGRESS_STAYS not in self.rules
            if not lapses:
                return BLOCKED
            state.free()
            return None

        yield Step("the place lapses", lapse)
        return None


def never_exceeded(state: State) -> str | None:
    """No more places are granted than there are."""
    return "two tasks hold the one place" if len(state.holders) > 1 else None


def nothing_is_held(state: State) -> str | None:
    """At rest the place is held by a task that needs it, or free."""
    if state.place and state.place.task not in state.holders:
        return "a place is held for a task that has no use for it"
    return None
