"""What a message costs the database: each statement is a round trip that its sender waits for."""

from __future__ import annotations

import asyncio

import asyncpg

from libs.events.transport.work import Work
from services.interop.mllp.server import serve_mllp
from services.interop.mllp.settings import MllpSettings
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, Ehr, message

BEGINS = [
    "BEGIN",
    "SELECT set_config",
    "UPDATE connection",  # which finds it, and locks it
    "INSERT INTO message ",
    "SELECT patient_id",  # locked, as the survivor of the chart number
]
ENDS = [
    "WITH visit AS ( INSERT INTO encounter",
    "SELECT practice_id, appointment_id",
    "INSERT INTO message_event",
    "INSERT INTO outbox",
    "COMMIT",
    "SELECT pg_advisory_unlock_all",
]
FIRST_VISIT = [*BEGINS, "INSERT INTO patient ", "WITH kept AS ( INSERT INTO patient_finger", *ENDS]
NEXT_VISIT = [*BEGINS, "SELECT encounter_id", *ENDS]
"""And are there visits that wait for who pays, as the message tells it?"""
DUPLICATE = [*BEGINS[:4], "SELECT message_id", "INSERT INTO message ", *ENDS[-2:]]


async def test_a_visit_costs_so_many_statements(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(
        kind="hl7v2", sending_application="EHR", sending_facility="MAIN", profile=PROFILE
    )
    said: list[str] = []

    async def listen(db: asyncpg.Connection[asyncpg.Record]) -> None:
        db.add_query_logger(lambda logged: said.append(" ".join(logged.query.split())))

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
            for patient, number, expected in (
                ("1", "1", None),
                ("2", "2", FIRST_VISIT),
                ("2", "3", NEXT_VISIT),
                ("2", "3", DUPLICATE),
            ):
                said.clear()
                pid, pv1 = PID.replace("1001", patient), PV1.replace("V9", f"V{number}")
                visit = message("DFT^P03", pid, IN1, pv1, FT1, DG1, control_id=number)
                assert (await ehr.send(visit))[1][1] == "AA"
                if expected is not None:
                    assert len(said) == len(expected), said
                    assert all(map(str.startswith, said, expected)), said
            ehr.writer.close()
