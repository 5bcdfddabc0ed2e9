"""Law 4: of two owners of a partition, each sure that it is the only one, one commits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from libs.events.transport.applying import Applier
from libs.events.transport.database import open_pool
from libs.events.transport.effects import Handlers
from libs.events.transport.faults import FencedError
from libs.events.transport.folding import Folding
from libs.events.transport.work import partition_for
from tests.transport.ledger import LEDGER, MOVES, ORDERS, PRACTICE, ledger, order, teller, totals
from tests.transport.platform import TestPlatform, eventually, records_of, work_in

PARTITION = partition_for("account-0", ORDERS.partitions)


async def test_two_owners_with_the_same_batch_at_once_and_a_zombie_later_have_one_effect(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing:
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(1, 21):
                await uow.publish(order("account-0", number, 5))

        async def sent() -> bool:
            async with platform.teller_db() as db:
                return await db.fetchval("SELECT count(*) FROM outbox") == 0

        await eventually(sent)
    batch = [r for r in await records_of(platform.kafka, ORDERS) if r.partition == PARTITION]
    assert len(batch) == 20
    async with await open_pool(platform.ledger_dsn, name="test") as pool:
        work = work_in(pool, ledger)
        owners = [Applier(Handlers(ledger, work.clock), LEDGER, work) for _ in range(3)]
        old = await owners[0].load(ORDERS.name, PARTITION, 0)
        outcomes = await asyncio.gather(
            *[owner.apply(old, batch) for owner in owners[:2]], return_exceptions=True
        )
        assert names(outcomes) == ["Applied", "FencedError"]
        [late] = await asyncio.gather(owners[2].apply(old, batch[:5]), return_exceptions=True)
        assert isinstance(late, FencedError)
        assert (await owners[2].load(ORDERS.name, PARTITION, 0)).next_offset == 20
    async with platform.ledger_db() as db:
        account = await db.fetchrow(
            "SELECT cents, moves, seen FROM account WHERE account <> 'cash'"
        )
        outgoing = await db.fetchval("SELECT count(*) FROM outbox")
    assert account is not None
    assert (account["cents"], account["moves"]) == (100, 20)
    assert account["seen"].split() == [str(number) for number in range(1, 21)]
    assert outgoing == 20, "what the loser would have published is undone with it"


async def test_a_projection_adds_a_batch_once_though_two_owners_fold_it(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(1, 21):
                await uow.publish(order("account-0", number, 5))

        async def folded() -> bool:
            row = await platform.ledger_row("SELECT sum(moves) AS n FROM total")
            return row is not None and row["n"] == 20

        await eventually(folded)
    batch = [r for r in await records_of(platform.kafka, MOVES) if r.partition == PARTITION]
    async with await open_pool(platform.ledger_dsn, name="test") as pool:
        work = work_in(pool, ledger)
        effects = [Folding("shadow", totals, 7) for _ in range(2)]
        owners = [Applier(effect, effect.group, work) for effect in effects]
        old = [await owner.load(MOVES.name, PARTITION, 0) for owner in owners]
        outcomes = await asyncio.gather(
            *[owner.apply(at, batch) for owner, at in zip(owners, old, strict=True)],
            return_exceptions=True,
        )
    assert names(outcomes) == ["Applied", "FencedError"]

    row = await platform.ledger_row("SELECT cents, moves FROM total WHERE generation = 7")
    assert row is not None
    assert (row["cents"], row["moves"]) == (100, 20)


def names(outcomes: Iterable[object]) -> list[str]:
    return sorted(type(outcome).__name__ for outcome in outcomes)
