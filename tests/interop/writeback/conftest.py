"""A visit that an EHR sent, and the EHR listening for what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import hl7
import pytest

from libs.events.contracts import Event
from libs.events.contracts.interop import EncounterPosted
from libs.events.examples import billing
from libs.events.examples import interop as examples
from libs.local.ehr.kept import Inbox, acknowledge, serving
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import CONNECTION
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, Ehr, listening, message

OTHER = uuid5(examples.NAMESPACE, "another EHR")


@dataclass
class Listener(Inbox):
    """The stand-in, which a test may have refuse, ask again, or say nothing."""

    folder: Path
    got: list[bytes] = field(default_factory=list[bytes])
    """Everything that came, also what came twice."""
    answers: list[str | None] = field(default_factory=list[str | None])
    """For the next messages: a code and a condition, or None to close without an answer."""
    port: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.folder)

    def take(self, message: bytes) -> bytes | None:
        self.got.append(message)
        said = self.answers.pop(0) if self.answers else "AA"
        if said is None:
            return None
        code, _, condition = said.partition(" ")
        if code == "AA":
            return super().take(message)
        control_id = message.split(b"|")[9]
        return acknowledge(code, control_id, f"ERR|||{condition}^any^HL70357|E")

    def read(self) -> list[Any]:
        """What came, read by a parser that nobody here wrote."""
        return [hl7.parse(one.decode()) for one in self.got]


@pytest.fixture
async def ehr(tmp_path: Path) -> AsyncIterator[Listener]:
    made = Listener(tmp_path / "inbox")
    async with serving(made) as made.port:
        yield made


async def ask(
    interop: Harness, port: int | None, connection_id: UUID = CONNECTION, **more: Any
) -> Any:
    """Have the connection written back to, or not any more."""
    address = None if port is None else {"host": "127.0.0.1", "port": port, **more}
    async with interop.http(examples.PRACTICE) as client:
        return await client.post(
            f"/connections/{connection_id}/write-back", json={"write_back": address}
        )


async def waiting(interop: Harness, connection_id: UUID = CONNECTION) -> list[dict[str, Any]]:
    async with interop.http(examples.PRACTICE) as client:
        answer = await client.get(f"/connections/{connection_id}/write-back")
    return answer.json()["messages"]


async def told(interop: Harness) -> list[tuple[str | None, int]]:
    """(answer, tries) of each message, in the order of sending."""
    async with interop.http(examples.PRACTICE) as client:
        answer = await client.get(f"/connections/{CONNECTION}/write-back", params={"sent": True})
    return [(m["answer"], m["tries"]) for m in reversed(answer.json()["messages"])]


async def send(interop: Harness, key: str, *messages: str) -> None:
    """The EHR sends what is taken."""
    async with listening(interop) as port:
        sender = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
        for one in messages:
            answer = await sender.send(one)
            assert answer[1][1] == "AA", answer
        sender.writer.close()


async def send_visit(interop: Harness, key: str, control_id: str = "1") -> UUID:
    """The EHR sends a visit; its encounter."""
    await send(interop, key, message("DFT^P03", PID, PV1, FT1, DG1, IN1, control_id=control_id))
    return (await interop.published(EncounterPosted))[-1].encounter_id


async def open_hl7(open_connection: OpenConnection, **changes: Any) -> str:
    command = {
        "kind": "hl7v2", "sending_application": "EHR", "sending_facility": "MAIN",
        "profile": PROFILE, **changes,
    }  # fmt: skip
    return await open_connection(**command)


@pytest.fixture
async def visit(interop: Harness, open_connection: OpenConnection, ehr: Listener) -> UUID:
    """Of a connection whose EHR asks to be told."""
    key = await open_hl7(open_connection)
    assert (await ask(interop, ehr.port)).status_code == 200
    return await send_visit(interop, key)


def story(visit: UUID) -> list[Event]:
    """Charged, sent, taken in, decided."""
    return [
        billing.charges_posted(encounter_id=visit),
        billing.claim_submitted(),
        billing.claim_accepted(),
        billing.payment_posted(),
        billing.claim_paid(),
    ]


def accounts(ehr: Listener) -> list[tuple[str, ...]]:
    """Of each message: how the claim stands, patient's part, charges, taken off, paid."""
    return [tuple(str(m.segment("PV1")[n]) for n in (41, 46, 47, 48, 49)) for m in ehr.read()]
