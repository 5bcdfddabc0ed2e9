"""What patients pay is collected, too: when a claim takes it, and until it gives it back."""

from __future__ import annotations

import pytest

from libs.events.contracts.agreements import ManagementFeeAccrued, ManagementFeeReversed
from libs.events.examples.billing_balances import (
    patient_payment_applied,
    patient_payment_received,
    patient_payment_unapplied,
)
from libs.events.examples.interop import PRACTICE
from tests.agreements.commands import sign
from tests.harness import Harness


@pytest.fixture
async def signed(managed: Harness) -> Harness:
    async with managed.http(PRACTICE) as client:
        assert (await sign(client)).status_code == 201
    return managed


async def test_a_patients_payment_accrues_when_a_claim_takes_it(signed: Harness) -> None:
    applied = patient_payment_applied(cents=2_000)
    await signed.receive(patient_payment_received(cents=5_000), applied, applied)
    [accrued] = await signed.published(ManagementFeeAccrued)
    assert (accrued.collected_cents, accrued.fee_cents) == (2_000, 130)
    assert accrued.payment_event_id == applied.event_id
    assert accrued.service_month == applied.service_month


async def test_what_a_claim_gives_back_takes_its_fee_along(signed: Harness) -> None:
    await signed.receive(patient_payment_applied(cents=2_000), patient_payment_unapplied())
    [given_back] = await signed.published(ManagementFeeReversed)
    assert (given_back.collected_cents, given_back.fee_cents) == (2_000, 130)
