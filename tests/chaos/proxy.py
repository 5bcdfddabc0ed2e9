"""A TCP proxy that can cut either direction of its connections, and mend them again.

It stands between clients and one server, so that a network fault needs no privilege. The proxy
only reads while it may forward: a held direction pushes back on its sender as a lost network does,
and what was sent meanwhile arrives late, after the mending, as TCP would send it again.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from socket import SO_LINGER, SOL_SOCKET
from typing import Self

CHUNK_BYTES = 64 * 1024


class Direction(Enum):
    """Whose bytes are meant."""

    to_server = "to-server"
    from_server = "from-server"


class Link:
    """One connection through the proxy: two pumps, which end together."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.writers = (near, far)
        self.broken = False
        """Bytes of it were lost: it can only be reset."""

    def reset(self) -> None:
        """Close both ends with RST, as a host does that knows nothing of the connection."""
        for writer in self.writers:
            with suppress(OSError):
                # SO_LINGER with zero seconds: close discards and resets (POSIX, close()).
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, linger)
            writer.transport.abort()


class Proxy:
    """Listens on `port` and forwards to `server_port` on loopback."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.struck = 0
        """How many reads and connections a fault has held, lost, delayed or reset."""
        self.passed = 0
        """How many reads were forwarded."""
        self._flows = {direction: asyncio.Event() for direction in Direction}
        self._lossy: set[Direction] = set()
        self._delay_seconds = 0.0
        self._links: set[Link] = set()
        self.mend()

    @classmethod
    @asynccontextmanager
    async def listening(cls, server_port: int) -> AsyncIterator[Self]:
        """The proxy on a free port, until the context ends."""
        proxy = cls(server_port)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            proxy.reset()
            proxy.mend()

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._links)

    def hold(self, direction: Direction) -> None:
        """Hold back what goes in this direction; it arrives late, once mended."""
        self._flows[direction].clear()

    def lose(self, direction: Direction) -> None:
        """Lose what goes in this direction; such connections are reset once mended."""
        self._lossy.add(direction)

    def delay(self, seconds: float) -> None:
        """Forward every read of both directions so much later."""
        self._delay_seconds = seconds

    def reset(self) -> None:
        """Reset every connection that is open now."""
        self.struck += len(self._links)
        for link in list(self._links):
            link.reset()

    def mend(self) -> None:
        """Let everything flow again."""
        self._delay_seconds = 0.0
        self._lossy.clear()
        for link in list(self._links):
            if link.broken:
                link.reset()
        for flow in self._flows.values():
            flow.set()

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            near.transport.abort()
            return
        link = Link(near, far)
        self._links.add(link)
        pumps = [
            asyncio.create_task(self._pump(reader, far, Direction.to_server, link)),
            asyncio.create_task(self._pump(far_reader, near, Direction.from_server, link)),
        ]
        try:
            await asyncio.gather(*pumps)
        except (OSError, asyncio.CancelledError):
            pass  # the other end finds out by the close below
        finally:
            for pump in pumps:
                pump.cancel()
            self._links.discard(link)
            for writer in link.writers:
                writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: Direction,
        link: Link,
    ) -> None:
        while True:
            chunk = await _read(reader)
            if self._delay_seconds:
                self.struck += 1
                await asyncio.sleep(self._delay_seconds)
            if not self._flows[direction].is_set():
                self.struck += 1
                await self._flows[direction].wait()
            if direction in self._lossy:
                self.struck += 1
                link.broken = True
                if chunk:
                    continue
                await asyncio.Event().wait()  # not even the close arrives, until the reset
            if not chunk:
                raise ConnectionResetError  # one side has ended: so does the link
            self.passed += 1
            writer.write(chunk)
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Empty where the sender has ended; a reset, too, arrives no sooner than bytes would."""
    try:
        return await reader.read(CHUNK_BYTES)
    except ConnectionError:
        return b""
