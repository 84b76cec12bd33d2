"""Deciding a WriteSet: ``needs`` says what to look up, ``decide`` what follows from it, as effects in the domain's words.

A store looks up, carries out, and decides nothing by itself.
"""

from podium_core.decide.decide import Decision, answer_queue_ops, decide
from podium_core.decide.facts import Known, Needs, TaskFacts, WorkflowFacts
from podium_core.decide.needs import needs

__all__ = [
    "Decision",
    "Known",
    "Needs",
    "TaskFacts",
    "WorkflowFacts",
    "answer_queue_ops",
    "decide",
    "needs",
]
