"""`mainstay parked retry|discard` for all that match, and `mainstay lag`."""

from __future__ import annotations

import asyncio

import pytest

from libs.events.transport.breaker import STOP
from libs.events.transport.service import Service
from libs.events.transport.work import UnitOfWork
from tests.cli.orders import CANARY, parked, run, seen
from tests.transport.ledger import (
    LEDGER,
    ORDERS,
    PRACTICE,
    MoveOrdered,
    healed,
    ledger,
    order,
    teller,
)
from tests.transport.platform import Running, TestPlatform, eventually

REQUESTS = "SELECT key, request FROM parked_key ORDER BY key"
ACTS = "SELECT act, acted_by, acted_at FROM parked_act ORDER BY id"


async def place_poison(publishing: Running, platform: TestPlatform) -> None:
    """Two accounts whose first order cannot be handled, each with one more behind it."""
    async with publishing.work.unit_of_work(PRACTICE) as uow:
        for number, account in enumerate(("account-0", "account-1"), start=1):
            await uow.publish(order(account, number, CANARY, poison=True))
            await uow.publish(order(account, number + 10, CANARY))
    await parked(platform, 4)


async def requests(platform: TestPlatform) -> dict[str, str | None]:
    async with platform.ledger_db() as db:
        return {row["key"]: row["request"] for row in await db.fetch(REQUESTS)}


async def test_all_that_match_are_retried_in_their_keys_order_and_the_acts_are_recorded(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place_poison(publishing, platform)
        of_type = ("--service", LEDGER, "--type", "teller.move-ordered.v1")
        told = (await run(platform, "parked", "retry", *of_type, "--dry-run", "--json")).json()
        assert [(f["key"], f["error"], f["behind"], f["asked"]) for f in told] == [
            ("account-0", "PoisonError", 1, False),
            ("account-1", "PoisonError", 1, False),
        ]
        assert set((await requests(platform)).values()) == {None}, "a dry run asks for nothing"
        healed.update((1, 2))
        try:
            answer = await run(platform, "parked", "retry", *of_type)
            assert "asked for" in answer.out
            await parked(platform, 0)
        finally:
            healed.clear()
        await seen(platform, "1 11 ")
        async with platform.ledger_db() as db:
            acts = await db.fetch(ACTS)
        assert [act["act"] for act in acts] == ["retried"] * 4
        assert all(act["acted_by"] and act["acted_at"] for act in acts)


async def test_only_the_key_that_was_named_is_discarded(platform: TestPlatform) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place_poison(publishing, platform)
        dry = await run(platform, "parked", "discard", "--key", "account-0", "--dry-run")
        assert "would be asked for: discard; nothing was changed" in dry.out
        assert "account-1" not in dry.out
        await run(platform, "parked", "discard", "--key", "account-0")
        await parked(platform, 2)
        await seen(platform, "11 ")

        async def free() -> bool:
            return await requests(platform) == {"account-1": None}

        await eventually(free, what="only the other key waits")
        rows = (await run(platform, "parked", "list", "--key", "account-1", "--json")).json()
        assert [row["error"] for row in rows] == ["PoisonError", None]


async def test_a_retry_says_that_its_consumer_has_stopped(platform: TestPlatform) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place_poison(publishing, platform)
        async with platform.ledger_db() as db:
            await db.execute(STOP, LEDGER, "too much failed")
        answer = await run(platform, "parked", "retry", "--service", LEDGER, "--dry-run")
    assert f"{LEDGER} has stopped: too much failed." in answer.out
    assert f"mainstay consumers resume {LEDGER} {LEDGER}" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "which? SERVICE ID, or --service"),
        ((LEDGER,), "name one event as SERVICE ID"),
        ((LEDGER, "one"), "name one event as SERVICE ID"),
        ((LEDGER, "1", "--key", "a"), "name one event as SERVICE ID"),
        (("--service", "nobody"), "there is no service 'nobody'"),
    ],
)
async def test_what_is_meant_must_be_said(
    platform: TestPlatform, words: tuple[str, ...], said: str
) -> None:
    answer = await run(platform, "parked", "discard", *words)
    assert (answer.code, said in answer.text) == (2, True), answer.text


async def test_where_nothing_matches_nothing_is_asked_for(platform: TestPlatform) -> None:
    answer = await run(platform, "parked", "retry", "--type", "teller.nothing.v1")
    assert answer.out == "nothing that is parked matches\n"


async def test_lag_is_shown_per_partition_in_records_and_in_seconds(
    platform: TestPlatform,
) -> None:
    go_on = asyncio.Event()

    async def hold(ordered: MoveOrdered, uow: UnitOfWork) -> None:
        await go_on.wait()

    async with (
        platform.start(teller) as publishing,
        platform.start(Service(name=LEDGER, handlers=[hold])),
    ):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            for number in range(3):
                await uow.publish(order("account-0", number, CANARY))

        async def behind() -> bool:
            rows = (await run(platform, "lag", "--json")).json()
            return sum(row["records"] for row in rows) == 3 and len(rows) == ORDERS.partitions

        await eventually(behind, what="three orders wait")
        rows = (await run(platform, "lag", "--json")).json()
        [late] = [row for row in rows if row["records"]]
        assert late["consumer"] == LEDGER
        assert late["topic"] == ORDERS.name
        assert (late["next_offset"], late["end"]) == (0, 3)
        assert late["seconds"] > 0
        assert {row["seconds"] for row in rows if not row["records"]} == {0.0}
        assert f"{ORDERS.name}/{late['partition']}" in (await run(platform, "lag")).out
        go_on.set()

        async def caught_up() -> bool:
            rows = (await run(platform, "lag", "--json")).json()
            return {(row["records"], row["seconds"]) for row in rows} == {(0, 0.0)}

        await eventually(caught_up)
