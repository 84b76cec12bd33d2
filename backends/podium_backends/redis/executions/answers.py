"""What the script answers to the queue operations of a WriteSet, as parts of its outcome; and what is kept for a repeat."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from podium_core.decide import answer_queue_ops
from podium_core.errors import CorruptRecordError
from podium_core.outbox import EntryPut, OutboxEntry
from podium_core.write_set import WriteOutcome


class Answered(StrEnum):
    """Which part of the outcome an answer is."""

    ACK = "a"
    REMOVE = "r"
    PUSH = "p"
    ACK_LATER = "A"  # an intent: whether it finds its message nobody knows yet
    REMOVE_LATER = "R"
    NOTHING = "-"


_ACKS = {Answered.ACK, Answered.ACK_LATER}
_REMOVES = {Answered.REMOVE, Answered.REMOVE_LATER}
_LATER = {Answered.ACK_LATER, Answered.REMOVE_LATER}


def answered_outcome(
    outcome: WriteOutcome, letters: str, flags: str, intents: Sequence[OutboxEntry] = ()
) -> WriteOutcome:
    """The outcome with the script's answers: for each letter a flag, ``1`` or ``0``."""
    acked, removed, pushed = [], [], []
    for letter, flag in zip(letters, flags, strict=True):
        part = Answered(letter)
        done = flag == "1" and part not in _LATER
        if part in _ACKS:
            acked.append(done)
        elif part in _REMOVES:
            removed.append(done)
        elif part is Answered.PUSH:
            pushed.append(done)
    return answer_queue_ops(outcome, acked, removed, pushed, intents)


def written_intents(
    puts: Sequence[EntryPut], flags: str, *, token: int, now_ms: int
) -> list[OutboxEntry]:
    """The intents that the script wrote: each has a flag, or there are none."""
    if not puts:
        return []
    return [
        put.as_entry(token=token, since_ms=now_ms)
        for put, flag in zip(puts, flags, strict=True)
        if flag == "1"
    ]


# remembered requests: ``expires_ms flags kept``; the script puts the flags in


class KeptRequest(msgspec.Struct, frozen=True):
    """The outcome without the script's answers, and the letters of those."""

    outcome: WriteOutcome
    letters: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(KeptRequest).decode


def encode_request(kept: KeptRequest) -> str:
    """What stands after the flags."""
    return _encode(kept).decode()


def decode_request(stored: bytes, request_id: str, *, now_ms: int) -> WriteOutcome | None:
    """The outcome that is remembered; None once it is forgotten.

    Raises:
        CorruptRecordError: Nobody can read it.
    """
    try:
        expires_ms, flags, text = stored.split(b" ", 2)
        if int(expires_ms) <= now_ms:
            return None
        kept = _decode(text)
        return answered_outcome(kept.outcome, kept.letters, flags.decode())
    except (ValueError, msgspec.MsgspecError) as error:
        raise CorruptRecordError("remembered request", request_id, str(error)) from error
