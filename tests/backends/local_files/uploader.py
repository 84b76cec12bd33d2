"""A process that uploads versions of one payload until it is killed: ``python -m … <folder> <first version>``.

It prints each version once it is acknowledged, and the error's name where one is refused.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from podium_core.errors import StorageError
from tests.backends.local_files.stores import PATH, local_files, payloads_of

MB = 1024 * 1024
SIZE = 5 * MB


async def version(number: int) -> AsyncIterator[bytes]:
    """The chunks of a version: its number, over and over."""
    for _ in range(SIZE // MB):
        yield number.to_bytes(4, "big") * (MB // 4)


async def main(folder: Path, first: int) -> None:
    """Upload for ever."""
    async with local_files(folder) as store:
        for number in itertools.count(first):
            try:
                await payloads_of(store).upload(version(number), path=PATH)
            except StorageError as error:
                sys.stdout.write(f"{type(error).__name__}\n")
            else:
                sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
