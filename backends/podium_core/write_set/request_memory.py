"""What is remembered of a write with a request id: its outcome, and a digest of the request that it answers."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from podium_core.errors import FailedPreconditionError
from podium_core.models import Commit
from podium_core.write_set.write_set import WriteOutcome, WriteSet

REQUEST_MEMORY_MS = 600_000

# Of the fields that a Commit has now. A digest of another form is of another version of Podium: nothing can be said.
_FORM = b"\x01"
_request = msgspec.json.Encoder(order="deterministic")


def request_digest(request: Commit) -> bytes:
    """What tells a Commit from another one, however its message was encoded, on every server."""
    return _FORM + blake2b(_request.encode(request), digest_size=16).digest()


def outcome_to_keep(outcome: WriteOutcome, write_set: WriteSet) -> WriteOutcome:
    """The outcome as a store keeps it under the request id of a WriteSet."""
    # A repeat carries no intents out: they may be done, and others come after them.
    return msgspec.structs.replace(outcome, request_digest=write_set.request_digest, intents=())


def first_answer(kept: WriteOutcome, write_set: WriteSet) -> WriteOutcome:
    """The answer from the outcome that was kept under the request id of a WriteSet.

    Raises:
        FailedPreconditionError: It is that of another request.
    """
    first, now = kept.request_digest, write_set.request_digest
    if first != now and first[:1] == now[:1] == _FORM:
        workflow_id, _, request_id = write_set.request_id.partition("\x00")
        raise FailedPreconditionError(
            "REQUEST_ID_REUSED",
            f"workflow/{workflow_id}",
            f"the request_id '{request_id}' was used for a different Commit",
        )
    return msgspec.structs.replace(kept, replayed=True)
