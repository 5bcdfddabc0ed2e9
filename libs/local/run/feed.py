"""Feeds the sample input at a pace: FHIR bundles, public HL7 messages, generated practice days.

What was fed is kept by name in `fed.json`, so a run on kept data goes on where the last one was.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from libs.local.demo.months import Message, day, registrations, upcoming
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.seed import SAMPLES, Door
from libs.local.run.wire import Answer, MllpClient, post_bundle

SEED = 2026
PUBLIC_MESSAGES = (
    "msfhir-ADT-A04-01.hl7",
    "msfhir-ADT-A08-01.hl7",
    "msfhir-ADT04-251.hl7",
    "msfhir-SIU-S12-01.hl7",
    "msfhir-SIU-S26-01.hl7",
    "msfhir-DFT-P03-01.hl7",
    "msfhir-LAB-ORU-1.hl7",
)
"""What a practice's EHR would send; the last is a type that is not taken, and is told so."""


@dataclass
class Feeder:
    """Sends messages and counts the answers; `pause_seconds` between two of them."""

    platform: LocalPlatform
    doors: list[Door]
    display: Display
    pause_seconds: float
    accepted: int = 0
    refused: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._path = self.platform.home / "fed.json"
        self._fed: set[str] = (
            set(json.loads(self._path.read_text())) if self._path.exists() else set()
        )

    async def public_samples(self) -> None:
        """The bundles and messages that nobody here wrote, to the first practice's doors."""
        async with self._mllp() as mllp:
            for path in sorted((SAMPLES / "fhir").glob("*.json")):
                await self._once(f"fhir/{path.name}", lambda path=path: self._bundle(path))
            for path in [SAMPLES / "hl7v2" / name for name in PUBLIC_MESSAGES]:
                await self._once(
                    f"hl7v2/{path.name}", lambda path=path: self._public_message(mllp, path)
                )

    async def panels(self) -> None:
        """Register every practice's patients."""
        await self._each_practice("panel", lambda door: registrations(door.practice, SEED))

    async def day(self, on: date, round_: int = 0) -> None:
        """One generated day of every practice."""
        name = f"day/{on}/{round_}"
        await self._each_practice(name, lambda door: day(door.practice, on, SEED, round_=round_))

    async def tomorrow(self, count: int) -> None:
        """Bookings for tomorrow by the real clock, for which reminders are sent."""
        now = datetime.now(UTC)
        await self._each_practice(
            f"upcoming/{now.date()}", lambda door: upcoming(door.practice, now, SEED, count)
        )

    def was_fed(self, on: date, round_: int = 0) -> bool:
        return all(f"day/{on}/{round_}/{d.practice.facility}" in self._fed for d in self.doors)

    async def _each_practice(
        self, name: str, messages: Callable[[Door], Iterable[Message]]
    ) -> None:
        """Every practice's EHR sends over a connection of its own, side by side."""

        async def of(door: Door) -> None:
            async with self._mllp() as mllp:
                for message in messages(door):
                    self._count(message.control_id, await mllp.send(message.encode(door.hl7_key)))
                    await asyncio.sleep(self.pause_seconds)

        async with asyncio.TaskGroup() as practices:
            for door in self.doors:
                full = f"{name}/{door.practice.facility}"
                practices.create_task(self._once(full, lambda door=door: of(door)))

    async def _once(self, name: str, send: Callable[[], Awaitable[None]]) -> None:
        if name in self._fed:
            return
        await send()
        self._fed.add(name)
        self._path.write_text(json.dumps(sorted(self._fed)))

    async def _bundle(self, path: Path) -> None:
        async with self.platform.client("interop") as client:
            answer = await post_bundle(client, path.read_bytes(), self.doors[0].fhir_key)
        self._count(path.name, answer)
        await asyncio.sleep(self.pause_seconds)

    async def _public_message(self, mllp: MllpClient, path: Path) -> None:
        door = self.doors[min(1, len(self.doors) - 1)]
        self._count(path.name, await mllp.send(as_sent(path.read_bytes(), door, path.stem)))
        await asyncio.sleep(self.pause_seconds)

    def _count(self, name: str, answer: Answer) -> None:
        if answer.accepted:
            self.accepted += 1
        else:
            self.refused.append(f"{name}: {answer.text[:300]}")
        self.display.advance()

    @asynccontextmanager
    async def _mllp(self) -> AsyncIterator[MllpClient]:
        client = MllpClient("127.0.0.1", self.platform.ports["mllp"])
        try:
            yield client
        finally:
            await client.close()


def as_sent(raw: bytes, door: Door, control_id: str) -> bytes:
    """A public sample as the practice's interface engine sends it: its own MSH-3, 4, 8 and 10.

    Its authors gave several of them one control id. All else stays as they wrote it.
    """
    text = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    header, _, rest = text.partition(b"\r")
    fields = header.split(header[3:4])
    fields[2] = b"SAMPLEHR"
    fields[3] = door.practice.facility.encode()
    fields[7] = door.hl7_key.encode()
    fields[9] = control_id.encode()
    return header[3:4].join(fields) + b"\r" + rest


def month_days(first: date, months: int) -> list[date]:
    """Every day of `months` calendar months from `first`."""
    days: list[date] = []
    current, left = first, months
    while left:
        days.append(current)
        current += timedelta(days=1)
        left -= current.day == 1
    return days
