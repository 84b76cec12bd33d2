"""Removing workflows: the stages of a removal record, and the steps from the record to the last document."""

from podium_core.decide.stored_removal import RemovalStage, StoredRemoval, stage_of
from podium_core.removal.machine import STEP_TASKS, RemovalMachine, next_step_ms

__all__ = [
    "STEP_TASKS",
    "RemovalMachine",
    "RemovalStage",
    "StoredRemoval",
    "next_step_ms",
    "stage_of",
]
