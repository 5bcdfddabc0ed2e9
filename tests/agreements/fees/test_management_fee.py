"""The fee accrues from what was collected, and goes back with it, to the cent."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as any_

from libs.events.contracts.agreements import ManagementFeeAccrued, ManagementFeeReversed
from libs.events.examples.interop import PRACTICE
from services.agreements.agreements.model import Agreement
from services.agreements.fees.model import (
    Payment,
    PaymentUnknownError,
    ReversedTwiceError,
    accrue_fee,
    take_back,
)
from tests.agreements.commands import AGREEMENT, onboard, sign
from tests.agreements.fees.payments import posted, reversed_
from tests.harness import Harness


@pytest.fixture
async def signed(managed: Harness) -> Harness:
    """6.5 % from January 2026 on."""
    async with managed.http(PRACTICE) as client:
        assert (await sign(client)).status_code == 201
    return managed


async def test_a_posted_payment_accrues_the_fee_half_to_even(signed: Harness) -> None:
    payment = posted(paid_cents=10_100)  # 656.5 cents
    await signed.receive(payment)
    [accrued] = await signed.published(ManagementFeeAccrued)
    assert accrued.fee_cents == 656
    assert accrued.collected_cents == 10_100
    assert accrued.agreement_id == AGREEMENT
    assert accrued.payment_event_id == payment.event_id
    assert accrued.service_month == payment.service_month


async def test_a_redelivered_payment_accrues_once(signed: Harness) -> None:
    payment = posted()
    await signed.receive(payment, payment)
    assert len(await signed.published(ManagementFeeAccrued)) == 1


async def test_money_taken_back_in_a_posting_accrues_a_negative_fee(signed: Harness) -> None:
    await signed.receive(posted(paid_cents=-10_000))
    [accrued] = await signed.published(ManagementFeeAccrued)
    assert (accrued.collected_cents, accrued.fee_cents) == (-10_000, -650)


async def test_a_denial_pays_nothing_and_accrues_nothing(signed: Harness) -> None:
    await signed.receive(posted(paid_cents=0), reversed_(paid_cents=0))
    assert await signed.published(ManagementFeeAccrued) == []
    assert await signed.published(ManagementFeeReversed) == []


async def test_a_reversal_gives_back_exactly_what_had_accrued(signed: Harness) -> None:
    await signed.receive(posted(paid_cents=10_100), reversed_(paid_cents=10_100))
    [accrued] = await signed.published(ManagementFeeAccrued)
    [given_back] = await signed.published(ManagementFeeReversed)
    assert (given_back.collected_cents, given_back.fee_cents) == (10_100, 656)
    assert given_back.payment_event_id == accrued.payment_event_id
    assert (await _fees(signed))["fee_cents"] == 0


async def test_a_new_rate_does_not_touch_a_reversal_of_an_older_fee(signed: Harness) -> None:
    await signed.receive(posted())
    async with signed.http(PRACTICE) as client:
        answer = await sign(client, agreement_id=uuid4(), rate="0.1", effective_on="2026-03-11")
        assert answer.status_code == 201
    await signed.receive(reversed_(), posted("second", posted_on=date(2026, 3, 11)))
    [given_back] = await signed.published(ManagementFeeReversed)
    assert (given_back.agreement_id, given_back.fee_cents) == (AGREEMENT, 653)
    assert (await signed.published(ManagementFeeAccrued))[-1].fee_cents == 1_005


async def test_a_rate_is_not_set_for_fees_that_have_accrued(signed: Harness) -> None:
    await signed.receive(posted(posted_on=date(2026, 3, 10)))
    async with signed.http(PRACTICE) as client:
        late = await sign(client, agreement_id=uuid4(), rate="0.1", effective_on="2026-03-10")
        in_time = await sign(client, agreement_id=uuid4(), rate="0.1", effective_on="2026-03-11")
    assert (late.status_code, in_time.status_code) == (409, 201)


async def test_a_payment_waits_for_an_agreement_and_accrues_when_one_is_signed(
    managed: Harness,
) -> None:
    early, due = posted("early", posted_on=date(2025, 12, 31)), posted("due")
    await managed.receive(early, due)
    assert await managed.published(ManagementFeeAccrued) == []
    assert (await _fees(managed))["waiting"] == 2
    async with managed.http(PRACTICE) as client:
        await sign(client)
    [accrued] = await managed.published(ManagementFeeAccrued)
    assert accrued.payment_event_id == due.event_id
    fees = await _fees(managed)
    assert (fees["waiting"], fees["waiting_cents"], fees["fee_cents"]) == (1, 10_050, 653)


async def test_what_waited_accrues_at_the_rate_in_force_on_its_own_day(managed: Harness) -> None:
    async with managed.http(PRACTICE) as client:
        await sign(client, agreement_id=uuid4(), rate="0.1", effective_on="2026-03-01")
        await managed.receive(posted("february", posted_on=date(2026, 2, 10)))
        answer = await sign(client, rate="0.05", effective_on="2026-02-01")
    assert answer.status_code == 201, answer.text
    [accrued] = await managed.published(ManagementFeeAccrued)
    assert (accrued.agreement_id, accrued.fee_cents) == (AGREEMENT, 502)


async def test_a_payment_reversed_while_it_waits_never_accrues(managed: Harness) -> None:
    await managed.receive(posted(), reversed_())
    async with managed.http(PRACTICE) as client:
        await sign(client)
    assert await managed.published(ManagementFeeAccrued) == []
    assert await managed.published(ManagementFeeReversed) == []
    assert (await _fees(managed))["waiting"] == 0


async def test_payments_heard_before_the_practice_is_known_wait_too(agreements: Harness) -> None:
    await agreements.receive(posted())
    async with agreements.http(PRACTICE) as client:
        await onboard(client)
        await sign(client)
    assert len(await agreements.published(ManagementFeeAccrued)) == 1


async def test_payments_and_the_signing_at_once_leave_nothing_waiting(managed: Harness) -> None:
    payments = [posted(f"number {n}") for n in range(20)]

    async def hear() -> None:
        for payment in payments:
            await managed.receive(payment)

    async with managed.http(PRACTICE) as client:
        await asyncio.gather(hear(), sign(client))
    assert len(await managed.published(ManagementFeeAccrued)) == 20
    assert (await _fees(managed))["waiting"] == 0


async def test_what_waited_keeps_the_story_of_its_payment(managed: Harness) -> None:
    await managed.receive(payment := posted())
    async with managed.http(PRACTICE) as client:
        await sign(client)
    async with managed.uow(PRACTICE) as uow:
        rows = await uow.db.fetch(
            "SELECT headers ->> 'ce_causationid' AS cause FROM outbox WHERE topic = $1",
            "agreements.fees",
        )
    assert [row["cause"] for row in rows] == [str(payment.event_id)]


async def test_a_reversal_of_a_payment_never_heard_is_not_swallowed(signed: Harness) -> None:
    with pytest.raises(PaymentUnknownError):
        await signed.receive(reversed_("never"))


async def test_a_second_reversal_is_not_swallowed(signed: Harness) -> None:
    await signed.receive(posted(), reversed_())
    with pytest.raises(ReversedTwiceError):
        await signed.receive(reversed_())


async def test_the_ledger_is_numbered_and_its_sum_is_the_account(signed: Harness) -> None:
    await signed.receive(posted("a"), posted("b", paid_cents=777), reversed_("a"), posted("c"))
    async with signed.uow(PRACTICE) as uow:
        rows = await uow.db.fetch("SELECT number, fee_cents FROM fee_entry ORDER BY number")
        account = await uow.db.fetchrow("SELECT entries, fee_cents FROM fee_account")
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    assert account is not None
    assert (account["entries"], account["fee_cents"]) == (4, sum(row["fee_cents"] for row in rows))
    assert (await _fees(signed))["fee_cents"] == account["fee_cents"]


async def test_the_ledger_cannot_be_edited(signed: Harness) -> None:
    await signed.receive(posted())
    for statement in ("UPDATE fee_entry SET fee_cents = 0", "DELETE FROM fee_entry"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with signed.uow(PRACTICE) as uow:
                await uow.db.execute(statement)


async def test_one_practice_does_not_see_the_fees_of_another(signed: Harness) -> None:
    await signed.receive(posted())
    assert (await _fees(signed, uuid4()))["entries"] == 0


@for_all(
    paid=any_.integers(-(10**12), 10**12),
    rate=any_.decimals(0, 1, places=6, allow_nan=False, allow_infinity=False),
)
def test_an_accrual_and_its_reversal_sum_to_zero(paid: int, rate: Any) -> None:
    agreement = Agreement(uuid4(), "percentage-of-collections", rate, date(2026, 1, 1))
    payment = Payment(uuid4(), uuid4(), date(2026, 3, 1), date(2026, 3, 1), paid, "")
    accrued = accrue_fee(payment, agreement)
    back = take_back(accrued, date(2026, 4, 1))
    assert accrued.fee_cents + back.fee_cents == 0
    assert accrued.collected_cents + back.collected_cents == 0
    assert abs(accrued.fee_cents - paid * rate) <= 0.5


async def _fees(harness: Harness, practice_id: UUID = PRACTICE) -> dict[str, Any]:
    async with harness.http(practice_id) as client:
        answer = await client.get("/fees", params={"month": "2026-03-01"})
    assert answer.status_code == 200, answer.text
    return answer.json()
