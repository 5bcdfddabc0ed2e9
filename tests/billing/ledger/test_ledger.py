"""The journal is double entry, append-only, and posts each thing once."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as any_

from libs.events.examples.interop import PRACTICE
from services.billing.ledger.model import (
    Account,
    Decision,
    Entry,
    charge,
    decision,
    provider_adjustment,
    unapplied,
    unapplied_no_more,
)
from services.billing.ledger.store import ADD_ENTRIES, post
from tests.billing.desk import Desk
from tests.harness import Harness

_DAY = date(2026, 2, 27)
CENTS = any_.integers(-(10**12), 10**12)
TOLD: Any = {"payer_id": "87726", "event_id": uuid4()}
ADD_LINE = "INSERT INTO journal_line VALUES ($1, $2, $3, $4)"


@for_all(any_.builds(Decision, CENTS, CENTS, CENTS, CENTS))
def test_a_decision_and_its_reversal_leave_nothing(made: Decision) -> None:
    claim_id, payment_id = uuid4(), uuid4()
    ours = partial(
        decision, PRACTICE, claim_id, _DAY, payment_id, made, payer_id="87726", event_id=uuid4()
    )
    there, back = ours(undo=False), ours(undo=True)
    assert sum(there.lines.values()) == sum(back.lines.values()) == 0
    assert {account: there.lines[account] + back.lines[account] for account in there.lines} == (
        dict.fromkeys(there.lines, 0)
    )
    assert there.entry_id != back.entry_id


@for_all(CENTS)
def test_every_kind_of_entry_sums_to_zero(cents: int) -> None:
    for entry in (
        charge(PRACTICE, uuid4(), _DAY, cents, payer_id=None, event_id=uuid4()),
        charge(PRACTICE, uuid4(), _DAY, cents, payer_id="87726", event_id=uuid4()),
        provider_adjustment(PRACTICE, uuid4(), 1, Account.INTEREST, cents, **TOLD),
        unapplied(PRACTICE, uuid4(), 1, cents, **TOLD),
        unapplied_no_more(PRACTICE, uuid4(), 1, cents, kind="cash-applied", **TOLD),
    ):
        assert sum(entry.lines.values()) == 0


def test_an_entry_that_does_not_sum_to_zero_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="does not sum to zero"):
        Entry(PRACTICE, "charge", "x", {Account.CASH: 1}, uuid4())


async def test_the_database_refuses_an_entry_that_does_not_sum_to_zero(billing: Harness) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with billing.uow(PRACTICE) as uow:
            entry_id = uuid4()
            entry = ([entry_id], ["test"], [None], [None], [None], [uuid4()])
            await uow.db.execute(ADD_ENTRIES, PRACTICE, uow.now, *entry)
            await uow.db.execute(ADD_LINE, PRACTICE, entry_id, "cash", 100)
            await uow.db.execute(ADD_LINE, PRACTICE, entry_id, "charges", -99)


async def test_the_database_refuses_a_line_added_to_an_entry_later(desk: Desk) -> None:
    await desk.see_patients()
    [row] = await desk.fetch("SELECT entry_id FROM journal_entry")
    with pytest.raises(asyncpg.CheckViolationError):
        async with desk.billing.uow(PRACTICE) as uow:
            await uow.db.execute(ADD_LINE, PRACTICE, row["entry_id"], "cash", 100)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_line SET cents = 1",
        "DELETE FROM journal_line",
        "TRUNCATE journal_line",
        "UPDATE journal_entry SET kind = 'x'",
        "DELETE FROM journal_entry",
        "UPDATE claim_move SET state = 'paid'",
        "DELETE FROM claim_move",
    ],
)
async def test_the_service_cannot_change_what_was_posted(desk: Desk, statement: str) -> None:
    await desk.see_patients()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with desk.billing.uow(PRACTICE) as uow:
            await uow.db.execute(statement)


async def test_the_same_source_is_posted_once(billing: Harness) -> None:
    entry = unapplied(PRACTICE, uuid4(), 1, 100, **TOLD)
    async with billing.uow(PRACTICE) as uow:
        await post(uow.db, entry, uow.now)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with billing.uow(PRACTICE) as uow:
            await post(uow.db, entry, uow.now)


async def test_one_practice_sees_nothing_of_another(desk: Desk) -> None:
    await desk.see_patients()
    stranger = Desk(desk.billing, desk.exchange, uuid4())
    for table in ("claim", "claim_line", "claim_move", "journal_line", "interchange", "practice"):
        assert await desk.fetch(f"SELECT * FROM {table}")
        assert await stranger.fetch(f"SELECT * FROM {table}") == []


async def test_the_summary_is_by_account_and_service_month(desk: Desk) -> None:
    await desk.see_patients()
    await desk.see_patients(coverage=None, encounter_id=uuid4(), service_on=_DAY)
    async with desk.billing.http(PRACTICE) as client:
        answer = await client.get("/ledger/summary")
    assert answer.status_code == 200
    rows = {(row["service_month"], row["account"]): row["cents"] for row in answer.json()}
    assert rows == {
        ("2026-02-01", "charges"): -17_800,
        ("2026-02-01", "patient-receivable"): 17_800,
        ("2026-03-01", "charges"): -17_800,
        ("2026-03-01", "payer-receivable"): 17_800,
    }
