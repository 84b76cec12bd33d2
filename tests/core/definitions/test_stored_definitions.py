"""Documents that another program may have stored: read as what they are, or refused as corrupt."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from podium_core.definitions import stored_event_handler, stored_task_def, stored_workflow_def
from podium_core.errors import CorruptRecordError

Read = Callable[[bytes], object]
READS: dict[str, Read] = {
    "task definition 'x'": lambda document: stored_task_def(document, "x"),
    "workflow definition 'x:2'": lambda document: stored_workflow_def(document, "x", 2),
    "event handler 'x'": lambda document: stored_event_handler(document, "x"),
}


def test_gives_what_identifies_them() -> None:
    assert stored_task_def(b'{"name": "t"}', "t").name == "t"
    found = stored_workflow_def(b'{"name": "w", "version": 2}', "w", 2)
    assert (found.name, found.version) == ("w", 2)
    assert stored_event_handler(b'{"name": "h", "event": "e"}', "h").event == "e"


@pytest.mark.parametrize("called", READS)
@pytest.mark.parametrize("document", [b"", b"{", b"[]", b"{}", b'{"name": "\xff"}'])
def test_refuses_what_can_not_be_read(called: str, document: bytes) -> None:
    with pytest.raises(CorruptRecordError, match=called):
        READS[called](document)
