"""A payer does not find a claim (277 A4, D0): it is sent there again, once, or a person looks."""

from __future__ import annotations

from dataclasses import replace

from libs.events.contracts.billing_answers import ClaimLost, KeptBack
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.answers.store import list_answers
from services.billing.claims.change import send_as_new
from services.billing.claims.follow_up import stop_watching
from services.billing.claims.model import Claim
from services.billing.payers.model import filing_deadline
from services.billing.payers.store import find_terms
from services.billing.remittances.store import list_postings
from services.billing.status import store
from services.billing.status.model import Loss, had_by_a_payer, kept_back


async def take_loss(
    uow: UnitOfWork, claim: Claim, status_code: str, origin: Origin
) -> KeptBack | None:
    """Say it, and send the claim again; or give why it is for a person.

    The caller holds `lock_standing` and the claim, of which the payer owes a decision. `origin`:
    what the payer told.
    """
    because = kept_back(await _read_loss(uow, claim, status_code))
    origin = await uow.publish(_lost(claim, because), origin=origin)
    if because is not None:
        return because
    await store.note_sent_again(uow, claim)
    await stop_watching(uow, claim.claim_id)
    await send_as_new(uow, replace(claim, origin=origin.dump()))
    return None


async def _read_loss(uow: UnitOfWork, claim: Claim, status_code: str) -> Loss:
    db, of = uow.db, (uow.practice_id, claim.claim_id)
    assert claim.payer_id is not None, "a payer was asked"
    terms = await find_terms(db, uow.practice_id, claim.payer_id)
    return Loss(
        status_code=status_code,
        was_had=had_by_a_payer(
            claim,
            await list_answers(db, *of),
            was_decided=bool(await list_postings(db, *of)),
        ),
        was_sent_again=bool(await store.find_sent_again(db, *of)),
        file_by=filing_deadline(terms, claim.service_on, is_corrected=False),
        on=uow.now.date(),
    )


def _lost(claim: Claim, because: KeptBack | None) -> ClaimLost:
    assert claim.payer_id is not None, "a payer was asked"
    assert claim.interchange_number is not None, "what a payer is asked after was sent to it"
    return ClaimLost(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        payer_id=claim.payer_id,
        interchange_number=claim.interchange_number,
        kept_back=because,
        service_month=month_of(claim.service_on),
    )
