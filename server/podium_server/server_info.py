"""The answer of GetServerInfo, from the configuration and the declarations of its backends."""

from __future__ import annotations

from podium_core.backend import DataType
from podium_core.models.json_text import MAX_DEPTH
from podium_core.requirements import MAX_IDS, MAX_ITEMS
from podium_core.server_info import DataTypeInfo, ServerInfo, ServerLimits
from podium_server.config.config import Config
from podium_server.interceptors.limits import CallLimits
from podium_server.version import podium_version


def call_limits(config: Config) -> CallLimits:
    """What a call may take."""
    return CallLimits(
        max_message_bytes=config.server.max_message_bytes,
        max_calls_in_flight=config.server.max_calls_in_flight,
        max_bytes_in_flight=config.server.max_bytes_in_flight,
        connection_share=config.server.connection_share,
        client_timeout_ms=int(config.server.client_timeout_seconds * 1000),
        default_deadline_ms=int(config.server.default_deadline_seconds * 1000),
        max_payload_bytes={
            "podium.v1.Task.input_data_json": config.payloads.task_hard_limit_bytes,
            "podium.v1.Task.output_data_json": config.payloads.task_hard_limit_bytes,
            "podium.v1.Workflow.input_json": config.payloads.workflow_hard_limit_bytes,
            "podium.v1.Workflow.output_json": config.payloads.workflow_hard_limit_bytes,
        },
    )


def server_info(config: Config) -> ServerInfo:
    """Version, and for each data type the store, what it can do and what it promises."""
    return ServerInfo(
        version=podium_version(),
        data_types={data_type.value: _data_type(config, data_type) for data_type in DataType},
        limits=_limits(config),
        commit_guarantee=config.commit_guarantee,
    )


def _data_type(config: Config, data_type: DataType) -> DataTypeInfo:
    store = config.store_of(data_type)
    if store is None:
        return DataTypeInfo(data_type=data_type.value)
    durability, promise = store.spec.durability(store.settings)
    return DataTypeInfo(
        data_type=data_type.value,
        store_name=store.name,
        backend_kind=store.kind,
        capabilities=tuple(sorted(c.value for c in store.spec.capabilities(store.settings))),
        durability=durability,
        guarantees=(promise,),
    )


def _limits(config: Config) -> ServerLimits:
    limits = call_limits(config)
    moves = config.facade.move_payloads and config.store_of(DataType.PAYLOADS) is not None
    return ServerLimits(
        max_message_bytes=limits.max_message_bytes,
        max_write_items=MAX_ITEMS,
        max_write_bytes=limits.max_write_bytes,
        max_read_ids=MAX_IDS,
        max_json_depth=MAX_DEPTH,
        max_calls_in_flight=limits.max_calls_in_flight,
        default_deadline_ms=limits.default_deadline_ms,
        workflow_payload_soft_limit_bytes=config.payloads.workflow_soft_limit_bytes if moves else 0,
        task_payload_soft_limit_bytes=config.payloads.task_soft_limit_bytes if moves else 0,
        workflow_payload_hard_limit_bytes=config.payloads.workflow_hard_limit_bytes,
        task_payload_hard_limit_bytes=config.payloads.task_hard_limit_bytes,
    )
