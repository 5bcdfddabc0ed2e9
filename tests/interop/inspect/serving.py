"""What the real service does with a file, on real PostgreSQL, for a practice that is new to it."""

from __future__ import annotations

import random
import re
from collections import Counter
from uuid import UUID

from services.interop.connections.model import Profile
from services.interop.inspect.model import InspectedFhir, InspectedMessage, Issue, Reason
from services.interop.messages.model import Refusal
from services.interop.mllp.answer import answer
from services.interop.mllp.batches import split_messages
from services.interop.mllp.header import read_header
from services.interop.mllp.segments import parse
from tests.harness import Harness
from tests.interop.conftest import OpenConnection

ZONE = "America/Detroit"
BETWEEN = re.compile(r"; (?=[a-z0-9-]+ at [A-Z])")


def from_our_connection(raw: bytes, key: str = "") -> bytes:
    """As the connection's interface engine sends it: its names in MSH-3 and 4, its key in MSH-8."""
    bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    head, separator, rest = _cut(raw.removeprefix(bom))
    fields = head.split(b"|")
    fields += [b""] * (8 - len(fields))
    fields[2], fields[3], fields[7] = b"EHR", b"MAIN", key.encode()
    fields[14:16] = [b""] * len(fields[14:16])  # answered whatever it asks for in MSH-15 and 16
    return bom + b"|".join(fields) + separator + rest


def _cut(raw: bytes) -> tuple[bytes, bytes, bytes]:
    at = min((place for end in (b"\r", b"\n") if (place := raw.find(end)) >= 0), default=len(raw))
    return raw[:at], raw[at : at + 1], raw[at + 1 :]


async def served_hl7(
    interop: Harness, open_connection: OpenConnection, raw: bytes, profile: Profile
) -> list[InspectedMessage]:
    practice = UUID(int=random.getrandbits(128))
    key = await open_connection(
        practice_id=practice,
        kind="hl7v2",
        sending_application="EHR",
        sending_facility="MAIN",
        time_zone=ZONE,
        profile=profile.model_dump(mode="json"),
    )
    found: list[InspectedMessage] = []
    seen = 0
    for message in split_messages(raw).messages:
        [answered] = await answer(from_our_connection(message, key), interop.work)
        said = parse(answered)
        events = (await _events(interop, practice))[seen:]
        seen += len(events)
        header = read_header(message)
        msa = said.required("MSA")
        refusals = [_refusal(err.get(5), err.get(8)) for err in said.all("ERR") if err.get(5)]
        if not refusals and msa.get(3):  # before v2.5, MSA-3 tells them
            refusals = [_old_refusal(text) for text in BETWEEN.split(msa.get(3))]
        found.append(
            InspectedMessage.model_validate(
                {
                    "control_id": header.control_id if header else "",
                    "type": header.type if header else "",
                    "version": header.version if header else "",
                    "ack": msa.get(1),
                    "reasons": tuple(Reason.of(refusal) for refusal in refusals),
                    "events": tuple(events),
                }
            )
        )
    return found


async def served_fhir(
    interop: Harness, open_connection: OpenConnection, raw: bytes, profile: Profile
) -> tuple[tuple[Issue, ...], dict[str, int]]:
    practice = UUID(int=random.getrandbits(128))
    key = await open_connection(
        practice_id=practice,
        kind="fhir",
        time_zone=ZONE,
        profile=profile.model_dump(mode="json"),
    )
    async with interop.http(key=key) as client:
        said = await client.post(
            "/fhir", content=raw, headers={"content-type": "application/fhir+json"}
        )
    assert said.status_code in (200, 422), said.text
    issues = said.json()["issue"] if said.status_code == 422 else []
    refused = (
        Refusal(i["details"]["coding"][0]["code"], i["expression"][0], i["details"]["text"])
        for i in issues
    )
    return tuple(map(Issue.of, refused)), dict(Counter(await _events(interop, practice)))


def told(found: InspectedFhir) -> tuple[tuple[Issue, ...], dict[str, int]]:
    return found.refused, found.events


def _old_refusal(text: str) -> Refusal:
    code, _, rest = text.partition(" at ")
    return _refusal(code, rest)


def _refusal(code: str, text: str) -> Refusal:
    where, _, fix = text.partition(": ")
    return Refusal(code, where, fix)


async def _events(interop: Harness, practice: UUID) -> list[str]:
    async with interop.uow(practice) as uow:
        rows = await uow.db.fetch("SELECT event_type FROM message_event ORDER BY place")
    return [row["event_type"] for row in rows]
