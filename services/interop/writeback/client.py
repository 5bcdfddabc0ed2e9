"""One message to an EHR over MLLP, and its answer."""

from __future__ import annotations

import asyncio

from libs.events.transport.steps import reached
from services.interop.connections.model import WriteBack
from services.interop.mllp.framing import BrokenFrameError, Frames, frame
from services.interop.writeback.model import NotAnsweredError
from services.interop.writeback.settings import WriteBackSettings

CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
LARGEST_ANSWER_BYTES = 64 * 1024


async def exchange(message: bytes, address: WriteBack) -> bytes:
    """The EHR's answer; raises OSError where none comes, and then nobody knows what it has.

    Over TLS the EHR's certificate is checked, also for its name, which is the host's.
    """
    tls = WriteBackSettings().tls() if address.tls else None
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            writer.write(frame(message))
            await writer.drain()
            reached("write-back.sent")
            return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    frames = Frames(LARGEST_ANSWER_BYTES)
    try:
        while chunk := await reader.read(4096):
            for answer in frames.feed(chunk):
                return answer
    except BrokenFrameError:
        raise NotAnsweredError("the answer is in no frame") from None
    raise NotAnsweredError("the EHR closed the connection without an answer")
