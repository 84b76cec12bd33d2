"""EventHandlerDAO: handlers come back byte for byte, and by their event."""

from __future__ import annotations

import pytest
from msgspec import Raw

from podium_core.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from podium_core.models import EventHandler, collect
from podium_core.models.json_text import raw_bytes
from podium_core.ports import EventHandlerDAO
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS

EVENT = "sqs:orders"


def make_event_handler(
    name: str = "h1", *, event: str = EVENT, active: bool = True, padding: int = 0
) -> EventHandler:
    document = (
        f'{{ "name" : "{name}", "event": "{event}", "active": {str(active).lower()},\n'
        f'"limit": 1.00, "description": "{"x" * padding}é" }}'
    )
    return EventHandler(document=Raw(document.encode()), name=name, event=event, active=active)


async def names_for(
    event_handler_dao: EventHandlerDAO, event: str = EVENT, *, active_only: bool = False
) -> list[str]:
    found = await event_handler_dao.get_event_handlers_for_event(event, active_only=active_only)
    return [event_handler.name for event_handler in found]


class TestAddEventHandler:
    async def test_stores_the_document_byte_for_byte(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        handler = make_event_handler()
        await event_handler_dao.add_event_handler(handler)
        (stored,) = await event_handler_dao.get_event_handlers_for_event(EVENT)
        assert raw_bytes(stored.document) == raw_bytes(handler.document)
        assert (stored.name, stored.event, stored.active) == ("h1", EVENT, True)

    async def test_of_a_name_that_is_there_is_an_error(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        await event_handler_dao.add_event_handler(make_event_handler())
        with pytest.raises(AlreadyExistsError) as caught:
            await event_handler_dao.add_event_handler(make_event_handler(event="other"))
        assert caught.value.name == "h1"
        assert await names_for(event_handler_dao) == ["h1"]
        assert await names_for(event_handler_dao, "other") == []

    @pytest.mark.parametrize(("name", "event"), [("", EVENT), ("h1", "")])
    async def test_refuses_a_handler_without_name_or_event(
        self, event_handler_dao: EventHandlerDAO, name: str, event: str
    ) -> None:
        with pytest.raises(InvalidArgumentError):
            await event_handler_dao.add_event_handler(make_event_handler(name, event=event))


class TestUpdateEventHandler:
    async def test_stores_the_handler_again(self, event_handler_dao: EventHandlerDAO) -> None:
        await event_handler_dao.add_event_handler(make_event_handler())
        newer = make_event_handler(active=False, padding=3)
        await event_handler_dao.update_event_handler(newer)
        (stored,) = await event_handler_dao.get_event_handlers_for_event(EVENT)
        assert raw_bytes(stored.document) == raw_bytes(newer.document)
        assert not stored.active

    async def test_with_another_event_it_leaves_the_former(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        await event_handler_dao.add_event_handler(make_event_handler())
        await event_handler_dao.update_event_handler(make_event_handler(event="other"))
        assert await names_for(event_handler_dao) == []
        assert await names_for(event_handler_dao, "other") == ["h1"]

    async def test_of_an_unknown_name_is_an_error(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(NotFoundError):
            await event_handler_dao.update_event_handler(make_event_handler())
        assert await names_for(event_handler_dao) == []

    async def test_refuses_an_empty_name(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await event_handler_dao.update_event_handler(make_event_handler(""))


class TestRemoveEventHandler:
    async def test_removes_it(self, event_handler_dao: EventHandlerDAO) -> None:
        await event_handler_dao.add_event_handler(make_event_handler())
        await event_handler_dao.remove_event_handler("h1")
        assert await names_for(event_handler_dao) == []
        assert await collect(event_handler_dao.get_all_event_handlers()) == []

    async def test_after_its_event_changed_both_events_are_empty(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        await event_handler_dao.add_event_handler(make_event_handler())
        await event_handler_dao.update_event_handler(make_event_handler(event="other"))
        await event_handler_dao.remove_event_handler("h1")
        assert await names_for(event_handler_dao) == []
        assert await names_for(event_handler_dao, "other") == []

    async def test_of_an_unknown_name_is_an_error(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(NotFoundError) as caught:
            await event_handler_dao.remove_event_handler("unknown")
        assert caught.value.name == "unknown"

    async def test_refuses_an_empty_name(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await event_handler_dao.remove_event_handler("")


class TestGetAllEventHandlers:
    async def test_is_empty_without_any(self, event_handler_dao: EventHandlerDAO) -> None:
        assert await collect(event_handler_dao.get_all_event_handlers()) == []

    async def test_streams_active_and_inactive_ones(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        await event_handler_dao.add_event_handler(make_event_handler("b", active=False))
        await event_handler_dao.add_event_handler(make_event_handler("a", event="other"))
        found = await collect(event_handler_dao.get_all_event_handlers())
        assert sorted((handler.name, handler.active) for handler in found) == [
            ("a", True),
            ("b", False),
        ]

    async def test_goes_on_behind_a_resume_token(self, event_handler_dao: EventHandlerDAO) -> None:
        names = [f"h{n}" for n in range(8)]
        for name in names:
            await event_handler_dao.add_event_handler(make_event_handler(name, padding=100_000))
        pages = [page async for page in event_handler_dao.get_all_event_handlers()]
        assert len(pages) > 1
        assert pages[-1].resume_token == ""
        rest = await collect(
            event_handler_dao.get_all_event_handlers(resume_token=pages[0].resume_token)
        )
        assert sorted(handler.name for handler in (*pages[0].items, *rest)) == names

    async def test_refuses_a_token_that_is_none(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await collect(event_handler_dao.get_all_event_handlers(resume_token="nonsense!"))
        assert caught.value.field == "resume_token"


class TestGetEventHandlersForEvent:
    async def test_answers_them_in_order_of_name(self, event_handler_dao: EventHandlerDAO) -> None:
        for name in ("c", "a", "b"):
            await event_handler_dao.add_event_handler(make_event_handler(name))
        await event_handler_dao.add_event_handler(make_event_handler("d", event="other"))
        assert await names_for(event_handler_dao) == ["a", "b", "c"]

    async def test_active_only_leaves_the_others_out(
        self, event_handler_dao: EventHandlerDAO
    ) -> None:
        await event_handler_dao.add_event_handler(make_event_handler("active"))
        await event_handler_dao.add_event_handler(make_event_handler("idle", active=False))
        assert await names_for(event_handler_dao, active_only=True) == ["active"]
        assert await names_for(event_handler_dao) == ["active", "idle"]

    async def test_is_empty_for_an_unknown_event(self, event_handler_dao: EventHandlerDAO) -> None:
        assert await names_for(event_handler_dao, "unknown") == []

    async def test_refuses_an_empty_event(self, event_handler_dao: EventHandlerDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await event_handler_dao.get_event_handlers_for_event("")
