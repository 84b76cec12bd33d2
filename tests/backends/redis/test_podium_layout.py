"""The keys of queues in the layout "podium"."""

from __future__ import annotations

import pytest
import redis

from podium_backends.redis.keys import Keys
from podium_core.errors import BackendUnavailableError, CorruptRecordError
from podium_core.models import PushMessage
from tests.backends.redis.queue_calls import AN_HOUR_MS, CALLS, QUEUE, fill, own_keys, push
from tests.backends.redis.stores import (
    Layout,
    RedisParts,
    end_keys,
    new_prefix,
    redis_parts,
    settings_at,
)
from tests.patience import PATIENCE_MS


@pytest.fixture
def layout() -> Layout:
    return "podium"


class TestKeys:
    async def test_an_empty_queue_leaves_none(self, store: RedisParts, prefix: str) -> None:
        await push(store, "m1", "m2", priority=3)
        await push(store, "m3", offset_ms=AN_HOUR_MS)
        (message,) = await store.queues.poll_messages(QUEUE, count=1)
        await store.queues.ack(QUEUE, message.id)
        await store.queues.remove(QUEUE, "m2")
        await store.queues.remove(QUEUE, "m3")
        assert await own_keys(store.link, prefix) == {}
        await push(store, "m1")
        await store.queues.flush(QUEUE)
        assert await own_keys(store.link, prefix) == {}

    async def test_names_that_look_like_keys_of_others(self, store: RedisParts) -> None:
        names = ["a", "a:1", "a:1:2", "a.", ".", " ", "QUEUE.a", "a.b"]
        for name in names:
            await store.queues.push(name, PushMessage(id=name, priority=1))
        assert await store.queues.queues_detail() == dict.fromkeys(sorted(names), 1)
        for name in names:
            assert await store.queues.pop(name, count=5) == [name]

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("key", ["QUEUES", "QUEUE", "PAYLOADS", "LEASES", "DUE", "a new DUE"])
    async def test_one_of_another_type_is_found_before_anything_is_written(
        self, store: RedisParts, prefix: str, key: str, call: str
    ) -> None:
        await fill(store)
        names = dict(
            zip(
                ["QUEUES", "QUEUE", "PAYLOADS", "LEASES", "DUE"],
                store.keys.queue(QUEUE),
                strict=True,
            )
        )
        level = "9" if key == "a new DUE" else "0"
        name = names["DUE"] + level if "DUE" in key else names[key]
        saved = await store.link.read("DUMP", name)
        await store.link.write("SET", name, "text")
        before = await own_keys(store.link, prefix)
        if (key == "a new DUE" and call not in {"push", "postpone"}) or (key, call) == (
            "QUEUES",
            "poll",
        ):
            await CALLS[call](store)  # has nothing to do with that key
        else:
            with pytest.raises(CorruptRecordError):
                await CALLS[call](store)
            assert await own_keys(store.link, prefix) == before
        await store.link.write("DEL", name)
        if saved is not None:
            await store.link.write("RESTORE", name, 0, saved)

    @pytest.mark.parametrize("key", ["1", "5", "LEASES", "PAYLOADS"])
    async def test_one_of_another_type_is_found_before_one_priority_of_several_is_leased(
        self, store: RedisParts, prefix: str, key: str
    ) -> None:
        for level in (5, 1):
            await push(store, f"m{level}", priority=level)
        assert isinstance(store.keys, Keys)
        _, _, payloads, leases, due = store.keys.queue(QUEUE)
        name = {"LEASES": leases, "PAYLOADS": payloads}.get(key, due + key)
        saved = await store.link.read("DUMP", name)
        await store.link.write("SET", name, "text")
        before = await own_keys(store.link, prefix)
        with pytest.raises(CorruptRecordError):
            await store.queues.poll_messages(QUEUE, count=2)
        assert await own_keys(store.link, prefix) == before
        await store.link.write("DEL", name)
        if saved is not None:
            await store.link.write("RESTORE", name, 0, saved)

    async def test_a_queue_whose_messages_were_evicted_goes_on(self, store: RedisParts) -> None:
        await push(store, "m1", "m2")
        await store.link.write("DEL", store.keys.queue(QUEUE)[1])
        await push(store, "m3")
        assert await store.queues.pop(QUEUE, count=5) == ["m3"]
        await store.queues.remove(QUEUE, "m3")

    async def test_a_user_who_may_not_publish_writes_nothing(
        self, redis_url: str, store: RedisParts, prefix: str
    ) -> None:
        user = new_prefix()
        rules = ("on", ">secret", "~*", "+@all", "resetchannels")
        await store.link.write("ACL", "SETUSER", user, *rules)
        settings = settings_at(redis_url, prefix).model_copy(update={"username": user})
        assert settings.username == user
        url = redis_url.replace("redis://", f"redis://{user}:secret@")
        try:
            async with redis_parts(url, prefix=prefix) as limited:
                with pytest.raises(BackendUnavailableError, match="ACL"):
                    await push(limited, "m1")
                with pytest.raises(BackendUnavailableError, match="ACL"):
                    await limited.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
        finally:
            await store.link.write("ACL", "DELUSER", user)
        assert await own_keys(store.link, prefix) == {}


def test_keys_that_do_not_fit_together_are_found(redis_url: str) -> None:
    """The check at the end of every test can fail."""
    prefix = new_prefix()
    with redis.Redis.from_url(redis_url) as client:
        client.hset(f"{prefix}.test.PODIUM.PAYLOADS.q", "m1", "left over")
    with pytest.raises(AssertionError, match="no set of names"):
        end_keys(redis_url, prefix)
