"""What a queue's counts say."""

from __future__ import annotations

from podium_core.models import QueueDetail
from podium_core.ports.queue_table import QueueCounts


def size_of(counts: QueueCounts) -> int:
    """Ready and delayed messages; a lapsed lease is ready."""
    return counts.total - unacked_of(counts)


def unacked_of(counts: QueueCounts) -> int:
    """Leased messages whose lease runs."""
    return counts.leased - counts.lapsed


def detail_of(counts: QueueCounts) -> QueueDetail:
    """The counts as the QueueDAO gives them."""
    return QueueDetail(name=counts.name, size=size_of(counts), unacked=unacked_of(counts))
