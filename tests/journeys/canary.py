"""A patient who is like no other, and the search for what is told of them where nothing may be."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode
from uuid import UUID

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.events.contracts import Topic
from libs.events.transport.database import Db
from libs.events.transport.keys import KeyDirectory
from libs.events.transport.protection import open_kept
from libs.local.demo.months import Message, Patient, day, panel, registrations
from libs.local.demo.practices import Practice
from libs.local.run.platform import LocalPlatform
from libs.service.migrations import in_database

CANARY = {
    "family": "Quetzalowitz",
    "given": "Xanthippeia",
    "mrn": "QZX-9073316",
    "birth_on": "19310719",
    "line": "9731 Ptarmigan Crossing",
    "city": "Zzyzxburgh",
    "postal_code": "011994477",
    "phone": "4138675309",
    "email": "quetzal.canary@ptarmigan.example",
    "member_id": "MBRQZ99173X",
}
"""By the field that is marked; whatever one of these turns up in has leaked it."""
SPELLINGS = {"birth_on": ("1931-07-19",)}


@dataclass(frozen=True, slots=True)
class Leak:
    """A marked value where none may be; the value itself is not repeated."""

    field: str
    form: str
    where: str


def needles() -> Iterator[tuple[bytes, str, str]]:
    """(bytes, field, form) of each value: plain, base64 at three alignments, hex, and URL form."""
    for field, text in CANARY.items():
        for value in {text, text.upper(), text.lower(), *SPELLINGS.get(field, ())}:
            yield value.encode(), field, "plain"
            yield value.encode().hex().encode(), field, "hex"
            for form in (quote(value, safe=""), quote_plus(value, safe="")):
                yield form.encode(), field, "url"
            yield "".join(f"%{b:02X}" for b in value.encode()).encode(), field, "url"
            for shift in range(3):
                yield from ((n, field, "base64") for n in _in_base64(value.encode(), shift))


def _in_base64(value: bytes, shift: int) -> Iterator[bytes]:
    """What stands in base64 of anything that holds the value so many bytes after a border."""
    text = base64.b64encode(b"\0" * shift + value)
    first = (shift * 8 + 5) // 6
    last = (shift + len(value)) * 8 // 6
    yield text[first:last]
    yield base64.urlsafe_b64encode(b"\0" * shift + value)[first:last]


NEEDLES = sorted(set(needles()))


def leaks_in(content: bytes, where: str) -> list[Leak]:
    """Every marked value that this content holds in any form."""
    return [Leak(field, form, where) for needle, field, form in NEEDLES if needle in content]


def leaks_in_files(folder: Path) -> list[Leak]:
    """In what a folder's files hold, and in their names."""
    found: list[Leak] = []
    for path in sorted(folder.rglob("*")):
        found += leaks_in(str(path).encode(), f"name of a file in {folder.name}")
        if path.is_file():
            found += leaks_in(path.read_bytes(), f"{folder.name}/{path.name}")
    return found


async def leaks_on_kafka(kafka: str, topics: list[Topic]) -> tuple[list[Leak], int]:
    """In keys, headers and values of all that is on these topics; and how many records it is."""
    client = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await client.start()
    found: list[Leak] = []
    records = 0
    try:
        partitions = [TopicPartition(t.name, p) for t in topics for p in range(t.partitions)]
        client.assign(partitions)
        ends = await client.end_offsets(partitions)
        for tp in partitions:
            client.seek(tp, 0)
            while await client.position(tp) < ends[tp]:
                batch = (await client.getmany(tp, timeout_ms=500)).get(tp, [])
                records += len(batch)
                headers = [name.encode() + b"\n" + v for r in batch for name, v in r.headers]
                found += leaks_in(b"\n".join(r.key or b"" for r in batch), f"{tp.topic}: key")
                found += leaks_in(b"\n".join(r.value or b"" for r in batch), f"{tp.topic}: value")
                found += leaks_in(b"\n".join(headers), f"{tp.topic}: header")
        return found, records
    finally:
        await client.stop()


@asynccontextmanager
async def database(platform: LocalPlatform, service: str):
    """A transaction that sees every row, as whoever reads the disk would; rolled back."""
    db = await asyncpg.connect(in_database(platform.backends.postgres, service))
    transaction = db.transaction()
    await transaction.start()
    try:
        yield db
    finally:
        await transaction.rollback()
        await db.close()


TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


async def leaks_in_tables(db: Db, service: str) -> list[Leak]:
    """In every row of every table; bytes are read as they are and as text."""
    found: list[Leak] = []
    for [table] in await db.fetch(TABLES):
        content = b"\n".join(
            value if isinstance(value, bytes) else str(value).encode()
            for row in await db.fetch(f'SELECT * FROM "{table}"')
            for value in row.values()
        )
        found += leaks_in(content, f"{service}.{table}")
    return found


SEALED = {
    "billing.claim": "SELECT 'claim/' || claim_id, encounter FROM claim",
    "billing.interchange": "SELECT 'interchange/' || interchange_number, content FROM interchange",
    "engagement.patient": "SELECT 'patient/' || patient_id, sealed FROM patient",
    "interop.encounter": "SELECT 'encounter/' || encounter_id, visit FROM encounter",
    "interop.fhir_resource": "SELECT 'fhir/' || source_system || '/' || type || '/' || id, sealed"
    " FROM fhir_resource",
    "interop.message": "SELECT 'message/' || message_id, raw FROM message",
    "interop.patient": "SELECT 'patient/' || patient_id, sealed FROM patient",
}
"""Where marked values are at rest: what each is sealed for, and the value."""


async def sealed_in_tables(platform: LocalPlatform, practice_id: UUID) -> set[str]:
    """The tables that hold the values once they are opened with the practice's key."""
    keys = KeyDirectory(platform.data_keys)
    found: set[str] = set()
    for table, query in SEALED.items():
        service = table.partition(".")[0]
        async with database(platform, service) as db:
            for place, sealed in await db.fetch(f"{query} WHERE practice_id = $1", practice_id):
                if sealed and leaks_in(open_kept(sealed, place, service, practice_id, keys), ""):
                    found.add(table)
    return found


async def leaks_in_metrics(platform: LocalPlatform) -> list[Leak]:
    found: list[Leak] = []
    for service in platform.databases:
        async with httpx.AsyncClient(base_url=platform.url(service)) as client:
            answer = await client.get("/metrics")
        assert answer.status_code == 200
        found += leaks_in(answer.content, f"{service}: metrics")
    return found


def resource_of_the_canary() -> dict[str, object]:
    """The planted patient in FHIR."""
    return {
        "resourceType": "Patient",
        "id": "planted",
        "identifier": [{"system": "urn:oid:1.2.3", "value": CANARY["mrn"]}],
        "name": [{"family": CANARY["family"], "given": [CANARY["given"]]}],
        "gender": "female",
        "birthDate": SPELLINGS["birth_on"][0],
        "address": [{"line": [CANARY["line"]], "city": CANARY["city"]}],
        "telecom": [{"system": "phone", "value": CANARY["phone"]}],
    }


def messages_of_the_canary(practice: Practice, seed: int) -> list[Message]:
    """A registration, and a visit that an insurer pays for: journey 1 of the planted patient."""
    registered = next(iter(registrations(practice, seed)))
    people = panel(practice, seed)
    visit, person = next(_claimed_visits(practice, seed))
    return [_planted(registered, people[0], "CNRY0001"), _planted(visit, person, "CNRY0002")]


def _claimed_visits(practice: Practice, seed: int) -> Iterator[tuple[Message, Patient]]:
    """Visits at a clinician whom the patient's payer pays: their claims go out at once."""
    people = panel(practice, seed)
    for number in range(2, 28):
        for message in day(practice, date(2026, 2, number), seed):
            text = "".join(message.segments)
            clinician = next(c for c in practice.clinicians if c.npi in text)
            person = next(p for p in people if p.mrn in text)
            unpaid = (clinician.enrolled_late, clinician.never_enrolled)
            payer = person.payer.payer_id if person.payer else None
            if message.kind.startswith("DFT") and payer is not None and payer not in unpaid:
                yield message, person


def _planted(message: Message, person: Patient, control_id: str) -> Message:
    """The message, about the canary, and as a visit of its own."""
    names = {
        f"{person.family}^{person.given}": f"{CANARY['family']}^{CANARY['given']}",
        person.mrn: CANARY["mrn"],
        f"{person.birth_on:%Y%m%d}": CANARY["birth_on"],
        "12 Sample Street": CANARY["line"],
        "Springfield": CANARY["city"],
        "01101": CANARY["postal_code"],
        "413^5550123": f"{CANARY['phone'][:3]}^{CANARY['phone'][3:]}",
        person.email: CANARY["email"],
        person.member_id: CANARY["member_id"],
        message.control_id[:-1]: control_id,
    }
    text = json.dumps(message.segments)
    for old, new in names.items():
        text = text.replace(old, new)
    return replace(message, control_id=control_id, segments=tuple(json.loads(text)))


def token_request_of_the_canary() -> str:
    """With an assertion that says of whom it is, and nothing that proves it."""
    claims = {**CANARY, "iss": CANARY["mrn"], "sub": CANARY["mrn"], "jti": CANARY["email"]}
    parts = [{"alg": "ES384", "kid": CANARY["phone"]}, claims, CANARY]
    written = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts]
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": b".".join(written),
            "scope": f"system/{CANARY['family']}.rs",
            **CANARY,
        }
    )
