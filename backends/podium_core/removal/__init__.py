"""Removing workflows: the stages of a removal mark, and the steps from the mark to the last document."""

from podium_core.removal.machine import (
    STEP_TASKS,
    RemovalMachine,
    RemovalStage,
    RemovalStore,
    StoredRemoval,
    next_look_ms,
    stage_of,
)

__all__ = [
    "STEP_TASKS",
    "RemovalMachine",
    "RemovalStage",
    "RemovalStore",
    "StoredRemoval",
    "next_look_ms",
    "stage_of",
]
