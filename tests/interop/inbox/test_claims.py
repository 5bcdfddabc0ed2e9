"""How a claim stands is what billing said of it last, and its sums are whole, for every visit."""

from __future__ import annotations

import pytest

from libs.events.contracts import Event
from libs.events.examples import (
    billing,
    billing_balances,
    billing_cob,
    billing_holds,
    billing_ledger,
)
from libs.events.examples import billing_claims as claims
from libs.events.examples import interop as examples
from services.interop.inbox import store
from services.interop.inbox.views import Claim
from tests.harness import Harness

VISIT = examples.ENCOUNTER
CHARGED = billing.charges_posted(encounter_id=VISIT)
TAKEN_BACK = billing.charges_reversed(encounter_id=VISIT)
HELD = billing_holds.claim_held(encounter_id=VISIT, reason="provider-not-enrolled", edits=())


async def heard(interop: Harness, *events: Event) -> Claim:
    """The visit's claim after the events."""
    await interop.receive(*events)
    async with interop.uow(examples.PRACTICE) as uow:
        [row] = await store.list_claims(uow.db, examples.PRACTICE, [VISIT])
    columns = dict(row)
    del columns["encounter_id"]
    return Claim(**columns, told=())


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        ([CHARGED], "to be sent"),
        ([HELD], "held: provider-not-enrolled"),
        ([CHARGED, HELD], "held: provider-not-enrolled"),
        ([HELD, CHARGED], "held: provider-not-enrolled"),
        ([CHARGED, HELD, billing_holds.claim_released()], "to be sent"),
        ([HELD, billing_holds.claim_released()], "not priced"),
        ([CHARGED, TAKEN_BACK], "taken back"),
        ([CHARGED, TAKEN_BACK, billing.charges_posted(encounter_id=VISIT, lines=3)], "to be sent"),
        ([billing.charges_posted(encounter_id=VISIT, payer_id=None)], "the patient pays"),
        ([CHARGED, billing.claim_submitted()], "submitted"),
        ([CHARGED, billing.claim_submitted(), billing.claim_accepted()], "accepted"),
        ([CHARGED, billing.claim_submitted(), billing.claim_rejected()], "rejected"),
        ([CHARGED, billing.claim_denied()], "denied"),
        ([CHARGED, billing.payment_posted(), billing.claim_paid()], "paid"),
        ([CHARGED, billing.payment_posted(), billing.claim_paid(), billing.payment_reversed()],
         "submitted"),
        ([CHARGED, billing.claim_denied(), claims.claim_replaced()], "submitted"),
        ([CHARGED, billing.claim_accepted(), TAKEN_BACK, claims.claim_void_sent()], "void-sent"),
        ([CHARGED, TAKEN_BACK, claims.claim_void_sent(), claims.claim_voided()], "voided"),
        ([CHARGED, billing.claim_paid(), billing_cob.claim_forwarded()], "to be sent"),
        ([CHARGED, billing.claim_paid(), billing_cob.claim_forwarded(crossed_over=True)],
         "submitted"),
        ([CHARGED, billing_cob.claim_forwarded(), billing_cob.claim_recalled()], "submitted"),
    ],
)  # fmt: skip
async def test_a_claim_stands_as_billing_said_last(
    interop: Harness, events: list[Event], standing: str
) -> None:
    assert (await heard(interop, *events)).standing == standing


async def test_what_was_paid_and_taken_back_is_open_again(interop: Harness) -> None:
    paid = await heard(interop, CHARGED, billing.payment_posted(), billing.claim_paid())
    assert (paid.charge_cents, paid.paid_cents, paid.adjusted_cents, paid.patient_cents) == (
        17_800, 10_050, 5_750, 2_000,
    )  # fmt: skip
    assert paid.open_cents == 0
    lifted = await heard(interop, billing_cob.patient_share_lifted())
    assert (lifted.patient_cents, lifted.open_cents) == (0, 2_000)
    again = await heard(interop, billing.payment_reversed(patient_cents=0))
    assert (again.paid_cents, again.open_cents) == (0, 17_800)


async def test_what_the_patient_pays_is_the_patients_until_it_is_taken_back(
    interop: Harness,
) -> None:
    own = {"encounter_id": VISIT, "payer_id": None}
    owed = await heard(interop, billing.charges_posted(**own))
    assert (owed.patient_cents, owed.open_cents) == (17_800, 0)
    gone = await heard(interop, billing.charges_reversed(**own))
    assert (gone.charge_cents, gone.patient_cents, gone.standing) == (0, 0, "taken back")


async def test_what_is_given_up_or_paid_by_the_patient_leaves_what_they_owe(
    interop: Harness,
) -> None:
    posted = CHARGED, billing.payment_posted(), billing.claim_paid()
    given_up = billing_ledger.balance_written_off(owed_by="patient", payer_id=None, cents=500)
    paid = billing_balances.patient_payment_applied(claim_id=billing.CLAIM, cents=700)
    claim = await heard(interop, paid, *posted, given_up)
    assert (claim.paid_cents, claim.adjusted_cents, claim.patient_cents) == (10_750, 6_250, 800)
    back = billing_ledger.write_off_reversed(owed_by="patient", payer_id=None, cents=500)
    assert (await heard(interop, back)).patient_cents == 1_300
