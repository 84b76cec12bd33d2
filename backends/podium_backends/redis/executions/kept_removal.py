"""The removal record of a workflow as Redis holds it, with the facts of the workflow: its document may go before it."""

from __future__ import annotations

import msgspec

from podium_core.decide import WorkflowFacts
from podium_core.decide.removal_record import RemovalRecord
from podium_core.errors import CorruptRecordError


class KeptRemoval(msgspec.Struct, frozen=True):
    """What stands after the token.

    Attributes:
        facts: Of the workflow when the record was written; its own record isn't in them.
    """

    record: RemovalRecord
    facts: WorkflowFacts


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(KeptRemoval).decode


def encode_removal(record: RemovalRecord, facts: WorkflowFacts) -> str:
    """What stands after the token."""
    return _encode(KeptRemoval(record, msgspec.structs.replace(facts, removal=None))).decode()


def decode_removal(stored: bytes, workflow_id: str) -> tuple[int, KeptRemoval]:
    """The token, and what stands after it.

    Raises:
        CorruptRecordError: Nobody can read it.
    """
    token, _, kept = stored.partition(b" ")
    try:
        return int(token), _decode(kept)
    except (ValueError, msgspec.MsgspecError) as error:
        raise CorruptRecordError("removal record", workflow_id, str(error)) from error
