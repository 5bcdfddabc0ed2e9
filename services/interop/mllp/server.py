"""HL7 v2 over MLLP: one asyncio server, many connections, each answered in its own order.

Source: HL7 v2 Minimal Lower Layer Protocol, release 1 (VT message FS CR). A connection is read
again only after its answer is written, so a sender that does not listen is not read either.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog

from libs.events.transport import Work
from libs.events.transport.steps import reached
from services.interop.mllp.answer import NO_NAMES, Names, refuse_frame
from services.interop.mllp.answer_batch import answer_frame
from services.interop.mllp.framing import BrokenFrameError, Frames, frame
from services.interop.mllp.settings import MllpSettings

log = structlog.get_logger("interop.mllp")
CHUNK_BYTES = 64 * 1024
STOP_SECONDS = 10
BACKLOG = 1024
"""Connections that wait to be accepted: after a restart all EHRs come back at once."""
OTHER_FILES = 256
"""What this process holds open beside its MLLP connections."""


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
    talks: set[asyncio.Task[None]] = set()
    make_room(settings.most_connections + OTHER_FILES)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(talks) >= settings.most_connections:
            log.warning("connection refused", reason="too many", most=settings.most_connections)
            writer.close()
            return
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        task = asyncio.create_task(_converse(reader, writer, work, settings))
        talks.add(task)
        task.add_done_callback(talks.discard)

    tls = settings.tls()
    server = await asyncio.start_server(
        accept,
        settings.host,
        settings.port,
        backlog=BACKLOG,
        ssl=tls,
        ssl_handshake_timeout=settings.frame_seconds if tls else None,
    )
    port: int = server.sockets[0].getsockname()[1]
    log.info("listening", host=settings.host, port=port, tls=tls is not None)
    try:
        yield port
    finally:
        server.close()
        await _let_finish(set(talks))


def make_room(files: int) -> None:
    """Allow this process so many open files, as far as its hard limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = files if hard == unlimited else min(files, hard)
    if soft != unlimited and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < files:
        log.warning("fewer connections than configured", open_files=wanted, wanted=files)


async def _let_finish(talks: set[asyncio.Task[None]]) -> None:
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
    names = _names(writer.get_extra_info("peercert"))
    try:
        async for raw in _messages(reader, settings):
            await _reply(raw, writer, work, names, settings)
    except BrokenFrameError as broken:
        log.warning("frame refused", reason=str(broken))
        writer.write(frame(refuse_frame(broken, work)))
    except TimeoutError:
        log.warning("connection cut off", reason="its answers were not read")
        writer.transport.abort()
    except OSError:
        log.info("connection lost")
    finally:
        writer.close()


async def _messages(reader: asyncio.StreamReader, settings: MllpSettings) -> AsyncIterator[bytes]:
    """The messages of a connection, until it ends or is idle; BrokenFrameError for a slow one."""
    loop = asyncio.get_running_loop()
    frames = Frames(settings.largest_message_bytes)
    began: float | None = None
    while True:
        until = loop.time() + settings.idle_seconds
        if began is not None:
            until = began + settings.frame_seconds
        try:
            async with asyncio.timeout_at(until):
                chunk = await reader.read(CHUNK_BYTES)
        except TimeoutError:
            if began is None:
                return
            raise BrokenFrameError(
                f"a message that did not end, with FS and CR, in {settings.frame_seconds:g} seconds"
            ) from None
        if not chunk:
            return
        for raw in frames.feed(chunk):
            yield raw
            began = None
        if not frames.is_open:
            began = None
        elif began is None:
            began = loop.time()


async def _reply(
    raw: bytes, writer: asyncio.StreamWriter, work: Work, names: Names, settings: MllpSettings
) -> None:
    """Answer one frame; told to stop, answer it all the same and then stop."""
    storing = asyncio.ensure_future(answer_frame(raw, work, names))
    try:
        answered = await asyncio.shield(storing)
    except asyncio.CancelledError:
        writer.writelines(map(frame, await storing))
        raise
    writer.writelines(map(frame, answered))
    reached("mllp.answered")
    async with asyncio.timeout(settings.answer_seconds):
        await writer.drain()


def _names(certificate: Any) -> Names:
    """What a client's certificate says it is; nothing where none was asked for."""
    if not certificate:
        return NO_NAMES
    subject = {name: value for (pair, *_) in certificate["subject"] for name, value in [pair]}
    found = {value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"}
    return frozenset(found | {subject.get("commonName", "")} - {""})
