"""Takes mail over SMTP and keeps each message once, in a file named after its Message-ID."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from libs.local.files import write_whole

TAKEN = "250 kept"
UNREACHABLE = "550 5.1.2 no such domain"
LARGEST_MESSAGE_BYTES = 2**20


class Mailbox:
    """A folder of messages. `taken` counts answers, `kept` files: a mail sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.taken = 0
        self.kept = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse whom no mail can reach: nobody has a name under .invalid (RFC 2606 section 2)."""
        if address.lower().endswith(".invalid"):
            return UNREACHABLE
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message before it is answered for (aiosmtpd's hook; its name is fixed)."""
        content = envelope.original_content or b""
        self.kept += self._keep(content)
        self.taken += 1
        return TAKEN

    def _keep(self, content: bytes) -> bool:
        path = self.folder / f"{name_of(content)}.eml"
        if path.exists():
            return False
        write_whole(path, content)
        return True


def name_of(content: bytes) -> str:
    """SHA-256 of the Message-ID, of the whole message where it has none: no name tells a person."""
    message_id = BytesHeaderParser().parsebytes(content)["Message-ID"]
    named = str(message_id).strip().encode() if message_id else content
    return hashlib.sha256(named).hexdigest()


@asynccontextmanager
async def serving(mailbox: Mailbox, port: int = 0) -> AsyncIterator[int]:
    """Listen on loopback; yields the port. Raises OSError where the port is taken."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            mailbox, loop=loop, hostname="localhost", data_size_limit=LARGEST_MESSAGE_BYTES
        ),
        "127.0.0.1",
        port,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
