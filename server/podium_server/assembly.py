"""Wires the facade and the drainers to the stores, by the routing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from podium_core.backend import ConnectedStore, DataType
from podium_core.models import Guarantee
from podium_core.ports import Outbox
from podium_server.config.addresses import TcpAddress
from podium_server.config.config import Config
from podium_server.facade.archive_reads import ArchiveReads
from podium_server.facade.archive_removal import ArchiveRemoval
from podium_server.facade.execution_parts import ExecutionParts, ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.facade import Facade
from podium_server.facade.index import IndexFacade
from podium_server.facade.index_marks import IndexMarkWrites
from podium_server.facade.limits import ConcurrencyLimits, RateLimits
from podium_server.facade.payload_limits import PayloadLimits
from podium_server.facade.payload_reads import PayloadReads
from podium_server.facade.payload_writes import PayloadWrites
from podium_server.facade.removal import RemovalFacade
from podium_server.facade.side_effects import SideEffects
from podium_server.facade.two_stores import QueueDelivery
from podium_server.interceptors.long_answers import begin_long_answer
from podium_server.outbox.archive import Archive
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.handlers import OneByOne
from podium_server.outbox.indexer import Indexer
from podium_server.outbox.leases import Leases
from podium_server.outbox.removals import Removals
from podium_server.outbox.targets import payload_target, queue_targets, removal_target
from podium_server.reconcile.index_check import IndexCheck
from podium_server.reconcile.outbox_admin import OutboxAdmin
from podium_server.reconcile.queue_check import QueueCheck
from podium_server.reconcile.queue_rules import QueueRules
from podium_server.reconcile.reconciliation import Reconciliation
from podium_server.server_info import server_info

T = TypeVar("T")

# Marks of one document that come within this time are one indexing.
GATHER_SECONDS = 0.2
INDEX_BATCH = 700
INDEX_BACKLOG_BATCH = 2_100
# An archive may take minutes: other entries of the outbox wait no longer than this for it.
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class Assembly:
    """The facade, and the drainers that run beside it."""

    facade: Facade
    drainers: tuple[Drainer, ...]
    leases: Leases | None


def assemble(config: Config, stores: Mapping[str, ConnectedStore]) -> Assembly:
    """Wire everything to the open stores."""
    return _Assembler(config, stores).assemble()


class _Assembler:
    def __init__(self, config: Config, stores: Mapping[str, ConnectedStore]) -> None:
        self._config = config
        self._stores = stores
        self._executions = self._store_of(DataType.EXECUTIONS)
        self._queues = self._store_of(DataType.QUEUES)
        self._queues_apart = config.commit_guarantee is Guarantee.ORDERED
        self._index = self._optional(DataType.INDEX)
        self._payloads = self._optional(DataType.PAYLOADS)
        self._metadata = _require(self._store_of(DataType.METADATA).metadata)
        self._concurrency_limits = ConcurrencyLimits(
            _require(self._store_of(DataType.CONCURRENCY_LIMITS).concurrency_limits),
            self._metadata,
        )
        owner = _lease_owner(config)
        self._leases = Leases(self._outbox, owner) if self._executions.outbox else None

    @property
    def _outbox(self) -> Outbox:
        return _require(self._executions.outbox)

    def _store_of(self, data_type: DataType) -> ConnectedStore:
        return self._stores[self._config.routing[data_type]]

    def _optional(self, data_type: DataType) -> ConnectedStore | None:
        return self._store_of(data_type) if data_type in self._config.routing else None

    def assemble(self) -> Assembly:
        archive = self._archive()
        indexer = self._indexer()
        drainer = self._drainer(archive)
        index_drainer = (
            Drainer(
                self._outbox,
                indexer,
                self._leases,
                batch=INDEX_BATCH,
                backlog_batch=INDEX_BACKLOG_BATCH,
                gather_seconds=GATHER_SECONDS,
            )
            if indexer
            else None
        )
        wake_indexer = index_drainer.wake if index_drainer else _do_nothing
        facade = self._facade(archive, indexer, drainer.wake, wake_indexer)
        drainers = (drainer, index_drainer) if index_drainer else (drainer,)
        return Assembly(facade=facade, drainers=drainers, leases=self._leases)

    # beside the calls

    def _archive(self) -> Archive | None:
        if self._index is None:
            return None
        source = _require(self._executions.stored_documents)
        return Archive(
            source,
            _require(self._index.index).table,
            self._outbox,
            whole_max_size=self._config.facade.archive_whole_max_bytes,
        )

    def _indexer(self) -> Indexer | None:
        if self._index is None:
            return None
        source = _require(self._executions.stored_documents)
        return Indexer(source, _require(self._index.index).table, self._outbox)

    def _drainer(self, archive: Archive | None) -> Drainer:
        targets = dict(removal_target(Removals(_require(self._executions.executions), archive)))
        if self._queues_apart:
            target = _require(self._queues.queue_target)
            targets |= queue_targets(_require(self._queues.queues), target)
        if self._payloads is not None:
            targets |= payload_target(_require(self._payloads.payloads), self._outbox)
        handler = OneByOne(targets, patience_seconds=PATIENCE_SECONDS)
        return Drainer(self._outbox, handler, self._leases)

    # the facade

    def _facade(
        self,
        archive: Archive | None,
        indexer: Indexer | None,
        wake: Callable[[], None],
        wake_indexer: Callable[[], None],
    ) -> Facade:
        marks = self._index_marks(indexer, wake_indexer)
        index = IndexFacade(_require(self._index.index), marks) if self._index and marks else None
        executions = self._execution_facade(archive, marks, wake, wake_indexer)
        return Facade(
            executions=executions,
            metadata=self._metadata,
            queues=_require(self._queues.queues),
            event_handlers=_require(self._store_of(DataType.EVENT_HANDLERS).event_handlers),
            poll_data=_require(self._store_of(DataType.POLL_DATA).poll_data),
            concurrency_limits=self._concurrency_limits,
            rate_limits=RateLimits(
                _require(self._store_of(DataType.RATE_LIMITS).rate_limits), self._metadata
            ),
            index=index,
            payloads=_require(self._payloads.payloads) if self._payloads else None,
            server_info=server_info(self._config),
            reconciliation=self._reconciliation(executions, wake, wake_indexer),
        )

    def _index_marks(
        self, indexer: Indexer | None, wake_indexer: Callable[[], None]
    ) -> IndexMarkWrites | None:
        if indexer is None or self._index is None:
            return None
        target = _require(self._index.index).table
        return IndexMarkWrites(self._outbox, indexer, target, wake_indexer)

    def _reconciliation(
        self,
        executions: ExecutionFacade,
        wake: Callable[[], None],
        wake_indexer: Callable[[], None],
    ) -> Reconciliation:
        def wake_both() -> None:
            wake()
            wake_indexer()

        outbox = self._executions.outbox
        return Reconciliation(
            queues=self._queue_check(executions),
            index=self._index_check(wake_indexer),
            outbox=OutboxAdmin(outbox, wake_both) if outbox else None,
        )

    def _index_check(self, wake_indexer: Callable[[], None]) -> IndexCheck | None:
        if self._index is None or not self._config.facade.index_executions:
            # An engine that indexes on its own decides what an entry is: a repair would write over it.
            return None
        source = _require(self._executions.stored_documents)
        return IndexCheck(source, _require(self._index.index).table, self._outbox, wake_indexer)

    def _queue_check(self, executions: ExecutionFacade) -> QueueCheck:
        settings = self._config.repair
        rules = QueueRules(
            min_age_ms=int(settings.min_age_seconds * 1000),
            second_look_seconds=settings.second_look_seconds,
            unqueued_task_types=frozenset(settings.unqueued_task_types),
            decider_offset_ms=self._config.facade.decider_offset_ms,
        )
        return QueueCheck(
            _require(self._executions.stored_documents),
            executions.apply,
            _require(self._queues.queues),
            self._metadata,
            self._executions.outbox,
            rules,
        )

    def _execution_facade(
        self,
        archive: Archive | None,
        marks: IndexMarkWrites | None,
        wake: Callable[[], None],
        wake_indexer: Callable[[], None],
    ) -> ExecutionFacade:
        store = _require(self._executions.executions)
        return ExecutionFacade(
            store,
            limits=self._concurrency_limits,
            rules=self._execution_rules(),
            parts=ExecutionParts(
                removals=RemovalFacade(store, archive, self._archive_removal(marks)),
                queues_elsewhere=self._queues_elsewhere(),
                payload_writes=self._payload_writes(),
                payload_reads=self._payload_reads(),
                archive_reads=self._archive_reads(),
                wake=wake,
                wake_indexer=wake_indexer,
            ),
        )

    def _execution_rules(self) -> ExecutionRules:
        store = self._config.stores[self._config.routing[DataType.EXECUTIONS]]
        return ExecutionRules(
            backend=store.kind,
            capabilities=store.spec.capabilities(store.settings),
            write_limits=self._executions.write_limits,
            side_effects=self._side_effects(),
        )

    def _queues_elsewhere(self) -> QueueDelivery | None:
        if not self._queues_apart:
            return None
        target = _require(self._queues.queue_target)
        return QueueDelivery(_require(self._queues.queues), target, self._outbox)

    def _side_effects(self) -> SideEffects:
        switches = self._config.facade
        indexed = self._index is not None
        return SideEffects(
            decider_queue=switches.push_to_decider_queue,
            decider_offset_ms=switches.decider_offset_ms,
            index_executions=indexed and switches.index_executions,
            index_event_executions=indexed and switches.index_event_executions,
            remove_payloads=self._payloads is not None and switches.remove_payloads,
        )

    def _payload_writes(self) -> PayloadWrites:
        sizes = self._config.payloads
        limits = PayloadLimits(
            workflow_soft_bytes=sizes.workflow_soft_limit_bytes,
            workflow_hard_bytes=sizes.workflow_hard_limit_bytes,
            task_soft_bytes=sizes.task_soft_limit_bytes,
            task_hard_bytes=sizes.task_hard_limit_bytes,
        )
        if self._payloads is None or not self._config.facade.move_payloads:
            return PayloadWrites(limits)
        return PayloadWrites(limits, _require(self._payloads.payloads), self._outbox)

    def _payload_reads(self) -> PayloadReads:
        storage = _require(self._payloads.payloads) if self._payloads else None
        return PayloadReads(
            storage,
            max_bytes=self._config.server.max_message_bytes,
            begin_long_answer=begin_long_answer,
        )

    def _archive_reads(self) -> ArchiveReads | None:
        if self._index is None or not self._config.facade.read_archive:
            return None
        return ArchiveReads(
            _require(self._index.index).table,
            self._outbox,
            max_bytes=self._config.server.max_message_bytes,
        )

    def _archive_removal(self, marks: IndexMarkWrites | None) -> ArchiveRemoval | None:
        if self._index is None or marks is None:
            return None
        return ArchiveRemoval(_require(self._index.index).table, marks)


def _lease_owner(config: Config) -> str:
    """The owner of bucket leases. It is the same after a restart: a new server need not wait until the old one's leases end.

    Empty where two servers may have the same configuration: then the lease takes a unique name.
    """
    addresses = config.server.addresses
    if any(isinstance(address, TcpAddress) and not address.port for address in addresses):
        return ""
    return " ".join([socket.gethostname(), *map(str, addresses)])


def _do_nothing() -> None:
    """No drainer waits to be woken."""


def _require(adapter: T | None) -> T:
    """The adapter; the configuration has made sure that the store's kind serves it."""
    if adapter is None:
        raise LookupError("a store lacks an adapter that its kind declares")
    return adapter
