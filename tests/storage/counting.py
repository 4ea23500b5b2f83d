"""Work that comes to nothing where two processes do it at once and are not kept apart; run as a program, too."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from storage import SqliteStore

TIMES = 25


async def count_up(store: SqliteStore, name: bytes) -> None:
    for _ in range(TIMES):
        async with store.lock("counting"):
            await store.put("locked", _one_more(await store.get("locked")))
        while True:
            old = await store.get("swapped")
            if await store.swap("swapped", old, _one_more(old)):
                break
    await store.claim({f"key/{number}": name for number in range(50)})


def _one_more(number: bytes | None) -> bytes:
    return str(int(number or b"0") + 1).encode()


async def main() -> None:
    async with SqliteStore(Path(sys.argv[1])) as store:
        await store.get("locked")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await count_up(store, b"the other process")


if __name__ == "__main__":
    anyio.run(main)
