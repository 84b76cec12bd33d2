"""The settings of the server itself, with their defaults. Each kind of store has its own (``BackendSpec``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from podium_server.config.addresses import ListenAddress, parse_address

MAX_INT32 = 2**31 - 1
NONE = "none"


def _comma_separated(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _address(value: str) -> str:
    return str(parse_address(value))


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_comma_separated), Field(min_length=1)]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]
PayloadLimit = Annotated[int, Field(ge=1, le=MAX_INT32)]


class Section(BaseModel):
    """A table of the configuration: an unknown key is refused, a value never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(Section):
    """``[server]``: the addresses and what a client may ask of the process.

    Attributes:
        listen: Addresses; one text with commas is fine.
        insecure: Allow an address that other machines reach, in plain text.
        transport: What carries the calls.
        max_message_bytes: The largest request or response.
        max_calls_in_flight: Above it a call is refused with the time to come back. 0: no limit. Calls that wait for a
            message, or for their client, don't count.
        max_bytes_in_flight: Of large requests and answers that the process holds; above it a call is refused in the same
            way. 0: no limit.
        connection_share: The part of the calls and of the bytes in flight that one connection may have.
        max_streams_per_connection: The most calls of one connection, those that wait included; a client keeps further ones
            back.
        client_timeout_seconds: How long a client may take to send a message, or to take an answer. 0: no limit.
        max_metadata_bytes: The largest set of metadata of a call.
        default_deadline_seconds: For a call whose client sets none. 0: none.
        drain_seconds: How long calls in flight may go on when the server stops.
    """

    listen: Addresses = ("127.0.0.1:50051",)
    insecure: bool = False
    transport: Literal["grpcio"] = "grpcio"
    max_message_bytes: Annotated[int, Field(ge=65_536, le=MAX_INT32)] = 32 * 1024 * 1024
    max_calls_in_flight: Annotated[int, Field(ge=0, le=MAX_INT32)] = 1_000
    max_bytes_in_flight: Annotated[int, Field(ge=0, le=2**53)] = 128 * 1024 * 1024
    connection_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    max_streams_per_connection: Annotated[int, Field(ge=1, le=MAX_INT32)] = 500
    client_timeout_seconds: Annotated[float, Field(ge=0, le=3_600)] = 30.0
    max_metadata_bytes: Annotated[int, Field(ge=1_024, le=1024 * 1024)] = 16 * 1024
    default_deadline_seconds: Annotated[float, Field(ge=0, le=86_400)] = 30.0
    drain_seconds: Annotated[float, Field(ge=0, le=3_600)] = 10.0

    @property
    def addresses(self) -> tuple[ListenAddress, ...]:
        """The addresses, read."""
        return tuple(parse_address(text) for text in self.listen)


class RoutingSettings(Section):
    """``[routing]``: the store of each data type; ``default`` for those that aren't named."""

    default: str | None = None
    executions: str | None = None
    metadata: str | None = None
    index: str | None = None
    queues: str | None = None
    event_handlers: str | None = None
    poll_data: str | None = None
    concurrency_limits: str | None = None
    rate_limits: str | None = None
    payloads: str | None = None


class QueueSettings(Section):
    """Settings of one queue.

    Attributes:
        unack_timeout_ms: How long a popped message is leased where the call doesn't say.
    """

    unack_timeout_ms: Annotated[int, Field(ge=1, le=2**53)]


class QueuesSettings(Section):
    """``[queues]``: what holds for every queue, and ``[queues.per_queue.<name>]`` for one.

    Attributes:
        unack_timeout_ms: How long a popped message is leased where neither the call nor the queue's own table says.
        per_queue: Exceptions by queue name.
    """

    unack_timeout_ms: Annotated[int, Field(ge=1, le=2**53)] = 60_000
    per_queue: dict[str, QueueSettings] = {}

    def unack_timeout_ms_of(self, queue_name: str) -> int:
        """The default lease of a queue."""
        own = self.per_queue.get(queue_name)
        return self.unack_timeout_ms if own is None else own.unack_timeout_ms


class FacadeSettings(Section):
    """``[facade]``: the side effects, each with its own switch, for engines that keep a facade of their own.

    Attributes:
        push_to_decider_queue: Creating a workflow pushes its id on ``_deciderQueue``.
        decider_offset_ms: The delay of that push; Conductor's default.
        index_executions: Workflows and tasks reach the index by themselves, if one is routed.
        index_event_executions: Event executions too; Conductor's ``eventExecutionIndexingEnabled``.
        move_payloads: Inputs and outputs above the soft limits are moved to the payload store, if one is routed.
        remove_payloads: A removal without archive deletes the payloads that Podium stored for the workflow.
        read_archive: GetWorkflow and GetTasksForWorkflow find workflows that were removed with archive.
        archive_whole_max_bytes: An execution of up to this size is archived as one document, which Conductor reads too;
            of a larger one each task's entry holds the task's own document.
    """

    push_to_decider_queue: bool = True
    decider_offset_ms: Milliseconds = 30_000
    index_executions: bool = True
    index_event_executions: bool = True
    move_payloads: bool = True
    remove_payloads: bool = True
    read_archive: bool = True
    archive_whole_max_bytes: Annotated[int, Field(ge=0, le=64 * 1024 * 1024)] = 8 * 1024 * 1024


class PayloadSettings(Section):
    """``[payloads]``: how large an input or output may be; Conductor's defaults.

    Attributes:
        workflow_soft_limit_bytes: Of a workflow: what is larger moves to the payload store. 0: nothing does.
        workflow_hard_limit_bytes: Of a workflow: what is larger is refused.
        task_soft_limit_bytes: Of a task: what is larger moves to the payload store. 0: nothing does.
        task_hard_limit_bytes: Of a task: what is larger is refused.
    """

    workflow_soft_limit_bytes: Annotated[int, Field(ge=0, le=MAX_INT32)] = 5_120 * 1024
    workflow_hard_limit_bytes: PayloadLimit = 10_240 * 1024
    task_soft_limit_bytes: Annotated[int, Field(ge=0, le=MAX_INT32)] = 3_072 * 1024
    task_hard_limit_bytes: PayloadLimit = 10_240 * 1024


class RepairSettings(Section):
    """``[repair]``: what a check of the queues takes for a problem.

    Attributes:
        min_age_seconds: Workflows and tasks younger than this are left alone: their message may be on its way.
        second_look_seconds: A finding is checked again after this time, and counts only if it is still there.
        unqueued_task_types: Tasks that their engine carries out itself. By default Conductor 3.13.8's system tasks whose
            ``isAsync`` is false.
    """

    min_age_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    second_look_seconds: Annotated[float, Field(ge=0, le=20)] = 5.0
    unqueued_task_types: Annotated[tuple[str, ...], BeforeValidator(_comma_separated)] = (
        "DECISION",
        "DO_WHILE",
        "EVENT",
        "EXCLUSIVE_JOIN",
        "FORK",
        "HUMAN",
        "INLINE",
        "JSON_JQ_TRANSFORM",
        "LAMBDA",
        "SET_VARIABLE",
        "SWITCH",
        "TERMINATE",
        "WAIT",
    )


class LoggingSettings(Section):
    """``[logging]``: what is written to stderr.

    Attributes:
        format: ``auto`` is console on a terminal, JSON elsewhere.
        level: The least severe level that is written.
        log_calls: Write a line for each good call too, at level info: RPC, request id, code OK, milliseconds.
    """

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    log_calls: bool = False


class Settings(BaseSettings):
    """The whole configuration as it was written, before stores and routing are resolved against the kinds.

    Attributes:
        data_dir: Where embedded stores keep their files, unless they say.
        stores: The ``[stores.<name>]`` tables, not looked into yet.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Path("podium-data")
    server: ServerSettings = ServerSettings()
    stores: dict[str, dict[str, Any]] = {}
    routing: RoutingSettings = RoutingSettings()
    queues: QueuesSettings = QueuesSettings()
    facade: FacadeSettings = FacadeSettings()
    payloads: PayloadSettings = PayloadSettings()
    repair: RepairSettings = RepairSettings()
    logging: LoggingSettings = LoggingSettings()
