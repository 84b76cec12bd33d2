"""What handlers' arguments must be before a store is asked, and what its answers mean."""

from __future__ import annotations

import pytest
from msgspec import UNSET, Raw

from podium_core.definitions import TableEventHandlerDAO
from podium_core.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    ResultTooLargeError,
)
from podium_core.models import EventHandler, collect
from podium_core.paging.resume_token import resume_token
from tests.core.definitions.memory_tables import MemoryHandlers
from tests.refused_arguments import HANDLERS_BY_TEXT, handler

BAD = ["", "a\x00b", "x" * 1_025]


@pytest.fixture
def table() -> MemoryHandlers:
    return MemoryHandlers()


@pytest.fixture
def dao(table: MemoryHandlers) -> TableEventHandlerDAO:
    return TableEventHandlerDAO(table)


class TestArguments:
    @pytest.mark.parametrize("case", HANDLERS_BY_TEXT)
    @pytest.mark.parametrize("text", BAD)
    async def test_is_checked_first(
        self, table: MemoryHandlers, dao: TableEventHandlerDAO, case: str, text: str
    ) -> None:
        field, call = HANDLERS_BY_TEXT[case]
        with pytest.raises(InvalidArgumentError) as caught:
            await call(dao, text)
        assert caught.value.field == field
        assert table.called == []

    async def test_a_handler_without_an_event_is_refused(self, dao: TableEventHandlerDAO) -> None:
        without = EventHandler(document=Raw(b"{}"), name="h", event=UNSET)
        for write in (dao.add_event_handler, dao.update_event_handler):
            with pytest.raises(InvalidArgumentError):
                await write(without)

    def test_a_token_of_another_stream_is_refused(self, dao: TableEventHandlerDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            dao.get_all_event_handlers(resume_token=resume_token("h", 1))


class TestAnswers:
    async def test_what_is_not_there_is_not_found(self, dao: TableEventHandlerDAO) -> None:
        with pytest.raises(NotFoundError, match="event handler 'h'"):
            await dao.update_event_handler(handler())
        with pytest.raises(NotFoundError, match="event handler 'h'"):
            await dao.remove_event_handler("h")

    async def test_a_handler_is_added_once(self, dao: TableEventHandlerDAO) -> None:
        await dao.add_event_handler(handler())
        with pytest.raises(AlreadyExistsError, match="event handler 'h'"):
            await dao.add_event_handler(handler())

    async def test_what_is_there_is_written_and_removed(
        self, table: MemoryHandlers, dao: TableEventHandlerDAO
    ) -> None:
        await dao.add_event_handler(handler())
        await dao.update_event_handler(handler(event="other"))
        await dao.remove_event_handler("h")
        assert table.called == ["add_handler of e", "replace_handler of other", "remove_handler"]
        assert table.stored == {}

    async def test_handlers_of_an_event_are_in_order_of_name(
        self, table: MemoryHandlers, dao: TableEventHandlerDAO
    ) -> None:
        for name in "bca":
            await dao.add_event_handler(handler(name))
        table.called.clear()
        found = await dao.get_event_handlers_for_event("e", active_only=True)
        assert [one.name for one in found] == ["a", "b", "c"]
        await dao.get_event_handlers_for_event("e")
        assert table.called == [
            "handlers_of_event e, active_only=True",
            "handlers_of_event e, active_only=False",
        ]

    async def test_a_stream_goes_on_where_its_token_says(
        self, table: MemoryHandlers, dao: TableEventHandlerDAO
    ) -> None:
        await collect(dao.get_all_event_handlers())
        await collect(dao.get_all_event_handlers(resume_token=resume_token("h")))
        assert table.called == ["handlers after ''", "handlers after 'h'"]

    async def test_more_than_an_answer_holds(self, table: MemoryHandlers) -> None:
        dao = TableEventHandlerDAO(table, max_answer_bytes=1)
        await dao.add_event_handler(handler())
        with pytest.raises(ResultTooLargeError):
            await dao.get_event_handlers_for_event("e")
