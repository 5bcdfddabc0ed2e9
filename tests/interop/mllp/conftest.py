"""An EHR at the other end of a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.interop.mllp.server import serve_mllp
from services.interop.mllp.settings import MllpSettings
from tests.harness import Harness
from tests.interop.conftest import OpenConnection

SAMPLES = Path(__file__).parents[3] / "samples" / "hl7v2"
PROFILE = {
    "payers": {"BAV": {"payer_id": "BLUEADV", "payer_name": "Blue Advantage"}},
    "practitioners": {"9941339108": "1245319599", "1210": "1245319599"},
    "places_of_service": {"O": "11", "I": "21"},
    "no_coverage_is_self_pay": True,
    "codes": [
        {
            "system": "http://snomed.info/sct",
            "code": "29857009",
            "kind": "diagnosis",
            "target": "R07.9",
        },
        {
            "system": "http://snomed.info/sct",
            "code": "68235000",
            "kind": "diagnosis",
            "target": "R09.81",
        },
        {"system": "unknown", "code": "99011", "kind": "procedure", "target": "G0463"},
    ],
}


@dataclass
class Ehr:
    """One open MLLP connection of an EHR that holds a key."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: str

    async def send(self, message: str) -> list[list[str]]:
        """Send a message with the key in it; the answer's segments, split into fields."""
        await self.send_bytes(b"\x0b" + message.replace("KEY", self.key).encode() + b"\x1c\r")
        return await self.answer()

    async def send_bytes(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(self) -> list[list[str]]:
        framed = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), timeout=20)
        assert framed.startswith(b"\x0b")
        return [line.split("|") for line in framed[1:-2].decode().split("\r") if line]


Connect = Callable[..., Awaitable[Ehr]]


@asynccontextmanager
async def listening(harness: Harness, **settings: Any) -> AsyncIterator[int]:
    async with serve_mllp(harness.work, MllpSettings(port=0, **settings)) as port:
        yield port


@pytest.fixture
async def connect(interop: Harness, open_connection: OpenConnection) -> AsyncIterator[Connect]:
    """Connects EHRs to a listening service; each opens its connection on the way.

    An EHR that needs other limits, named as the settings are, gets a listener of its own.
    """
    writers: list[asyncio.StreamWriter] = []
    async with AsyncExitStack() as listeners:
        usual = await listeners.enter_async_context(
            listening(interop, largest_message_bytes=64 * 1024)
        )

        async def connect_one(key: str | None = None, **changes: Any) -> Ehr:
            limits = {n: changes.pop(n) for n in MllpSettings.model_fields if n in changes}
            command = {
                "kind": "hl7v2",
                "sending_application": "EHR",
                "sending_facility": "MAIN",
                "profile": PROFILE,
                **changes,
            }
            port = usual
            if limits:
                port = await listeners.enter_async_context(listening(interop, **limits))
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, limit=16 * 1024 * 1024
            )
            writers.append(writer)
            return Ehr(reader, writer, key or await open_connection(**command))

        yield connect_one
        for writer in writers:
            writer.close()


def message(kind: str, *segments: str, control_id: str = "1", **msh: str) -> str:
    """A message as the sample EHR writes it; KEY stands for the connection's key."""
    head = {"app": "EHR", "facility": "MAIN", "version": "2.5.1", **msh}
    first = (
        f"MSH|^~\\&|{head['app']}|{head['facility']}|MAINSTAY|MSO|20260302120000-0500|KEY|{kind}"
        f"|{control_id}|P|{head['version']}"
    )
    return "\r".join((first, *segments, ""))


PID = (
    "PID|1||1001^^^EHR^MR||Rivera^Alma||19840517|F|||12 Orchard Street^^Columbus^OH^43004"
    "||^PRN^PH^^1^614^5550142~^NET^Internet^alma.rivera@mail.example||es"
)
PID_MOVED = PID.replace("12 Orchard Street", "7 Mill Lane")
IN1 = "IN1|1|BAV^Blue Advantage HMO|BAV|Blue|||| G100 |||||||||SEL|||||||||||||||||||BM4471"
SCH = "SCH|A77|F77|||||||||^^30^20260306013000+0000"
PV1 = "PV1|1|O|||||1245319599^Okafor^Adaeze^^^^^^NPI^L^^^NPI||||||||||||V9"
FT1 = (
    "FT1|1|||20260302|20260302|CG|G0439^^HCPCS|||2|178.00||||||||Z00.00^^I10C~E11.9^^I10C"
    "||||||G0439^^HCPCS|25"
)
DG1 = "DG1|1||Z0000^^I10C|||F\rDG1|2||E11.9^^I10C|||F"
