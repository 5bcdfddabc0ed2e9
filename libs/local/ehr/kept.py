"""Takes HL7 v2 messages over MLLP and keeps each MSH-10 once, in files numbered as they came."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.local.files import write_whole

START, END = b"\x0b", b"\x1c\r"


class Inbox:
    """A folder of messages. `taken` counts answers, `kept` files: one sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._known = {path.stem.partition("-")[2] for path in folder.glob("*.hl7")}
        self.taken = 0
        self.kept = 0

    def take(self, message: bytes) -> bytes | None:
        """Keep the message, then acknowledge it; None would be no answer at all."""
        header = message.split(b"\r", 1)[0].split(b"|")
        control_id = header[9] if len(header) > 9 else b""
        self.kept += self._keep(control_id, message)
        self.taken += 1
        return acknowledge("AA", control_id)

    def _keep(self, control_id: bytes, message: bytes) -> bool:
        name = hashlib.sha256(control_id).hexdigest()[:32]
        if name in self._known:
            return False
        self._known.add(name)
        write_whole(self.folder / f"{len(self._known):06d}-{name}.hl7", message)
        return True


def acknowledge(code: str, control_id: bytes, *more: str) -> bytes:
    """MSH and MSA (HL7 v2.5.1 §2.9.2), and further segments."""
    head = f"MSH|^~\\&|SAMPLEHR||MAINSTAY||||ACK|{control_id.decode()}|P|2.5.1"
    return "\r".join([head, f"MSA|{code}|{control_id.decode()}", *more, ""]).encode()


@asynccontextmanager
async def serving(
    inbox: Inbox, port: int = 0, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Listen on loopback; yields the port. Raises OSError where the port is taken."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                framed = await reader.readuntil(END)
                answer = inbox.take(framed.removeprefix(START).removesuffix(END))
                if answer is None:
                    return
                writer.write(START + answer + END)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it has said all
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", port, limit=4 * 1024 * 1024, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
