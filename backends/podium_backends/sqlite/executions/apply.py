"""A WriteSet in one SQLite transaction: look up, decide, carry out, remember."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.executions import requests
from podium_backends.sqlite.executions.effects import EffectRunner
from podium_backends.sqlite.executions.facts import look_up
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_backends.sqlite.removal_statements import CHUNK
from podium_core.decide import answer_queue_ops, decide, needs
from podium_core.write_set import WriteOutcome, WriteSet


class ApplyJob:
    """One WriteSet, ready to run as a job: repeatable, since all its state is made again in ``run``.

    Attributes:
        weight: Roughly how many statements it runs.
    """

    def __init__(self, write_set: WriteSet, queues: QueueEffects, *, event_ttl_ms: int) -> None:
        self._set = write_set
        self._needs = needs(write_set)
        self._queues = queues
        self._event_ttl_ms = event_ttl_ms
        self.weight = _weight(write_set)

    def run(self, conn: sqlite3.Connection, *, now_ms: int) -> WriteOutcome:
        """Apply it, or raise the refusal before anything is written."""
        known = look_up(conn, self._needs, now_ms=now_ms)
        decision = decide(self._set, known, now_ms=now_ms)
        runner = EffectRunner(conn, self._queues, event_ttl_ms=self._event_ttl_ms, now_ms=now_ms)
        runner.run(decision.effects)
        outcome = answer_queue_ops(decision.outcome, runner.acked, runner.removed)
        if decision.remember:
            requests.remember(conn, self._set.request_id, outcome, now_ms=now_ms)
        return outcome


def _weight(s: WriteSet) -> int:
    put = 5 if s.mark_index else 4
    puts = len(s.task_puts) + len(s.workflow_puts)
    return 3 + put * puts + 2 * len(s.queue_ops) + CHUNK * len(s.workflow_removals) * 4
