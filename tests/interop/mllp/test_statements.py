"""What a message costs the database: each statement is a round trip that its sender waits for."""

from __future__ import annotations

import asyncio

import asyncpg

from libs.events.transport.work import Work
from services.interop.mllp.server import serve_mllp
from services.interop.mllp.settings import MllpSettings
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.mllp.conftest import DG1, FT1, PID, PV1, Ehr, message

OF_ITS_OWN = ("patient", "encounter")
"""What is known of the patient and the visit; everything else is listed below."""
VISIT = [
    "BEGIN",
    "SELECT set_config",
    "SELECT * FROM connection",
    "UPDATE connection",
    "INSERT INTO message ",
    "SAVEPOINT",
    "SELECT survivor_of",
    "SELECT EXISTS (SELECT FROM connection",
    "SELECT survivor_of",
    "INSERT INTO visit_reference",
    "SELECT practice_id, appointment_id",
    "RELEASE SAVEPOINT",
    "INSERT INTO message_event",
    "INSERT INTO outbox",
    "COMMIT",
    "SELECT pg_advisory_unlock_all",
]
DUPLICATE = [*VISIT[:5], "SELECT message_id", "INSERT INTO message ", *VISIT[-2:]]


async def test_a_message_costs_so_many_statements_beside_those_of_its_type(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="hl7v2", sending_application="EHR", sending_facility="MAIN")
    said: list[str] = []

    async def listen(db: asyncpg.Connection[asyncpg.Record]) -> None:
        db.add_query_logger(lambda logged: said.append(logged.query.strip()))

    async with asyncpg.create_pool(interop.dsn, min_size=1, max_size=1, init=listen) as pool:
        work = Work(
            service="interop",
            pool=pool,
            clock=interop.clock,
            wakes=interop.wakes,
            keys=interop.work.keys,
        )
        async with serve_mllp(work, MllpSettings(port=0)) as port:
            ehr = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
            visit = (PID, PV1, FT1, DG1)
            for number, expected in (("1", None), ("2", VISIT), ("2", DUPLICATE)):
                said.clear()
                own = [one.replace("1001", number).replace("V9", f"V{number}") for one in visit]
                answer = await ehr.send(message("DFT^P03", *own, control_id=number))
                assert answer[1][1] == "AA"
                if expected is not None:
                    common = [one for one in said if not _names(one, OF_ITS_OWN)]
                    assert len(common) == len(expected), common
                    assert all(map(str.startswith, common, expected)), common
            ehr.writer.close()


def _names(statement: str, tables: tuple[str, ...]) -> bool:
    return any(
        f"{word} {table}" in statement for word in ("FROM", "INTO", "UPDATE") for table in tables
    )
