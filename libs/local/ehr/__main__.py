"""`python -m libs.local.ehr --port P --folder DIR`: take and keep messages until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from libs.local.ehr.kept import Inbox, serving


def main() -> int:
    """0 after SIGTERM or SIGINT, 2 where the port is taken."""
    parser = argparse.ArgumentParser("ehr", description="Takes HL7 v2 over MLLP and keeps it.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0: a free one")
    parser.add_argument("--folder", type=Path, required=True, help="a file per message")
    given = parser.parse_args()
    try:
        asyncio.run(_run(Inbox(given.folder), given.port))
    except OSError as error:
        print(f"cannot listen on port {given.port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _run(inbox: Inbox, port: int) -> None:
    stop = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    async with serving(inbox, port) as listening:
        print(f"EHR on 127.0.0.1:{listening}", flush=True)
        await stop.wait()
        print(f"taken {inbox.taken}, kept {inbox.kept}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
