"""A closed month of the journal stays as it was closed, whoever posts whatever."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from libs.events.contracts.billing_ledger import MonthClosed
from services.billing.ledger import closing
from services.billing.ledger.model import Account, Entry
from services.billing.ledger.store import post
from tests.billing.desk import Desk, visit
from tests.billing.remittance import paid, payment
from tests.harness import SECOND_KEY

MARCH = "/ledger/months/2026-03-01/close"


async def close(desk: Desk, path: str = MARCH, **options: Any) -> httpx.Response:
    async with desk.billing.http(desk.practice_id, **options) as client:
        return await client.post(path)


def entry(desk: Desk) -> Entry:
    lines = {Account.CASH: 5, Account.UNAPPLIED_CASH: -5}
    return Entry(desk.practice_id, "test", str(uuid4()), lines, uuid4())


@pytest.fixture
async def march(desk: Desk) -> Desk:
    """A month of two visits, one of them paid; it is the second of April."""
    await desk.see_patients(2)
    first, _ = await desk.control_numbers()
    await desk.hear("1.835", payment(paid(first)))
    desk.billing.clock.move_to(datetime(2026, 4, 2, tzinfo=UTC))
    return desk


async def test_a_closed_month_says_what_was_posted_and_what_was_open(march: Desk) -> None:
    closed = (await close(march)).json()
    assert closed["accounts"]["charges"] == {"opening_cents": 0, "movement_cents": -35_600}
    assert closed["accounts"]["cash"] == {"opening_cents": 0, "movement_cents": 10_050}
    [said] = await march.billing.published(MonthClosed)
    assert (said.charged_cents, said.received_cents, said.receivable_cents) == (
        35_600,
        10_050,
        19_800,
    )
    assert said.entries == closed["entries"] == 3
    assert said.entries_sha256 == closed["sha256"]


async def test_nothing_is_posted_in_a_closed_month(march: Desk) -> None:
    await close(march)
    for late in (datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)):
        with pytest.raises(asyncpg.SerializationError, match="is closed"):
            async with march.billing.uow(march.practice_id) as uow:
                await post(uow.db, entry(march), late)
    async with march.billing.uow(march.practice_id) as uow:
        await post(uow.db, entry(march), datetime(2026, 4, 1, tzinfo=UTC))


async def test_a_closed_month_cannot_be_changed_or_opened(march: Desk) -> None:
    await close(march)
    for statement in (
        "UPDATE closed_month SET entries = 0",
        "DELETE FROM closed_month",
        "UPDATE closed_account SET movement_cents = 0",
        "DELETE FROM closed_account",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with march.billing.uow(march.practice_id) as uow:
                await uow.db.execute(statement)


async def test_months_are_closed_one_after_the_other_and_only_when_they_are_over(
    march: Desk,
) -> None:
    later = await close(march, "/ledger/months/2026-04-01/close")
    assert later.json()["title"] == "2026-03 is the next month to be closed"
    assert (await close(march)).status_code == 200
    early = await close(march, "/ledger/months/2026-04-01/close")
    assert early.json()["title"] == "2026-04 can be closed from the second day after it"


async def test_the_first_month_that_is_closed_may_be_one_in_which_nothing_was_posted(
    march: Desk,
) -> None:
    empty = (await close(march, "/ledger/months/2026-02-01/close")).json()
    assert (empty["entries"], empty["accounts"]) == (0, {})
    assert (await close(march)).json()["entries"] == 3
    skipped = await close(march, "/ledger/months/2026-01-01/close")
    assert skipped.json()["title"] == "2026-04 is the next month to be closed"


async def test_the_same_month_again_answers_the_same(march: Desk) -> None:
    first = await close(march)
    march.billing.clock.advance(timedelta(days=40))
    assert (await close(march)).json() == first.json()
    assert len(await march.billing.published(MonthClosed)) == 1


async def test_only_an_admin_closes_a_month(march: Desk) -> None:
    assert (await close(march, key=SECOND_KEY)).status_code == 403


async def test_each_month_opens_with_what_the_one_before_closed_with(march: Desk) -> None:
    first = (await close(march)).json()
    await march.billing.receive(visit(7))
    march.billing.clock.move_to(datetime(2026, 5, 2, tzinfo=UTC))
    second = (await close(march, "/ledger/months/2026-04-01/close")).json()
    assert second["accounts"]["charges"] == {"opening_cents": -35_600, "movement_cents": -17_800}
    for name, account in first["accounts"].items():
        closed_with = account["opening_cents"] + account["movement_cents"]
        assert second["accounts"][name]["opening_cents"] == closed_with
    async with march.billing.http(march.practice_id) as client:
        listed = (await client.get("/ledger/months")).json()
    assert [month["month"] for month in listed] == ["2026-04-01", "2026-03-01"]


async def test_a_digest_tells_any_other_entry(march: Desk) -> None:
    closed = (await close(march)).json()
    day = date(2026, 3, 1)
    async with march.billing.uow(march.practice_id) as uow:
        same = await closing.sum_up(uow.db, march.practice_id, day, {}, b"")
        other = await closing.sum_up(uow.db, march.practice_id, day, {}, b"before")
    assert same.digest.hex() == closed["sha256"]
    assert other.digest.hex() != closed["sha256"]


async def test_who_posts_beside_the_closing_is_in_the_month_or_refused(march: Desk) -> None:
    """Either the entry is in the closed sums, or it was told to come again: never neither."""
    last = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)

    async def post_late() -> bool:
        try:
            async with march.billing.uow(march.practice_id) as uow:
                await post(uow.db, entry(march), last)
        except asyncpg.SerializationError:
            return False
        return True

    posting = asyncio.gather(*[post_late() for _ in range(6)])
    closed = await close(march)
    posted = await posting
    cash = closed.json()["accounts"]["cash"]["movement_cents"]
    assert cash == 10_050 + 5 * sum(posted)
