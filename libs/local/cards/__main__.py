"""`python -m libs.local.cards --port P --folder DIR`: charge nobody until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from libs.local.cards.processor import Processor, serving


def main() -> int:
    """0 after SIGTERM or SIGINT, 2 where the port is taken."""
    parser = argparse.ArgumentParser("cards", description="Takes charges over HTTP, keeps them.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0: a free one")
    parser.add_argument("--folder", type=Path, required=True, help="a file for each key")
    parser.add_argument("--key", default="", help="the bearer key; none: any")
    given = parser.parse_args()
    try:
        asyncio.run(_run(Processor(given.folder, given.key), given.port))
    except OSError as error:
        print(f"cannot listen on port {given.port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _run(processor: Processor, port: int) -> None:
    stop = asyncio.Event()
    async with serving(processor, port) as listening:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
        print(f"cards on 127.0.0.1:{listening}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
