"""`python -m libs.local.mail --port P --maildir DIR`: take and keep mail until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from libs.local.mail.kept import Mailbox, serving


def main() -> int:
    """0 after SIGTERM or SIGINT, 2 where the port is taken."""
    parser = argparse.ArgumentParser("mail", description="Takes mail over SMTP and keeps it.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0: a free one")
    parser.add_argument("--maildir", type=Path, required=True, help="a file per message")
    given = parser.parse_args()
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it would log addresses
    try:
        asyncio.run(_run(Mailbox(given.maildir), given.port))
    except OSError as error:
        print(f"cannot listen on port {given.port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _run(mailbox: Mailbox, port: int) -> None:
    stop = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    async with serving(mailbox, port) as listening:
        print(f"mail on 127.0.0.1:{listening}", flush=True)
        told = 0
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), timeout=1)
            except TimeoutError:
                if mailbox.taken != told:
                    print(f"taken {mailbox.taken - told}, kept {mailbox.kept} in all", flush=True)
                    told = mailbox.taken


if __name__ == "__main__":
    sys.exit(main())
