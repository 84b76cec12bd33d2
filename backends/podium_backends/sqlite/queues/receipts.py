"""Receipts of leases: numbers in the file, texts outside."""

from __future__ import annotations

import random

# Each process seeds it from the system. Receipts are no secrets; they only have to be unique.
_random = random.Random()  # noqa: S311


def new_receipt() -> int:
    """A number that no lease had before."""
    return _random.getrandbits(63)


def receipt_text(number: int) -> str:
    """The text by which a consumer knows a lease."""
    return f"{number:016x}"


def receipt_number(receipt: str) -> int:
    """The number of a receipt's text; for any other text one that no message has."""
    try:
        number = int(receipt, 16) if len(receipt) <= 16 else -1
    except ValueError:
        return -1
    return number if number < 2**63 else -1
