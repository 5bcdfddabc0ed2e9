"""`GET /claims/{id}/timeline`: from the visit to cash, with reasons."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, HTTPException

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow
from services.billing.answers.held import reasons_of_claim
from services.billing.answers.store import list_answers
from services.billing.claims import store as claims
from services.billing.claims.api import ClaimView
from services.billing.claims.follow_up import FollowUpSettings, patience_with
from services.billing.claims.model import Claim
from services.billing.ledger.store import list_of_claim
from services.billing.payers.store import find_terms
from services.billing.scrub.store import list_edits
from services.billing.status.store import find_sent_again
from services.billing.status.store import list_of_claim as list_questions
from services.billing.timeline import model
from services.billing.timeline.store import list_decisions, list_interchanges

routes = APIRouter(tags=["claims"])


class TimelineStep(Contract):
    """One thing that happened to the claim."""

    at: datetime
    kind: str
    words: str
    cents: int | None
    event_id: UUID | None


class ClaimTimeline(Contract):
    """A claim's steps in order, what is open, and what happens next; nothing of its patient."""

    claim: ClaimView
    steps: tuple[TimelineStep, ...]
    payer_cents: int
    """Open with the payer, by the journal."""
    patient_cents: int
    next: str


@routes.get("/claims/{claim_id}/timeline")
async def show_timeline(claim_id: UUID, uow: Uow) -> ClaimTimeline:
    """Why a claim is where it is, and what happens next."""
    claim = await claims.find(uow.db, uow.practice_id, claim_id)
    if claim is None:
        raise HTTPException(404, "there is no such claim")
    return await _timeline(uow, claim)


async def _timeline(uow: UnitOfWork, claim: Claim) -> ClaimTimeline:
    db, of = uow.db, (uow.practice_id, claim.claim_id)
    moves = await claims.list_moves(db, claim)
    answers = await list_answers(db, *of)
    questions = await list_questions(db, *of)
    journal = await list_of_claim(db, *of)
    interchanges = await list_interchanges(db, *of)
    steps = [
        *map(model.of_move, moves),
        *map(model.of_edit, await list_edits(db, *of)),
        *map(model.of_interchange, interchanges),
        *map(model.of_answer, answers),
        *map(model.of_question, questions),
        *map(model.of_loss, await find_sent_again(db, *of)),
        *map(model.of_decision, await list_decisions(db, *of)),
        *model.of_entries(journal),
    ]
    standing = model.Standing(
        claim=claim,
        reason=moves[-1]["reason"] if moves else None,
        held_answers=tuple(await reasons_of_claim(db, *of)),
        questions=tuple(questions),
        sent_at=interchanges[-1]["made_at"] if interchanges else None,
        patient_cents=model.open_cents(journal, "patient-receivable"),
        payer_cents=model.open_cents(journal, "payer-receivable"),
    )
    first = patience_with(await find_terms(db, uow.practice_id, claim.payer_id or ""))
    again = timedelta(days=FollowUpSettings().follow_up_again_days)
    return ClaimTimeline(
        claim=ClaimView.of(claim),
        steps=tuple(
            TimelineStep(**asdict(step)) for step in sorted(steps, key=lambda step: step.at)
        ),
        payer_cents=standing.payer_cents,
        patient_cents=standing.patient_cents,
        next=model.next_step(standing, first, again),
    )
