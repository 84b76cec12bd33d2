"""What every store refuses alike, before it reads or writes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.models import collect
from tests.contract.daos import Daos
from tests.refused_arguments import (
    HANDLERS_BY_TEXT,
    METADATA_BY_NAME,
    METADATA_BY_VERSION,
    POLLS_BY_NAME,
    READS_BY_TEXT,
    REFUSED_READS,
    ByText,
)

NO_TEXTS = ["", "a\x00b", "x" * 1_025]


async def carry_out(call: Callable[[], Any]) -> None:
    """Wait for the answer of a call, or for all that its stream gives."""
    answer = call()
    await (collect(answer) if hasattr(answer, "__aiter__") else answer)


async def refuse(name: str, call: Callable[[], Any]) -> None:
    """Check the error of a call. It names a field; on the wire that is the request's."""
    with pytest.raises(InvalidArgumentError) as caught:
        await carry_out(call)
    assert caught.value.field, name


async def refuse_texts(dao: object, calls: Mapping[str, tuple[str, ByText]]) -> None:
    for name, (_, call) in calls.items():
        for text in NO_TEXTS:
            await refuse(name, partial(call, dao, text))


async def test_reads_of_executions(daos: Daos) -> None:
    await refuse_texts(daos.executions, READS_BY_TEXT)
    for name, (_, call) in REFUSED_READS.items():
        await refuse(name, partial(call, daos.executions))


async def test_definitions(daos: Daos) -> None:
    await refuse_texts(daos.metadata, METADATA_BY_NAME)
    for name, (_, call) in METADATA_BY_VERSION.items():
        await refuse(name, partial(call, daos.metadata, 0))


async def test_event_handlers(daos: Daos) -> None:
    await refuse_texts(daos.event_handlers, HANDLERS_BY_TEXT)


async def test_poll_data(daos: Daos) -> None:
    await refuse_texts(daos.poll_data, POLLS_BY_NAME)
    update = daos.poll_data.update_last_poll_data
    await refuse("the worker", partial(update, "encode", None, "w\x00"))
    await refuse("the domain", partial(update, "encode", "d\x00", "w"))
    await refuse("the domain asked for", partial(daos.poll_data.get_poll_data, "encode", "d\x00"))
