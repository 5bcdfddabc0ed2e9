"""Ready claims go out together: one interchange per practice and payer, numbered without gaps."""

from __future__ import annotations

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.claims import store
from services.billing.claims.compose import compose_claim
from services.billing.claims.interchange import write_interchange
from services.billing.claims.model import State
from services.billing.exchange.send import send
from services.billing.facts.store import find_practice

MOST_CLAIMS = 5000
"""In one transaction set (005010X222A1, section 1.3.2)."""


async def submit_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put the payer's ready claims into one interchange and set it on its way."""
    payer_id = timer.key
    claims = await store.lock_in_state(
        uow.db, uow.practice_id, State.READY, payer=payer_id, most=MOST_CLAIMS
    )
    if not claims:
        return
    if len(claims) == MOST_CLAIMS:
        await uow.set_timer(timer.name, payer_id, uow.now)
    practice = await find_practice(uow.db, uow.practice_id)
    said = [
        await compose_claim(uow, claim, await store.read_encounter(uow, claim)) for claim in claims
    ]
    number = await send(
        uow, "837", payer_id, lambda number: write_interchange(number, practice, said, uow.now)
    )
    await store.set_interchange(uow.db, uow.practice_id, claims, number)
    for claim in claims:
        submitted = ClaimSubmitted(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_id=payer_id,
            interchange_number=number,
            charge_cents=claim.charge_cents,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(submitted, origin=Origin.load(claim.origin))
        await store.move(uow.db, claim, State.SUBMITTED, uow.now, origin=origin.dump())
