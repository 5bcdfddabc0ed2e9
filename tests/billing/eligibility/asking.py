"""Questions about coverage as tests ask them, and answers as a payer might write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx

from libs.events.examples.interop import NAMESPACE, PATIENT, patient_registered
from libs.local.payer.coverage import Coverages, Enquiries, answer_enquiries, read_enquiries
from libs.local.payer.decisions import Policy
from tests.billing.desk import Desk

COVERED = Coverages(Policy(), ended=0, unknown=0)
ENDED = Coverages(Policy(), ended=1, unknown=0)
UNKNOWN = Coverages(Policy(), ended=0, unknown=1)


def inquiry_id(number: int) -> UUID:
    return uuid5(NAMESPACE, f"inquiry {number}")


async def ask(desk: Desk, number: int = 1, **changes: Any) -> httpx.Response:
    """Somebody at the front desk asks."""
    command = {"inquiry_id": str(inquiry_id(number)), "patient_id": str(PATIENT), **changes}
    async with desk.billing.http(desk.practice_id) as client:
        return await client.post("/eligibility-inquiries", json=command)


async def asked(desk: Desk, **changes: Any) -> Enquiries:
    """The example patient is known, the payer asked by file; the 270 as the payer reads it."""
    await desk.billing.receive(patient_registered())
    answer = await ask(desk, 1, **{"service_on": "2026-03-05", **changes})
    assert answer.status_code == 202, answer.text
    await desk.billing.fire_timers()
    return read_enquiries(files(desk)[-1])


def files(desk: Desk) -> list[bytes]:
    """The 270s that went out, in their order."""
    return [path.read_bytes() for path in sorted(desk.outbound.glob("*.270"))]


async def hear(desk: Desk, said: Enquiries, coverages: Coverages, name: str = "1.271") -> None:
    await desk.hear(name, answer_enquiries(said, coverages))


async def get(desk: Desk, path: str, **params: Any) -> Any:
    async with desk.billing.http(desk.practice_id) as client:
        answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def written(
    said: Enquiries,
    *benefits: str,
    trace: str | None = None,
    name: str = "NM1*IL*1*RIVERA*ALMA****MI*BM4471",
    born: str | None = "19840517",
    above: Sequence[str] = (),
) -> bytes:
    """A 271 about the 270's first patient, with these segments after the patient's own."""
    patient = said.patients[0]
    about = [name, *([f"DMG*D8*{born}*F"] if born else []), *benefits]
    body = [
        f"BHT*0022*11*{said.reference}*20260302*1200",
        "HL*1**20*1",
        *above,
        f"NM1*PR*2*{said.payer[0]}*****PI*{said.payer[1]}",
        "HL*2*1*21*1",
        f"NM1*1P*2*{said.provider[0]}*****XX*{said.provider[1]}",
        "HL*3*2*22*0",
        f"TRN*2*{trace or patient.trace}*{patient.trace_origin}",
        *about,
    ]
    return in_envelope(body)


def in_envelope(body: Sequence[str]) -> bytes:
    rows = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'BUCKEYE01':15}*ZZ*{'311234567':15}*260302*1200*^*00501"
        "*000000077*0*T*:",
        "GS*HB*BUCKEYE01*311234567*20260302*1200*77*X*005010X279A1",
        "ST*271*0077*005010X279A1",
        *body,
        f"SE*{len(body) + 2}*0077",
        "GE*1*77",
        "IEA*1*000000077",
    ]
    return ("~".join(rows) + "~").encode()


async def move_clock(desk: Desk, to: datetime | timedelta) -> None:
    until = desk.billing.clock.now() + to if isinstance(to, timedelta) else to
    await desk.billing.fire_timers(until)
