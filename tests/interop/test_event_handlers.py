"""Event handlers that Java and Podium write for each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium_core.definitions import event_handler_of
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import collect
from podium_core.models.json_text import to_raw
from tests.contract.daos import Daos
from tests.interop.java import JavaDaos, JavaError

MANY = 50


def handler(name: str, event: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "event": event, "active": True, "actions": [], **fields}


async def add(podium: Daos, document: dict[str, Any]) -> None:
    await podium.event_handlers.add_event_handler(event_handler_of(to_raw(document)))


async def update(podium: Daos, document: dict[str, Any]) -> None:
    await podium.event_handlers.update_event_handler(event_handler_of(to_raw(document)))


async def ours_of(podium: Daos, event: str) -> list[str]:
    found = await podium.event_handlers.get_event_handlers_for_event(event, active_only=True)
    return [each.name for each in found]


async def java_s_of(java: JavaDaos, event: str) -> list[str]:
    found = await java.event_handlers("getEventHandlersForEvent", event, True)
    return sorted(each["name"] for each in found)


async def test_ours_is_java_s(java: JavaDaos, podium: Daos) -> None:
    await add(podium, handler("h", "conductor:order:done"))
    assert await java_s_of(java, "conductor:order:done") == ["h"]
    assert [each["name"] for each in await java.event_handlers("getAllEventHandlers")] == ["h"]
    with pytest.raises(JavaError, match="ConflictException"):
        await java.event_handlers("addEventHandler", handler("h", "other"))


async def test_java_s_is_ours(java: JavaDaos, podium: Daos) -> None:
    await java.event_handlers("addEventHandler", handler("h", "conductor:order:done"))
    assert await ours_of(podium, "conductor:order:done") == ["h"]
    found = await collect(podium.event_handlers.get_all_event_handlers())
    assert [each.name for each in found] == ["h"]
    with pytest.raises(AlreadyExistsError):
        await add(podium, handler("h", "other"))


async def test_a_handler_that_each_moves_to_another_event(java: JavaDaos, podium: Daos) -> None:
    await java.event_handlers("addEventHandler", handler("h", "one"))
    await update(podium, handler("h", "two"))
    assert (await java_s_of(java, "one"), await java_s_of(java, "two")) == ([], ["h"])
    await java.event_handlers("updateEventHandler", handler("h", "three"))
    assert (await ours_of(podium, "two"), await ours_of(podium, "three")) == ([], ["h"])
    # Java has left its name with "two", where it fails itself once the handler is gone.
    await podium.event_handlers.remove_event_handler("h")
    for event in ("one", "two", "three"):
        assert await ours_of(podium, event) == []
    assert await java_s_of(java, "three") == []
    with pytest.raises(JavaError, match="NotFoundException"):
        await java.event_handlers("removeEventHandler", "h")


async def test_java_removes_ours(java: JavaDaos, podium: Daos) -> None:
    await add(podium, handler("h", "one"))
    await java.event_handlers("removeEventHandler", "h")
    assert await ours_of(podium, "one") == []
    with pytest.raises(NotFoundError):
        await podium.event_handlers.remove_event_handler("h")


async def test_at_once(java: JavaDaos, podium: Daos) -> None:
    await asyncio.gather(
        *(
            java.event_handlers("addEventHandler", handler(f"java-{n}", "done"))
            for n in range(MANY)
        ),
        *(add(podium, handler(f"podium-{n}", "done")) for n in range(MANY)),
    )
    names = sorted(f"{owner}-{n}" for owner in ("java", "podium") for n in range(MANY))
    assert await ours_of(podium, "done") == names
    assert await java_s_of(java, "done") == names
