"""The platform's doors as journeys use them, and what is heard of it on Kafka."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from libs.events.contracts import Topic, platform_contracts
from libs.events.transport.database import SET_TRANSPORT
from libs.local.demo.months import Message
from libs.local.demo.practices import PAYERS
from libs.local.run.feed import month_days
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from libs.local.run.wire import MllpClient
from tests.billing.remittance import Said
from tests.journeys.observed import Record, types_of
from tests.transport.platform import eventually, records_of

DAYS = month_days(date(2026, 1, 1), 1)[:14]
"""Those that `fed` feeds."""


@asynccontextmanager
async def at(live: LocalPlatform, service: str, door: Door) -> AsyncIterator[httpx.AsyncClient]:
    async with live.client(service, str(door.practice.practice_id)) as client:
        yield client


async def said(live: LocalPlatform, kind: str, **about: Any) -> list[Record]:
    """The events of this type on Kafka that are about this; waits for the first."""
    topic: Topic = platform_contracts()[kind].topic

    async def look() -> list[Record]:
        records = [r for r in await records_of(live.backends.kafka, topic) if kind in types_of([r])]
        return [r for r in records if about.items() <= json.loads(r.value or b"{}").items()]

    return await eventually(look, within_seconds=60, what=f"{kind} about {about}")


async def send(live: LocalPlatform, door: Door, *messages: Message) -> None:
    """As the practice's EHR does: over one connection, each once the one before is taken."""
    mllp = MllpClient("127.0.0.1", live.ports["mllp"])
    for message in messages:
        answer = await mllp.send(message.encode(door.hl7_key))
        assert answer.accepted, answer.text
    await mllp.close()


def charges(door: Door, visit: str, on: date, number: int, *made: tuple[str, str]) -> Message:
    """A visit's DFT^P03: each charge (CG) or credit (CR) with its modifiers."""
    npi, day, payer = door.practice.clinicians[0].npi, f"{on:%Y%m%d}", PAYERS[0]
    seen_by = f"{npi}^Sample^Clinician^^^^^^NPI^L^^^NPI"
    segments = [
        f"PID|1||{visit}^^^SAMPLEHR^MR||Sample^Sam||19700101|F|||1 Elm St^^Springfield^MA^01101",
        f"PV1|1|O|||||{seen_by}||||||||||||{visit}",
    ]
    for place, (kind, modifiers) in enumerate(made, 1):
        segments.append(
            f"FT1|{place}|{visit}{number}{place}||{day}|{day}|{kind}|G0463^^HCPCS|||1|||||||||"
            f"I10^^I10C|{seen_by}|||||G0463^^HCPCS|{modifiers}"
        )
    insured = [""] * 37
    insured[:5] = ["IN1", "1", payer.ehr_code, payer.ehr_code, payer.name]
    insured[16], insured[17], insured[36] = "Sample^Sam", "SEL^Self^HL70063", f"M{visit}"
    segments += ["DG1|1||I10^^I10C|||F", "|".join(insured)]
    at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    return Message(door.practice, f"{visit}N{number}", "DFT^P03", tuple(segments), at)


async def post_batch(live: LocalPlatform, key: str, events: list[dict[str, Any]]) -> None:
    headers = {"authorization": f"Bearer {key}",
               "content-type": "application/cloudevents-batch+json"}  # fmt: skip
    async with httpx.AsyncClient(base_url=live.url("interop"), headers=headers) as client:
        answer = await client.post("/events", content=json.dumps(events))
    assert answer.status_code == 200, answer.text


def deliver(live: LocalPlatform, door: Door, name: str, content: bytes) -> None:
    """As a payer does: whole, under its name, at once."""
    inbound = live.exchange / str(door.practice.practice_id) / "inbound"
    part = inbound / f"{name}.part"
    part.write_bytes(content)
    part.rename(inbound / name)


async def paid_claim(
    billing: httpx.AsyncClient, *, among: Container[str] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A claim, of these encounters if told, and the one posting that paid it."""
    for claim in (await billing.get("/claims", params={"state": "paid", "limit": 500})).json():
        if among is not None and claim["encounter_id"] not in among:
            continue
        history = (await billing.get(f"/claims/{claim['claim_id']}")).json()
        match history["postings"]:
            case [{"denied_cents": 0, "paid_cents": cents, "reversed_by": None} as posted] if cents:
                return claim, posted
            case _:
                continue
    pytest.fail("no claim was paid")


def as_decided(claim: dict[str, Any], posted: dict[str, Any], *, left: str) -> Said:
    """The posting as its payer's 835 said it; `left`: which of its sums was the patient's part."""
    parts = [("CO", "45", posted["adjusted_cents"]), ("PR", "2", posted[left])]
    cas = [part for part in parts if part[2]]
    return Said(claim["control_number"], claim["charge_cents"], posted["paid_cents"], cas)


async def let_time_pass(
    live: LocalPlatform, service: str, practice_id: UUID, name: str, key: str
) -> bool:
    """The timer is due now, as it would be in a while; False: it is not set."""
    db = await asyncpg.connect(live.databases[service])
    try:
        async with db.transaction():
            await db.execute(SET_TRANSPORT)
            moved = await db.execute(
                "UPDATE timer SET due_at = $4 WHERE practice_id = $1 AND name = $2 AND key = $3",
                practice_id, name, key, datetime.now(UTC) - timedelta(seconds=1),
            )  # fmt: skip
    finally:
        await db.close()
    return moved == "UPDATE 1"
