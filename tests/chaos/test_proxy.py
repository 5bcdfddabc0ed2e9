"""The proxy does to connections what it says; else a fault of the network would be none."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest

from tests.chaos.proxy import Direction, Proxy


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[Proxy, list[bytes]]]:
    """A proxy before a server that answers each line with itself, and what that server heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                heard.append(line)
                writer.write(line)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with Proxy.listening(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy, heard
    server.close()


async def heard_within(reader: asyncio.StreamReader, seconds: float = 5) -> bytes:
    return await asyncio.wait_for(reader.readline(), seconds)


async def test_what_is_held_arrives_late_and_whole() -> None:
    async with echo() as (proxy, heard):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one\n")
        assert await heard_within(reader) == b"one\n"
        assert proxy.passed == 2, "there and back"
        proxy.hold(Direction.to_server)
        writer.write(b"two\n")
        with pytest.raises(TimeoutError):
            await heard_within(reader, 0.3)
        assert heard == [b"one\n"]
        assert proxy.struck == 1
        proxy.mend()
        assert await heard_within(reader) == b"two\n"
        writer.close()


async def test_a_server_whose_answers_are_lost_has_heard_and_the_client_is_reset_at_the_end() -> (
    None
):
    async with echo() as (proxy, heard):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one\n")
        assert await heard_within(reader) == b"one\n"
        proxy.lose(Direction.from_server)
        writer.write(b"two\n")
        with pytest.raises(TimeoutError):
            await heard_within(reader, 0.3)
        assert heard == [b"one\n", b"two\n"]
        proxy.mend()
        with pytest.raises(ConnectionResetError):
            await heard_within(reader)


async def test_the_reset_of_a_client_that_is_cut_off_arrives_no_sooner_than_its_bytes() -> None:
    """A process that is killed resets what it has not read; its machine would say nothing."""
    async with echo() as (proxy, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one\n")
        assert await heard_within(reader) == b"one\n"
        for direction in Direction:
            proxy.hold(direction)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, linger)
        writer.transport.abort()
        async with asyncio.timeout(5):
            while not proxy.struck:
                await asyncio.sleep(0.01)
            assert proxy.connections == 1, "the server's end stands"
            proxy.mend()
            while proxy.connections:
                await asyncio.sleep(0.01)


async def test_a_reset_ends_every_connection_and_new_ones_are_well() -> None:
    async with echo() as (proxy, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one\n")
        assert await heard_within(reader) == b"one\n"
        assert proxy.connections == 1
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await heard_within(reader)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"again\n")
        assert await heard_within(reader) == b"again\n"
        writer.close()


async def test_a_delay_holds_each_read_back_for_so_long() -> None:
    async with echo() as (proxy, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.delay(0.3)
        begun = asyncio.get_running_loop().time()
        writer.write(b"one\n")
        assert await heard_within(reader) == b"one\n"
        assert asyncio.get_running_loop().time() - begun >= 0.6
        writer.close()
