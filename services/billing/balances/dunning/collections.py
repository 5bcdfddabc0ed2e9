"""Gives an account's balance to an agency, and takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from libs.events.contracts.billing_balances import (
    AccountRecalledFromCollections,
    AccountSentToCollections,
)
from libs.events.contracts.values import PatientId, PracticeId, month_of
from libs.events.transport import UnitOfWork
from services.billing.balances import entries
from services.billing.balances.dunning import store
from services.billing.balances.dunning.model import still_applies
from services.billing.balances.dunning.store import PlacedClaim, Placement
from services.billing.balances.model import Balance
from services.billing.balances.statements.store import first_billed
from services.billing.balances.store import PatientAccount, lock_balances
from services.billing.ledger.store import post_all


async def place(uow: UnitOfWork, account_id: UUID, agency: str, due: Sequence[Balance]) -> None:
    """The agency collects what is due of these claims, which are locked, from now on."""
    claims = ",".join(str(claim.claim_id) for claim in due)
    placement = Placement(
        placement_id=uuid5(account_id, f"placement/{uow.now.isoformat()}/{claims}"),
        account_id=account_id,
        agency=agency,
        placed_on=uow.now.date(),
        cents=sum(claim.patient_cents for claim in due),
        recalled_on=None,
        open_cents=0,
    )
    sent = AccountSentToCollections(
        practice_id=PracticeId(uow.practice_id),
        placement_id=placement.placement_id,
        account_id=PatientId(account_id),
        agency=agency,
        cents=placement.cents,
        placed_on=placement.placed_on,
    )
    await store.add_placement(uow.db, uow.practice_id, placement, due)
    placed = [
        entries.placed(
            uow.practice_id, placement.placement_id, claim.claim_id, month_of(claim.service_on),
            claim.patient_cents, sent.event_id,
        )
        for claim in due
    ]  # fmt: skip
    await post_all(uow.db, placed, uow.now)
    await uow.publish(sent)


async def recall(uow: UnitOfWork, placement: Placement) -> None:
    """What the agency has not collected is the patient's again; its claims are locked."""
    claims = await store.claims_of_placement(uow.db, uow.practice_id, placement.placement_id)
    await store.mark_recalled(uow.db, uow.practice_id, placement.placement_id, uow.now.date())
    await _recall(uow, placement.account_id, placement.placement_id, claims)


async def suspend(uow: UnitOfWork, account: PatientAccount, applied_on: date) -> None:
    """An application for assistance that is in time takes back what agencies have of an account."""
    await lock_balances(uow.db, uow.practice_id, account.charts)
    billed = await first_billed(uow, account.charts)
    for placement in await store.open_placements(uow.db, uow.practice_id, account.charts):
        claims = await store.claims_of_placement(uow.db, uow.practice_id, placement.placement_id)
        if still_applies((claim.claim_id for claim in claims), billed, applied_on):
            await recall(uow, placement)


async def recall_claim(uow: UnitOfWork, account_id: UUID, placed: PlacedClaim) -> None:
    """One claim comes back alone, because its payer decided it anew."""
    await _recall(uow, account_id, placed.placement_id, [placed])


async def _recall(
    uow: UnitOfWork, account_id: UUID, placement_id: UUID, claims: Sequence[PlacedClaim]
) -> None:
    recalled = AccountRecalledFromCollections(
        practice_id=PracticeId(uow.practice_id),
        placement_id=placement_id,
        account_id=PatientId(account_id),
        cents=sum(claim.cents for claim in claims),
    )
    await store.mark_claims_recalled(
        uow.db, uow.practice_id, placement_id, [claim.claim_id for claim in claims]
    )
    taken_back = [
        entries.placed(
            uow.practice_id, placement_id, claim.claim_id, month_of(claim.service_on),
            claim.cents, recalled.event_id, undo=True,
        )
        for claim in claims
    ]  # fmt: skip
    await post_all(uow.db, taken_back, uow.now)
    await uow.publish(recalled)
