"""What a backend declares before anyone connects to it: kind, settings, data types served, capabilities."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Any, Protocol, Self

import msgspec

from podium_core.clock import Clock, system_clock_ms
from podium_core.models import Guarantee
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionDAO,
    ExecutionStore,
    ExternalPayloadStorage,
    MetadataDAO,
    Outbox,
    PollDataDAO,
    QueueStore,
    QueueTarget,
    RateLimitingDAO,
    StoredDocuments,
)
from podium_core.searching import IndexReads
from podium_core.write_set.write_limits import UNLIMITED, WriteLimits


class DataType(StrEnum):
    """What routing chooses a store for."""

    EXECUTIONS = "executions"
    METADATA = "metadata"
    INDEX = "index"
    QUEUES = "queues"
    EVENT_HANDLERS = "event_handlers"
    POLL_DATA = "poll_data"
    CONCURRENCY_LIMITS = "concurrency_limits"
    RATE_LIMITS = "rate_limits"
    PAYLOADS = "payloads"


class Capability(StrEnum):
    """What a store can promise beyond the contract's common part; each with what it means."""

    meaning: str

    def __new__(cls, name: str, meaning: str) -> Self:
        """The name is the value."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        return member

    ATOMIC_WRITE_SET = "atomic_write_set", "one call is one atomic step, whatever it holds"
    ATOMIC_WITH_QUEUES = "atomic_with_queues", "queue operations take part in that step"
    EXPIRY = "expiry", "RemoveWorkflowWithExpiry"
    SEARCH_ACROSS_WORKFLOWS = (
        "search_across_workflows",
        "GetWorkflowsByCorrelationId without an index",
    )
    ORDERED_PENDING_TASKS = (
        "ordered_pending_tasks",
        "GetTasksByType whatever the number of pending tasks",
    )
    EXACT_STREAMS = (
        "exact_streams",
        "what exists throughout a stream comes exactly once",
    )
    DURABLE_ACK = "durable_ack", "acknowledged means fsynced"
    DISTINCT_SLOTS = (
        "distinct_slots",
        "retry 0 of reference name a1 and retry 10 of a are two slots",
    )
    PRIORITY_ORDER = "priority_order", "ready messages come by priority, then by due time"
    LUCENE_QUERY = (
        "lucene_query",
        "searches take a text in Lucene's own language too",
    )
    LEASE_COUNTS = (
        "lease_counts",
        "sizes and details of queues tell leased messages from waiting ones",
    )


class Durability(StrEnum):
    """What "acknowledged" means."""

    SYNCED = "synced"  # on the disk
    STORE_CONFIGURED = "store_configured"  # as the store's own settings say
    NONE = "none"  # gone with the process


class QueueDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """How long a message is leased where the call doesn't say: for every queue, and by queue name."""

    unack_timeout_ms: int = 60_000
    by_queue: dict[str, int] = {}

    def of(self, queue_name: str) -> int:
        """How long a message of this queue is leased, in milliseconds."""
        return self.by_queue.get(queue_name, self.unack_timeout_ms)


async def begin_at_once() -> None:
    """Nobody else makes a long answer."""


class StoreContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a store has to know of the server around it.

    Attributes:
        name: Its configured name.
        serves: The data types that are routed to it.
        commit_guarantee: ATOMIC: queue operations of a WriteSet are part of its step. ORDERED: they become intents in the
            outbox.
        clock: The time, for a store that has no clock of its own.
        queue_defaults: How long messages are leased.
        max_answer_bytes: What one compound read may hold, as ``ReadBudget``.
        begin_long_answer: Awaited before megabytes are read into memory for the answer of the call under way. It waits while
            others make long answers, and raises OverloadedError where no more bytes may be held.
    """

    name: str
    serves: frozenset[DataType]
    commit_guarantee: Guarantee
    clock: Clock = system_clock_ms
    queue_defaults: QueueDefaults = QueueDefaults()
    max_answer_bytes: int = MAX_ANSWER_BYTES
    begin_long_answer: Callable[[], Awaitable[None]] = begin_at_once


class ExecutionAdapter(ExecutionDAO, ExecutionStore, Protocol):
    """What a store that serves executions gives: the DAO, and WriteSets."""


class ConnectedStore(msgspec.Struct, kw_only=True):
    """A store in use: for each data type routed to it, its adapter.

    Attributes:
        ping: Returns once the store answers; raises BackendUnavailableError otherwise.
        maintain: A bounded piece of housekeeping (expired records, freed pages); called every few seconds.
        close: Finishes what was asked for and lets go.
        write_limits: What one write to executions may be; the facade refuses the others.
    """

    context: StoreContext
    kind: str
    ping: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    maintain: Callable[[], Awaitable[None]] | None = None
    executions: ExecutionAdapter | None = None
    write_limits: WriteLimits = UNLIMITED
    outbox: Outbox | None = None
    stored_documents: StoredDocuments | None = None
    metadata: MetadataDAO | None = None
    queues: QueueStore | None = None
    queue_target: QueueTarget | None = None
    event_handlers: EventHandlerDAO | None = None
    poll_data: PollDataDAO | None = None
    concurrency_limits: ConcurrentExecutionLimitDAO | None = None
    rate_limits: RateLimitingDAO | None = None
    index: IndexReads | None = None
    payloads: ExternalPayloadStorage | None = None


class Severity(StrEnum):
    """How bad a finding about a store is."""

    OK = "ok"
    WARNING = "warning"  # it works, but not as most people want
    FAULT = "fault"  # it can't work, or loses data


class Finding(msgspec.Struct, frozen=True):
    """What ``podium doctor`` says about a store: what is so, and for a warning or a fault what to do."""

    severity: Severity
    text: str


class BackendSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of backend.

    Attributes:
        kind: The name in the configuration, as ``sqlite``.
        settings_type: The type that validates a ``[stores.<name>]`` table; its fields are the settings.
        serves: The data types that a store of this kind can serve.
        capabilities: What a store with these settings can promise: pure, known before connecting.
        connect: Opens a store with its settings.
        durability: What "acknowledged" means here, as a word and as a line for people.
        diagnose: Looks at the store with this name and these settings, and changes nothing. Where None, ``podium doctor``
            only opens the store.
        schema: All statements that create what a store with these settings needs, where somebody may want to run them
            beforehand; None: the first start creates files or keys, and nothing has to be run.
    """

    kind: str
    settings_type: type[Any]
    serves: frozenset[DataType]
    capabilities: Callable[[Any], frozenset[Capability]]
    connect: Callable[[StoreContext, Any], Awaitable[ConnectedStore]]
    durability: Callable[[Any], tuple[Durability, str]]
    diagnose: Callable[[str, Any], AsyncIterator[Finding]] | None = None
    schema: Callable[[Any], str] | None = None
