"""Removal of workflows: the mark, how it changes, and the steps from the mark to the last document."""

from podium_core.removal.mark import ArchiveState, RemovalMark

__all__ = ["ArchiveState", "RemovalMark"]
