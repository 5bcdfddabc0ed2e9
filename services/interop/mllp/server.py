"""HL7 v2 over MLLP: one asyncio server, many connections, each answered in its own order.

Source: HL7 v2 Minimal Lower Layer Protocol, release 1 (VT message FS CR). A connection is read
again only after its answer is written, so a sender that does not listen is not read either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog

from libs.events.transport import Work
from services.interop.mllp.answer import answer, refuse_frame
from services.interop.mllp.framing import BrokenFrameError, Frames, frame
from services.interop.mllp.settings import MllpSettings

log = structlog.get_logger("interop.mllp")
CHUNK_BYTES = 64 * 1024
STOP_SECONDS = 10


def start_mllp(work: Work) -> AbstractAsyncContextManager[None]:
    """Listen as the environment says, for as long as the context is open."""
    return _listen(work, MllpSettings())


@asynccontextmanager
async def _listen(work: Work, settings: MllpSettings) -> AsyncIterator[None]:
    async with serve_mllp(work, settings):
        yield


@asynccontextmanager
async def serve_mllp(work: Work, settings: MllpSettings) -> AsyncIterator[int]:
    """Listen; the value is the port. At the end, what is being answered is answered first."""
    talks: dict[asyncio.Task[None], asyncio.StreamReader] = {}

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(talks) >= settings.most_connections:
            log.warning("connection refused", reason="too many", most=settings.most_connections)
            writer.close()
            return
        task = asyncio.create_task(_converse(reader, writer, work, settings))
        talks[task] = reader
        task.add_done_callback(talks.pop)

    server = await asyncio.start_server(accept, settings.host, settings.port)
    port: int = server.sockets[0].getsockname()[1]
    log.info("listening", host=settings.host, port=port)
    try:
        yield port
    finally:
        server.close()
        await _let_finish(dict(talks))


async def _let_finish(talks: dict[asyncio.Task[None], asyncio.StreamReader]) -> None:
    """Idle conversations end now; one that is storing a message answers it first."""
    for task in talks:
        task.cancel()
    if talks:
        await asyncio.wait(talks, timeout=STOP_SECONDS)


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    work: Work,
    settings: MllpSettings,
) -> None:
    """Read, answer, read on; a broken frame ends this connection and no other."""
    frames = Frames(settings.largest_message_bytes)
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            for raw in frames.feed(chunk):
                await _reply(raw, writer, work)
    except BrokenFrameError as broken:
        log.warning("frame refused", reason=str(broken))
        writer.write(frame(refuse_frame(broken, work)))
    except (ConnectionError, TimeoutError):
        log.info("connection lost")
    finally:
        writer.close()


async def _reply(raw: bytes, writer: asyncio.StreamWriter, work: Work) -> None:
    """Answer one message; told to stop, answer it all the same and then stop."""
    storing = asyncio.ensure_future(answer(raw, work))
    try:
        acknowledgement = await asyncio.shield(storing)
    except asyncio.CancelledError:
        writer.write(frame(await storing))
        raise
    writer.write(frame(acknowledgement))
    await writer.drain()
