"""Whether the keys of queues fit together: what every test leaves behind has to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import redis

OF_QUEUES = ("QUEUES", "QUEUE.", "PAYLOADS.", "LEASES.", "DUE.")


def require_sound_queues(client: redis.Redis, own: str) -> None:
    """Fail unless the keys below ``own`` (``<prefix>.PODIUM.``) that queues have are those of sound queues.

    Each message is in one sorted set of due times, that of its priority; leases are of messages, and end when these are due;
    payloads are as long as their messages say; an empty queue has no keys.
    """
    left = {key.decode() for key in client.scan_iter(f"{_escaped(own)}*", count=1_000)}
    left = {key for key in left if key.removeprefix(own).startswith(OF_QUEUES)}
    names = [name.decode() for name in _zset(client, own + "QUEUES")]
    left.discard(own + "QUEUES")
    for name in names:
        left -= _require_sound(client, own, name)
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


def _hash(client: redis.Redis, key: str) -> dict[bytes, bytes]:
    found: Any = client.hgetall(key)
    return dict(found)


def _zset(client: redis.Redis, key: str) -> Mapping[bytes, float]:
    found: Any = client.zrange(key, 0, -1, withscores=True)
    return dict(found)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)
