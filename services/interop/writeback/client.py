"""One message to an EHR over MLLP, and its answer."""

from __future__ import annotations

import asyncio
import ssl

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
    tls = _tls() if address.tls else None
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


def failure_of(error: OSError) -> str:
    """What an operator is told of a try that failed: what to look at, and nothing that was said."""
    match error:
        case NotAnsweredError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return "its certificate is not of this host, or of no authority that is trusted here"
        case ssl.SSLError():
            return "TLS failed: it does not speak it, or does not take our certificate"
        case TimeoutError():
            return "no answer in time"
        case _:
            return "it cannot be reached"


def _tls() -> ssl.SSLContext:
    try:
        return WriteBackSettings().tls()
    except OSError:
        raise NotAnsweredError("a file of INTEROP_WRITE_BACK_TLS_… is no good here") from None


async def _answer(reader: asyncio.StreamReader) -> bytes:
    frames = Frames(LARGEST_ANSWER_BYTES)
    try:
        while chunk := await reader.read(4096):
            for answer in frames.feed(chunk):
                return answer
    except BrokenFrameError:
        raise NotAnsweredError("the answer is in no frame") from None
    raise NotAnsweredError("the EHR closed the connection without an answer")
