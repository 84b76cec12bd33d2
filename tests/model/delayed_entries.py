"""Entries of the outbox on Cassandra that are delayed for long: hints in windows of time, beside ``one_partition``.

``podium_backends.cassandra``, ``rounds/due.py`` and ``outbox/heir.py``. No process is sure to live until such an entry is
due, so none keeps it in memory. A hint in the window of its time is read once, by any server, when the window has come. That
server then is as one that wrote the entry: it has it in memory, and a hint in its own log.

The window of a hint begins so long after the write that the write is over by then, or an heir has made it impossible: the
model's time waits for that. Clocks may differ by less.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .checker import BLOCKED, OneOf, Part, Run, Step, continue_as


class Rule(Enum):
    """What writers and servers keep to."""

    HINT_BEFORE_BATCH = "the hint of its window stands before the entry is written"
    READ_BEFORE_DROP = "a window's entries are read before its hints are dropped"
    LOGGED_BEFORE_DROP = (
        "the server that read a window has a hint in its log before it drops the window's"
    )
    OWN_LOG_CHECKED = "that this log is still its own is checked after that, not before"
    HEIR_KEEPS_THE_NEAR = (
        "an heir keeps an entry in memory whose window another server's clock may have reached"
    )


ALL_RULES = frozenset(Rule)


@dataclass(slots=True)
class State:
    """One delayed entry, its window, and the logs with a hint at its workflow.

    ``writing``: a write has read the version, and may still be made.
    """

    entry: bool = False
    has_come: bool = False
    window_hint: bool = False
    logs: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    writing: bool = False

    def raise_version(self) -> None:
        """A write that is under way isn't written any more."""
        self.writing = False

    def leave_hint(self, log: str) -> None:
        """A hint in a log."""
        self.logs |= {log}

    def drop_hint(self, log: str) -> None:
        """A process drops its own hint; in a log that was taken there is none of its own."""
        if log not in self.taken:
            self.logs -= {log}


class DelayedEntries:
    """Writers and servers under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    def has(self, rule: Rule) -> bool:
        """Whether a rule is kept."""
        return rule in self.rules

    def write(self, log: str) -> Run[State]:
        """A write with a delayed entry."""

        def begin(state: State) -> bool:
            if not state.has_come:
                state.leave_hint(log)
                state.writing = True
            return state.writing

        def batch(state: State) -> None:
            state.entry = state.entry or state.writing
            state.writing = False

        hint: Step[State] = Step(
            "leaves one in the window", lambda s: setattr(s, "window_hint", True)
        )
        if not (yield Step("leaves a hint in its log, and reads the version", begin)):
            return None
        if self.has(Rule.HINT_BEFORE_BATCH):
            yield hint
        yield Step("its batch arrives", batch)
        if not self.has(Rule.HINT_BEFORE_BATCH):
            yield hint
        yield Step("drops its hint", lambda s: s.drop_hint(log))
        return None

    def time(self) -> Run[State]:
        """The window comes."""

        def come(state: State) -> object:
            if state.writing:
                return BLOCKED
            state.has_come = True
            return None

        yield Step("the window comes", come)
        return None

    # servers

    def server(self, name: str) -> Run[State]:
        """Takes over logs, and reads the window; starts again after its death."""

        def choose(state: State) -> object:
            work = [f"log {log}" for log in sorted(state.logs)]
            if state.has_come and state.window_hint:
                work.append("window")
            return OneOf(work) if work else BLOCKED

        work: str = yield Step("finds work", choose)
        if work == "window":
            return continue_as(self.read_window, name, f"{name} a", False)
        return continue_as(self.inherit, name, work.removeprefix("log "))

    def read_window(self, name: str, own: str, has_hint: bool) -> Run[State]:
        """Take the entry of the window into memory."""

        def look(state: State) -> object:
            return state.entry and state.window_hint if state.has_come else BLOCKED

        drop: Step[State] = Step("drops the window", lambda s: setattr(s, "window_hint", False))
        if not self.has(Rule.READ_BEFORE_DROP):
            yield drop
            return continue_as(self.carry_out, name, own)
        waits = yield Step("reads the window, and the entry", look)
        if waits and self.has(Rule.LOGGED_BEFORE_DROP):
            if not has_hint:
                yield Step("leaves a hint", lambda s: s.leave_hint(own))
            own = yield from self.own_log(own)
        yield drop
        return continue_as(self.carry_out, name, own) if waits else continue_as(self.server, name)

    def own_log(self, own: str) -> Part[State, str]:
        """The log that has the hint and is still the server's own."""
        if self.has(Rule.OWN_LOG_CHECKED):
            mine = yield Step("is the log its own?", lambda s: own not in s.taken)
            if not mine:
                new = f"{own}'"
                yield Step("leaves a hint in a new log", lambda s: s.leave_hint(new))
                return new
        return own

    def inherit(self, name: str, log: str) -> Run[State]:
        """Take over a log."""
        yield Step(f"takes log {log}", lambda s: setattr(s, "taken", s.taken | {log}))
        yield Step("raises the version", State.raise_version)

        def look(state: State) -> object:
            if not state.entry:
                return False
            # Its clock may be behind that of the server that has read the window.
            near = state.has_come and self.has(Rule.HEIR_KEEPS_THE_NEAR)
            return True if near else OneOf((True, False))

        keeps = yield Step("reads the entry: is it due soon?", look)
        own = next(one for one in (f"{name} a", f"{name} b") if one != log)
        if keeps:
            yield Step("leaves a hint", lambda s: s.leave_hint(own))
            own = yield from self.own_log(own)
        yield Step("drops the other hint", lambda s: setattr(s, "logs", s.logs - {log}))
        return continue_as(self.carry_out, name, own) if keeps else continue_as(self.server, name)

    def carry_out(self, name: str, own: str) -> Run[State]:
        """The entry is due, and in memory."""

        def finish(state: State) -> object:
            if not state.has_come:
                return BLOCKED
            state.entry = False
            return None

        yield Step("carries the entry out", finish)
        yield Step("drops its hint", lambda s: s.drop_hint(own))
        return continue_as(self.server, name)


def nothing_is_forgotten(state: State) -> str | None:
    """At rest the entry was carried out, and no hint is left."""
    if state.entry:
        return "an entry waits that nobody knows of"
    if state.logs or state.window_hint:
        return "a hint is left"
    return None
