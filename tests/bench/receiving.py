"""HL7 v2 visits (DFT^P03) over MLLP, each stored with its events before it is acknowledged.

The service runs in two processes with their relays, as two replicas, and the EHRs in this one: 40
practices with a connection each, while 1,000 more connections are open and quiet. Every message is
a new patient's, of whom it tells who pays, and its visit is posted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from statistics import quantiles
from uuid import UUID, uuid5

import psutil

from libs.events.transport import Server, Work
from libs.events.transport.runtime import running, settle_memory
from libs.events.transport.service import Service
from libs.service.topics import make_topics
from services.interop.connections.model import Connection, ConnectionKey, Profile
from services.interop.connections.store import add_connection
from services.interop.mllp.server import make_room, serve_mllp
from services.interop.mllp.settings import MllpSettings
from tests.databases import Databases
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, message
from tests.keys import FIXED_KEYS

PRACTICES = [uuid5(UUID(int=0), f"practice {number}") for number in range(40)]
CONNECTION = UUID(int=1)
SECRET = "s" * 40
QUIET = 1_000
SECONDS = 10
RATE = 200
CORES = 4
REPLICAS = 2
SPEECH = 1
"""Where the service says its port."""


async def measure_receiving(databases: Databases, kafka: str) -> dict[str, float]:
    """Messages a second, as many as it takes; then milliseconds to the answer at 200 a second."""
    print(f"mllp: {os.cpu_count()} cores for all; its targets are for {CORES}")
    make_room(2 * QUIET)
    await make_topics(kafka)
    async with databases.clone("interop") as dsn:
        async with AsyncExitStack() as replicas:
            started = [
                await replicas.enter_async_context(_replica(dsn, kafka)) for _ in range(REPLICAS)
            ]
            ports = cycle(port for port, _ in started)
            quiet = [await asyncio.open_connection("127.0.0.1", next(ports)) for _ in range(QUIET)]
            ehrs = [await Ehr.open(next(ports), practice) for practice in PRACTICES]
            await asyncio.gather(*[ehr.visit() for ehr in ehrs])
            figures = await _as_fast_as_it_goes(ehrs, [process for _, process in started])
            figures |= await _at_a_rate(ehrs)
            figures["mllp_connections_held"] = sum(not r.at_eof() for r, _ in quiet)
            for _, writer in quiet:
                writer.close()
    return figures


@asynccontextmanager
async def _replica(dsn: str, kafka: str) -> AsyncIterator[tuple[int, psutil.Process]]:
    """One process of the service, and where it listens."""
    command = (sys.executable, "-m", "tests.bench.receiving", dsn, kafka)
    server = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert server.stdout is not None
    try:
        yield int(await server.stdout.readline()), psutil.Process(server.pid)
    finally:
        server.terminate()
        await server.wait()


class Ehr:
    """One practice's EHR; it sends the next visit when the one before it is acknowledged."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, practice_id: UUID
    ) -> None:
        self._reader, self._writer = reader, writer
        self._key = ConnectionKey(practice_id, CONNECTION, SECRET).write()
        self._sent = 0
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, port: int, practice_id: UUID) -> Ehr:
        return cls(*await asyncio.open_connection("127.0.0.1", port), practice_id)

    async def visit(self) -> None:
        """Returns when a visit is acknowledged with AA."""
        async with self._turn:
            self._sent += 1
            number = str(self._sent)
            pid, pv1 = PID.replace("1001", number), PV1.replace("V9", f"V{number}")
            visit = message("DFT^P03", pid, IN1, pv1, FT1, DG1, control_id=number)
            raw = visit.replace("KEY", self._key)
            self._writer.write(b"\x0b" + raw.encode() + b"\x1c\r")
            answer = await self._reader.readuntil(b"\x1c\r")
            assert b"\rMSA|AA|" in answer, answer


async def _as_fast_as_it_goes(ehrs: list[Ehr], servers: list[psutil.Process]) -> dict[str, float]:
    """And what a message costs the service's processes, which no further core makes faster."""
    until = time.perf_counter() + SECONDS
    counts: list[int] = []

    async def send(ehr: Ehr) -> None:
        count = 0
        while time.perf_counter() < until:
            await ehr.visit()
            count += 1
        counts.append(count)

    started, used = time.perf_counter(), _cpu_seconds(servers)
    await asyncio.gather(*map(send, ehrs))
    return {
        "mllp_messages_per_second": sum(counts) / (time.perf_counter() - started),
        "mllp_cpu_ms_per_message": 1000 * (_cpu_seconds(servers) - used) / sum(counts),
    }


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


async def _at_a_rate(ehrs: list[Ehr]) -> dict[str, float]:
    """Each message has its moment; one that has to wait for its turn is late by that, too."""
    started = time.perf_counter() + 0.1
    late: list[float] = []

    async def send(number: int) -> None:
        due = started + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        await ehrs[number % len(ehrs)].visit()
        late.append(1000 * (time.perf_counter() - due))

    await asyncio.gather(*[send(number) for number in range(RATE * SECONDS)])
    cuts = quantiles(late, n=100)
    return {"mllp_ms_p50": cuts[49], "mllp_ms_p99": cuts[98]}


async def _serve(dsn: str, kafka: str) -> None:
    """Logs as in a cluster, a line for each message, which nobody reads here."""
    service = Service(name="interop", servers=[Server("mllp", _listen)])
    async with running(service, dsn=dsn, kafka=kafka, keys=FIXED_KEYS):
        await asyncio.Event().wait()


@asynccontextmanager
async def _listen(work: Work) -> AsyncIterator[None]:
    for practice_id in PRACTICES:
        await _open_connection(work, practice_id)
    async with serve_mllp(work, MllpSettings(port=0)) as port:
        os.write(SPEECH, f"{port}\n".encode())
        yield


async def _open_connection(work: Work, practice_id: UUID) -> None:
    async with work.unit_of_work(practice_id) as uow:
        connection = Connection(
            practice_id=practice_id,
            connection_id=CONNECTION,
            kind="hl7v2",
            source_system="ehr",
            sending_application="EHR",
            sending_facility="MAIN",
            time_zone="America/New_York",
            profile=Profile.model_validate_json(json.dumps(PROFILE)),
            key_sha256=ConnectionKey(practice_id, CONNECTION, SECRET).digest(),
            opened_at=uow.now,
            key_changed_at=uow.now,
            last_seen_at=None,
            received=0,
            refused=0,
        )
        await add_connection(uow.db, connection)


if __name__ == "__main__":
    SPEECH = os.dup(1)  # pyright: ignore[reportConstantRedefinition]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    settle_memory()
    asyncio.run(_serve(*sys.argv[1:]))
