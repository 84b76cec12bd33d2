"""Whether the keys of queues fit together: what every test leaves behind has to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis

from podium_backends.redis.keys import OWN

OF_QUEUES = ("QUEUES", "QUEUE.", "PAYLOADS.", "LEASES.", "DUE.", "NOTES.")


def require_sound_queues(client: redis.Redis, prefix: str) -> None:
    """Fail unless the keys of queues below a prefix are those of sound queues, in either layout.

    Layout "podium": each message is in one sorted set of due times, that of its priority; leases are of messages, and end
    when these are due; payloads are as long as their messages say; an empty queue has no keys.
    Layout "conductor", as long as no Java has been there: each note holds for the score of its message, and each payload has
    a message.
    """
    own = f"{prefix}{OWN}."
    left = {key.decode() for key in client.scan_iter(f"{_escaped(own)}*", count=1_000)}
    left = {key for key in left if key.removeprefix(own).startswith(OF_QUEUES)}
    names = [name.decode() for name in _zset(client, own + "QUEUES")]
    left.discard(own + "QUEUES")
    for name in names:
        left -= _require_sound(client, own, name)
    left -= _require_sound_notes(client, prefix, f"{own}NOTES.")
    assert left == set(), "keys of queues that are in no set of names"


def _require_sound(client: redis.Redis, own: str, name: str) -> set[str]:
    messages = _hash(client, f"{own}QUEUE.{name}")
    levels = messages.pop(b"").decode().split()
    assert messages, f"queue '{name}' is empty"
    assert levels == sorted(set(levels), key=int, reverse=True)
    states = {id_: text.decode().split(" ", 4) for id_, text in messages.items()}
    due: dict[bytes, float] = {}
    for level in levels:
        ids = _zset(client, f"{own}DUE.{name}:{level}")
        assert ids, f"priority {level} of queue '{name}' isn't in use"
        assert all(states[id_][0] == level for id_ in ids)
        assert not due.keys() & ids.keys()
        due |= ids
    assert due.keys() == states.keys()
    for id_, end in _zset(client, f"{own}LEASES.{name}").items():
        assert states[id_][4]
        assert due[id_] == end
    payloads = _hash(client, f"{own}PAYLOADS.{name}")
    sizes = {id_: str(len(payload)) for id_, payload in payloads.items()}
    assert sizes == {id_: state[1] for id_, state in states.items() if state[1] != "-"}
    due_keys = {f"{own}DUE.{name}:{level}" for level in levels}
    return due_keys | {f"{own}{kind}.{name}" for kind in ("QUEUE", "LEASES", "PAYLOADS")}


def _require_sound_notes(client: redis.Redis, prefix: str, begin: str) -> set[str]:
    due_begin = f"{prefix}QUEUE."
    suffix = ".c_payload"
    names = {key.decode() for key in client.scan_iter(f"{_escaped(begin)}*", count=1_000)}
    queues = {name.removeprefix(begin) for name in names}
    for key in client.scan_iter(f"{_escaped(due_begin)}*{suffix}", count=1_000):
        queues.add(key.decode().removeprefix(due_begin).removesuffix(suffix))
    for queue in queues:
        due = _zset(client, f"{due_begin}{queue}.c")
        scores = {id_: float(note.split()[0]) for id_, note in _hash(client, begin + queue).items()}
        assert scores == {id_: due.get(id_) for id_ in scores}
        assert _hash(client, f"{due_begin}{queue}{suffix}").keys() <= due.keys()
    return names


def _hash(client: redis.Redis, key: str) -> dict[bytes, bytes]:
    found: Any = client.hgetall(key)
    return dict(found)


def _zset(client: redis.Redis, key: str) -> Mapping[bytes, float]:
    found: Any = client.zrange(key, 0, -1, withscores=True)
    return dict(found)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)
