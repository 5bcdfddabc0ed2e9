"""The outside's side of interop's doors: an MLLP client and a FHIR client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import stamina

stamina.instrumentation.set_on_retry_hooks([])  # they would print what is posted

START, END = b"\x0b", b"\x1c\r"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform said: accepted, or refused with its reasons as it words them."""

    accepted: bool
    text: str


class MllpClient:
    """One MLLP connection: sends a message, waits for its acknowledgement (HL7 v2 MLLP R1)."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, message: bytes, *, within_seconds: float = 60) -> Answer:
        """Send a message; it is sent again, as it was, where the answer does not come."""
        deadline = asyncio.get_running_loop().time() + within_seconds
        while True:
            try:
                async with asyncio.timeout(20):
                    acknowledgement = await self._exchange(message)
            except (OSError, EOFError, TimeoutError):
                await self.close()
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.2)
                continue
            answer = _read(acknowledgement)
            if answer.accepted or "207^" not in answer.text.replace("&", "^"):
                return answer
            await asyncio.sleep(0.2)  # 207, application internal error: it says to try again

    async def _exchange(self, message: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(START + message + END)
        await writer.drain()
        return (await reader.readuntil(END)).removeprefix(START).removesuffix(END)

    async def close(self) -> None:
        """Close the connection, if it is open; sending opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _read(acknowledgement: bytes) -> Answer:
    lines = acknowledgement.decode("utf-8", "replace").split("\r")
    code = next((line.split("|")[1] for line in lines if line.startswith("MSA|")), "")
    errors = " ".join(line for line in lines if line.startswith("ERR|"))
    return Answer(code in ("AA", "CA"), f"{code} {errors}".strip())


@stamina.retry(on=httpx.TransportError, timeout=60, attempts=None, wait_initial=0.1, wait_max=1)
async def post(client: httpx.AsyncClient, path: str, **content: Any) -> httpx.Response:
    """Post, again where the service is away for a moment: every command here may be repeated."""
    return await client.post(path, **content)


async def post_bundle(client: httpx.AsyncClient, bundle: bytes, key: str) -> Answer:
    """Post a FHIR transaction bundle."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/fhir+json"}
    answer = await post(client, "/fhir", content=bundle, headers=headers)
    return Answer(answer.is_success, "" if answer.is_success else answer.text)
