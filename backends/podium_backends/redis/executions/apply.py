"""A WriteSet on Redis: assume or look, decide, and one script that checks what that went by and carries everything out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from podium_backends.redis.executions.answers import (
    KeptRequest,
    answered_outcome,
    encode_request,
    written_intents,
)
from podium_backends.redis.executions.assumption import assume, can_assume
from podium_backends.redis.executions.checks import Checks
from podium_backends.redis.executions.effects import EffectPlanner
from podium_backends.redis.executions.executor import Executor
from podium_backends.redis.executions.kept_removal import decode_removal
from podium_backends.redis.executions.plan import Argument, Plan
from podium_backends.redis.executions.seen import Seen, check_unchanged, slot_field
from podium_core.decide import Decision, Known, WorkflowFacts, decide, needs
from podium_core.errors import OverloadedError
from podium_core.write_set import WriteOutcome, WriteSet
from podium_core.write_set.request_memory import REQUEST_MEMORY_MS, outcome_to_keep

# Each time it isn't as it was seen, another write has gone on.
MAX_TRIES = 50
_RETRY_AFTER_MS = 50


class Write:
    """One WriteSet on its way."""

    def __init__(self, write_set: WriteSet, executor: Executor) -> None:
        self._set = with_one_slot_for_each_field(write_set)
        self._to = executor
        self._seen = Seen.nothing_yet(needs(self._set), self._set)

    async def run(self) -> WriteOutcome:
        """Carry it out. Raises as ``ExecutionStore.apply``."""
        outcome = None
        if can_assume(self._set):
            outcome = await self._try_assumed()
        else:
            await self._look()
        tries = 0
        while outcome is None:
            if tries == MAX_TRIES:
                raise OverloadedError(
                    "other writes of the same records came first, again and again",
                    retry_after_ms=_RETRY_AFTER_MS,
                )
            tries += 1
            outcome = await self._try_seen()
        return outcome

    async def _try_assumed(self) -> WriteOutcome | None:
        checks, now_ms = Checks(), self._to.clock.now_ms()
        known = assume(self._set, self._seen, checks, self._to.keys, self._to.queue_keys, now_ms)
        decision = decide(self._set, known, now_ms=now_ms)
        return await self._carry_out(decision, known.workflows, checks, now_ms, looked=False)

    async def _try_seen(self) -> WriteOutcome | None:
        now_ms = self._to.clock.now_ms()
        self._seen.assumes = False
        known = self._seen.facts(self._set, now_ms=now_ms)
        decision = decide(self._set, known, now_ms=now_ms)
        if decision.effects or decision.remember:
            workflows = self._facts_of_workflows(known)
            checks = self._check_seen()
            return await self._carry_out(decision, workflows, checks, now_ms, looked=True)
        if not self._seen.assumes:
            return decision.outcome
        # Nothing is written, so no script checks what was assumed.
        await self._look()
        return None

    async def _look(self) -> None:
        """Find out what is there: another try goes by it."""
        await self._to.look(self._check_seen())

    def _check_seen(self) -> Checks:
        checks = Checks()
        check_unchanged(self._seen, checks, self._to.keys, self._to.queue_keys)
        return checks

    async def _carry_out(
        self,
        decision: Decision,
        workflows: Mapping[str, WorkflowFacts],
        checks: Checks,
        now_ms: int,
        *,
        looked: bool,
    ) -> WriteOutcome | None:
        """The outcome; None where a check failed, and ``self._seen`` is what is there."""
        plan = Plan(self._to.keys)
        queues = self._to.queue_plan(plan, now_ms)
        planner = EffectPlanner(
            plan, queues, workflows, self._to.settings, now_ms=now_ms, looked=looked
        )
        planner.add(decision.effects)
        request = self._request(decision, queues.letters, now_ms) if decision.remember else None
        carried = await self._to.carry_out(checks, plan, queues, request, now_ms=now_ms)
        if carried is None:
            return None
        outcome, letters, flags = decision.outcome, "".join(queues.letters), carried.flags
        intents = written_intents(queues.intents, flags, token=carried.token, now_ms=now_ms)
        return answered_outcome(outcome, letters, flags, intents)

    def _request(
        self, decision: Decision, letters: Sequence[str], now_ms: int
    ) -> Sequence[Argument]:
        kept = KeptRequest(outcome_to_keep(decision.outcome, self._set), "".join(letters))
        key = self._to.keys.request(self._set.request_id)
        return key, str(now_ms + REQUEST_MEMORY_MS), encode_request(kept), REQUEST_MEMORY_MS

    def _facts_of_workflows(self, known: Known) -> dict[str, WorkflowFacts]:
        """Those of removal records too: the document may be gone, or not asked for."""
        kept = {
            id_: decode_removal(text, id_)[1].facts
            for id_, text in self._seen.removals.items()
            if text
        }
        return {**kept, **known.workflows}


def with_one_slot_for_each_field(write_set: WriteSet) -> WriteSet:
    """Slots that Java's hash can't tell apart are one slot for the core too."""
    slots = {put.slot: slot_field(put.slot) for put in write_set.task_puts if put.slot is not None}
    if len(set(slots.values())) == len(slots):
        return write_set
    one_of = {field: slot for slot, field in slots.items()}
    puts = tuple(
        put if put.slot is None else msgspec.structs.replace(put, slot=one_of[slots[put.slot]])
        for put in write_set.task_puts
    )
    return msgspec.structs.replace(write_set, task_puts=puts)
