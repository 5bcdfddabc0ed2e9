"""What the commands are tried on: orders that the ledger handles, or parks, on a platform."""

from __future__ import annotations

from uuid import UUID

from tests.cli.mainstay import Answer, mainstay
from tests.transport.ledger import LEDGER, PRACTICE, TELLER, order
from tests.transport.platform import Running, TestPlatform, eventually

CANARY = 271828182
"""Cents that stand in the payload and nowhere else."""


async def run(platform: TestPlatform, *arguments: str) -> Answer:
    databases = {TELLER: platform.teller_dsn, LEDGER: platform.ledger_dsn}
    answer = await mainstay(*arguments, kafka=platform.kafka, databases=databases)
    assert str(CANARY) not in answer.text, "no payload in any output"
    assert "postgresql://" not in answer.text, "no address with a password in any output"
    return answer


async def place(publishing: Running, *numbers: int, poison: int | None = None) -> list[UUID]:
    ids: list[UUID] = []
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number in numbers:
            ordered = order("account-0", number, CANARY, poison=number == poison)
            await uow.publish(ordered)
            ids.append(ordered.event_id)
    return ids


async def parked(platform: TestPlatform, count: int) -> None:
    async def there() -> bool:
        row = await platform.ledger_row("SELECT count(*) AS n FROM parked_event")
        return row is not None and row["n"] == count

    await eventually(there, what=f"{count} events are parked")


async def seen(platform: TestPlatform, expected: str) -> None:
    async def so() -> bool:
        row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account-0'")
        return row is not None and row["seen"] == expected

    await eventually(so, what=f"orders handled: {expected}")
