"""The limits that every call is held to."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MIB = 1024 * 1024


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a call may take.

    Attributes:
        max_message_bytes: The largest answer.
        max_write_bytes: The largest request of a writing call.
        max_calls_in_flight: More are refused with OverloadedError; 0: no limit. Calls that wait for a message, or for their
            client, don't count.
        max_bytes_in_flight: Of large requests and answers, together; more are refused with OverloadedError. 0: no limit.
        connection_share: The part of the calls and of the bytes that one connection may take.
        client_timeout_ms: How long the server waits for a client that sends a message, or takes an answer. 0: no limit.
        default_deadline_ms: For a call whose client sets none; 0: none. A stream has it for each chunk.
        max_payload_bytes: Of the inputs and outputs that writes of executions bring, by the full names of their fields.
        retry_after_ms: When a refused call may come back.
    """

    max_message_bytes: int = 32 * MIB
    max_write_bytes: int = 16 * MIB
    max_calls_in_flight: int = 1_000
    max_bytes_in_flight: int = 128 * MIB
    connection_share: float = 0.5
    client_timeout_ms: int = 30_000
    default_deadline_ms: int = 30_000
    max_payload_bytes: Mapping[str, int] = {}
    retry_after_ms: int = 100
