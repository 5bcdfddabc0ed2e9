"""Claims as people look at them, and claims taken over from a practice's former system."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.billing import ChargesPosted
from libs.events.contracts.values import (
    ClaimId,
    Npi,
    PayerId,
    PositiveCents,
    PracticeId,
    month_of,
)
from libs.service.http import Uow, json_body
from services.billing.claims import store
from services.billing.claims.model import Claim, PayerSequence, State
from services.billing.claims.revisions import Revision, revisions
from services.billing.ledger import model as ledger
from services.billing.ledger.store import list_of_claim, post
from services.billing.payers.model import filing_deadline
from services.billing.payers.store import find_terms
from services.billing.remittances.store import list_postings
from services.billing.scrub.store import list_edits
from services.billing.scrub.views import EditView

routes = APIRouter(tags=["claims"])


class ClaimView(Contract):
    """A claim without anything about its patient."""

    claim_id: UUID
    encounter_id: UUID | None
    control_number: str
    payer_id: str | None
    provider_npi: str | None
    service_on: date
    charge_cents: int
    state: str
    payer_sequence: PayerSequence
    """P, S or T: which of its payers `payer_id` is (X12 837 SBR01)."""
    hold_reason: str | None
    interchange_number: int | None
    payer_claim_number: str | None

    @classmethod
    def of(cls, claim: Claim) -> ClaimView:
        return cls(**{name: getattr(claim, name) for name in cls.model_fields})


class ClaimMove(Contract):
    """A step of a claim's life."""

    state: str
    reason: str | None
    moved_at: datetime


class Posting(Contract):
    """A payer's decision on the claim; `reversed_by` names the posting that took it back."""

    payment_id: UUID
    remittance_id: UUID
    payer_id: str
    trace_number: str
    status: str
    paid_cents: int
    adjusted_cents: int
    patient_cents: int
    denied_cents: int
    forwarded_cents: int
    """Left to the patient, and asked of the next payer first."""
    payer_sequence: PayerSequence
    reversed_by: UUID | None
    posted_at: datetime


class JournalLine(Contract):
    """One line of the journal; debit above zero."""

    entry_id: UUID
    kind: str
    account: str
    cents: int
    posted_at: datetime
    event_id: UUID
    """The event that says the same."""


class ClaimHistory(Contract):
    """A claim, what became of it, what rules found, how it was paid, and its journal lines."""

    claim: ClaimView
    file_by: date | None
    """The last day on which the payer takes the claim; None: the directory does not know it."""
    correct_by: date | None
    """The same for a corrected claim."""
    moves: tuple[ClaimMove, ...]
    edits: tuple[EditView, ...]
    revisions: tuple[Revision, ...]
    postings: tuple[Posting, ...]
    journal: tuple[JournalLine, ...]


class TakeOverClaim(Contract):
    """An open claim of the former system, under the control number that its payer knows."""

    claim_id: ClaimId
    control_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,20}$")]
    payer_id: PayerId
    provider_npi: Npi | None = None
    service_on: date
    charge_cents: PositiveCents


@routes.get("/claims")
async def list_claims(
    uow: Uow,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[ClaimView]:
    """The practice's claims, oldest service first."""
    claims = await store.list_claims(uow.db, uow.practice_id, state, limit, offset)
    return [ClaimView.of(claim) for claim in claims]


@routes.get("/claims/{claim_id}")
async def show_claim(claim_id: UUID, uow: Uow) -> ClaimHistory:
    """Why a claim is where it is."""
    claim = await store.find(uow.db, uow.practice_id, claim_id)
    if claim is None:
        raise HTTPException(404, "there is no such claim")
    moves = await store.list_moves(uow.db, claim)
    edits = await list_edits(uow.db, uow.practice_id, claim_id)
    postings = await list_postings(uow.db, uow.practice_id, claim_id)
    journal = await list_of_claim(uow.db, uow.practice_id, claim_id)
    terms = await find_terms(uow.db, uow.practice_id, claim.payer_id or "")
    return ClaimHistory(
        claim=ClaimView.of(claim),
        file_by=filing_deadline(terms, claim.service_on, is_corrected=False),
        correct_by=filing_deadline(terms, claim.service_on, is_corrected=True),
        moves=tuple(ClaimMove(**move) for move in moves),
        edits=tuple(EditView(**edit) for edit in edits),
        revisions=tuple(revisions(claim, journal)),
        postings=tuple(Posting(**posting) for posting in postings),
        journal=tuple(JournalLine(**line) for line in journal),
    )


@routes.post("/opening-claims", status_code=201)
async def take_over_claim(
    command: Annotated[TakeOverClaim, json_body(TakeOverClaim)], uow: Uow
) -> ClaimView:
    """Take over an open claim; its remittance posts here from now on. Repeating is harmless."""
    wanted = _taken_over(command, uow.practice_id, uow.origin.dump())
    await store.lock_standing(uow.db, uow.practice_id)
    known = await store.lock(uow.db, uow.practice_id, command.claim_id)
    if known is not None:
        if ClaimView.of(known).model_dump(include=_COMPARED) != ClaimView.of(wanted).model_dump(
            include=_COMPARED
        ):
            raise HTTPException(409, "another claim has this claim_id")
        return ClaimView.of(known)
    if await store.lock_by_control(uow.db, uow.practice_id, command.control_number):
        raise HTTPException(409, "another claim has this control_number")
    charges = _charges(command, uow.practice_id)
    origin = await uow.publish(charges)
    await store.add_claim(uow, replace(wanted, origin=origin.dump()), None)
    entry = ledger.charge(
        uow.practice_id, command.claim_id, command.service_on, command.charge_cents,
        payer_id=command.payer_id, event_id=charges.event_id,
    )  # fmt: skip
    await post(uow.db, entry, uow.now)
    return ClaimView.of(wanted)


_COMPARED = {"claim_id", "control_number", "payer_id", "provider_npi", "service_on", "charge_cents"}


def _taken_over(command: TakeOverClaim, practice_id: UUID, origin: str) -> Claim:
    return Claim(
        practice_id=practice_id,
        claim_id=command.claim_id,
        encounter_id=None,
        patient_id=None,
        control_number=command.control_number,
        payer_id=command.payer_id,
        provider_npi=command.provider_npi,
        service_on=command.service_on,
        charge_cents=command.charge_cents,
        state=State.SUBMITTED,
        hold_reason=None,
        was_refused=False,
        interchange_number=None,
        payer_claim_number=None,
        origin=origin,
    )


def _charges(command: TakeOverClaim, practice_id: UUID) -> ChargesPosted:
    return ChargesPosted(
        practice_id=PracticeId(practice_id),
        claim_id=command.claim_id,
        encounter_id=None,
        patient_id=None,
        provider_npi=command.provider_npi,
        payer_id=command.payer_id,
        service_on=command.service_on,
        service_month=month_of(command.service_on),
        charge_cents=command.charge_cents,
        lines=1,
    )
