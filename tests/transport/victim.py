"""A test service in a process of its own: it is there to be killed."""

from __future__ import annotations

import asyncio
import sys

from libs.events.transport.runtime import running
from tests.transport.ledger import ledger, teller


async def main(name: str, dsn: str, kafka: str) -> None:
    service = {"teller": teller, "ledger": ledger}[name]
    async with running(service, dsn=dsn, kafka=kafka, instance="0"):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
