"""A WriteSet in one SQLite transaction: look up, decide, carry out, remember."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from podium_backends.sqlite.executions import requests
from podium_backends.sqlite.executions.effects import EffectRunner
from podium_backends.sqlite.executions.facts import look_up
from podium_core.decide import answer_queue_ops, decide, needs
from podium_core.write_set import WriteOutcome, WriteSet
from podium_core.write_set.request_memory import outcome_to_keep

# To write so many bytes of a document takes as long as a small statement.
BYTES_OF_A_STATEMENT = 8_192

MakeRunner = Callable[[sqlite3.Connection, int], EffectRunner]


class ApplyJob:
    """One WriteSet, ready to run as a job: repeatable, since all its state is made again in ``run``.

    Attributes:
        weight: Roughly how many statements it runs.
    """

    def __init__(self, write_set: WriteSet, runner: MakeRunner) -> None:
        self._set = write_set
        self._needs = needs(write_set)
        self._runner = runner
        self.weight = _weight(write_set)

    def run(self, conn: sqlite3.Connection, *, now_ms: int) -> WriteOutcome:
        """Apply it, or raise the refusal before anything is written."""
        known = look_up(conn, self._needs, now_ms=now_ms)
        decision = decide(self._set, known, now_ms=now_ms)
        runner = self._runner(conn, now_ms)
        runner.run(decision.effects)
        outcome = answer_queue_ops(
            decision.outcome, runner.acked, runner.removed, runner.pushed, runner.intents
        )
        if decision.remember:
            kept = outcome_to_keep(outcome, self._set)
            requests.remember(conn, self._set.request_id, kept, now_ms=now_ms)
        return outcome


def _weight(s: WriteSet) -> int:
    put = 5 if s.mark_index else 4
    weight = 3 + 2 * len(s.queue_ops)
    for task_put in s.task_puts:
        weight += put + task_put.document.size // BYTES_OF_A_STATEMENT
    for workflow_put in s.workflow_puts:
        weight += put + workflow_put.document.size // BYTES_OF_A_STATEMENT
    return weight
