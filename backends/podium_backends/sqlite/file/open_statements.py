"""Ends the statements that a failed query has left open."""

from __future__ import annotations

import inspect
import traceback
from contextlib import suppress

_SUSPENDABLE = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def end_statements(error: BaseException) -> None:
    """Clear the frames of an error, and of those that led to it, of the cursors in them.

    A statement that isn't finished holds its connection to one state of the file: for as long as somebody keeps the error,
    everybody who reads by that connection would see the old state.
    """
    last: BaseException | None = error
    while last is not None:
        for frame, _ in traceback.walk_tb(last.__traceback__):
            # Of an error that several tasks share, the frame of a coroutine may go on: clearing would end it.
            if not frame.f_code.co_flags & _SUSPENDABLE:
                with suppress(RuntimeError):  # it is being executed
                    frame.clear()
        last = last.__context__
