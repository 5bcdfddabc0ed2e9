"""A claim goes on to its next payer, and comes back where a payer takes its decision back.

All of it in the transaction of the 835 that says so, but for what needs the practice's lock: an
835 holds its claims already, so whether the next payer can be asked is looked at by a timer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.claims import due
from services.billing.claims.model import Claim, PayerSequence, State
from services.billing.claims.moves import Move
from services.billing.claims.release import advance, end_wait
from services.billing.claims.store import lock, lock_standing, move, read_encounter
from services.billing.coordination.books import transfer
from services.billing.coordination.model import (
    CROSSED_OVER,
    PLACES,
    asked_cents,
    next_payer,
    open_cents,
    payer_at,
    places_after,
)
from services.billing.coordination.store import Goes
from services.billing.ledger.model import Entry
from services.billing.remittances.changes import Changes
from services.billing.remittances.model import Standing, closes
from services.billing.x12 import RemittedClaim

ASK_TIMER = "ask-next-payer"
CROSSOVER_TIMER = "follow-crossover"


class CrossoverSettings(BaseSettings):
    """BILLING_CROSSOVER_DAYS: how long a claim that a payer passed on is waited for, until we send
    it ourselves."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    crossover_days: int = 30


class Gathered(Protocol):
    """What is saved together in the end: a remittance's changes, or one claim's."""

    entries: list[Entry]
    moves: list[Move]
    goes: list[Goes]


async def go_on(
    uow: UnitOfWork, standing: Standing, said: RemittedClaim, payment_id: UUID, changes: Changes
) -> Standing:
    """A decision was posted: ask the next payer for what it leaves to the patient."""
    claim, found = standing.claim, next_payer(standing.claim)
    if claim.payer_sequence != "P":
        await uow.cancel_timer(CROSSOVER_TIMER, str(claim.claim_id))
    if found is None or not asked_cents(standing, found[0]):
        return standing
    crossed_over = said.status in CROSSED_OVER and claim.given_to < found[0]
    return await pass_on(uow, standing, str(payment_id), changes, crossed_over=crossed_over)


async def pass_on(
    uow: UnitOfWork,
    standing: Standing,
    source: str,
    changes: Gathered,
    *,
    crossed_over: bool = False,
) -> Standing:
    """What the payer that has the claim leaves is the next one's, which there is; `source`: what
    the entries are about."""
    claim, found = standing.claim, next_payer(standing.claim)
    assert found is not None
    place, payer_id = found
    assert claim.payer_id is not None
    goes = replace(claim, payer_sequence=place, payer_id=payer_id)
    cents = open_cents(replace(standing, claim=goes), place)
    forwarded = ClaimForwarded(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        from_payer_id=claim.payer_id,
        to_payer_id=payer_id,
        to_place=PLACES[place],  # type: ignore[arg-type]
        cents=cents,
        crossed_over=crossed_over,
        service_month=month_of(claim.service_on),
    )
    changes.entries += transfer(claim, source, cents, claim.payer_id, payer_id, forwarded.event_id)
    origin = await uow.publish(forwarded, origin=Origin.load(claim.origin))
    goes = replace(goes, origin=origin.dump(), was_refused=False)
    if claim.given_to >= place:
        gone = await _return(uow, replace(standing, claim=goes), changes)
    elif crossed_over:
        gone = replace(goes, state=State.SUBMITTED, given_to=place)
        _go(gone, f"crossed over to {payer_id}", changes, given=True)
        after = timedelta(days=CrossoverSettings().crossover_days)
        await uow.set_timer(CROSSOVER_TIMER, str(claim.claim_id), uow.now + after)
    else:
        gone = replace(goes, state=State.HELD)
        _go(gone, f"goes to {payer_id}", changes, given=False)
        await uow.set_timer(ASK_TIMER, str(claim.claim_id), uow.now)
    return replace(standing, claim=gone)


async def _return(uow: UnitOfWork, standing: Standing, changes: Gathered) -> Claim:
    """The payer has the claim already, with what the one before had decided then: it is not billed
    twice, but to be sent a replacement."""
    claim = standing.claim
    decided = standing.of(claim.payer_sequence)
    state = State.SUBMITTED
    if decided:
        state = State.PAID if any(closes(each.made) for each in decided) else State.DENIED
    back = replace(claim, state=state)
    reason = f"back at {claim.payer_id}, which has it as it was decided before"
    _go(back, reason, changes, given=True)
    await due.replacement_due(uow, back, await read_encounter(uow, back))
    return back


def _go(claim: Claim, reason: str, changes: Gathered, *, given: bool) -> None:
    changes.moves.append(Move(claim.claim_id, claim.state, claim.origin, reason))
    changes.goes.append(Goes(claim, given))


async def recall(
    uow: UnitOfWork,
    standing: Standing,
    place: PayerSequence,
    reversal_id: UUID,
    changes: Changes,
) -> Standing:
    """The payer at `place` takes its decision back: the claim waits for it again.

    What those after it owe still is open with it again; what they decided stands.
    """
    claim = standing.claim
    for timer in (ASK_TIMER, CROSSOVER_TIMER):
        await uow.cancel_timer(timer, str(claim.claim_id))
    home = replace(
        claim, payer_sequence=place, payer_id=payer_at(claim, place), state=State.SUBMITTED,
        hold_reason=None, origin=(await end_wait(uow, claim)).dump(), was_refused=False,
    )  # fmt: skip
    back = replace(standing, claim=home)
    for later in places_after(claim, place):
        cents = open_cents(standing, later)
        back = await bring_back(uow, back, later, cents, reversal_id, changes)
    _go(back.claim, "reversed", changes, given=False)
    return back


async def bring_back(
    uow: UnitOfWork,
    standing: Standing,
    later: PayerSequence,
    cents: int,
    reversal_id: UUID,
    changes: Changes,
) -> Standing:
    """What a payer owes that was asked after the one that has the claim is that one's again."""
    claim = standing.claim
    from_payer = payer_at(claim, later)
    assert from_payer is not None
    assert claim.payer_id is not None
    recalled = ClaimRecalled(
        practice_id=PracticeId(claim.practice_id),
        claim_id=ClaimId(claim.claim_id),
        from_payer_id=from_payer,
        to_payer_id=claim.payer_id,
        to_place=PLACES[claim.payer_sequence],  # type: ignore[arg-type]
        cents=cents,
        service_month=month_of(claim.service_on),
    )
    source = f"{reversal_id}/{later}"
    changes.entries += transfer(claim, source, cents, from_payer, claim.payer_id, recalled.event_id)
    origin = await uow.publish(recalled, origin=Origin.load(claim.origin))
    return replace(standing, claim=replace(claim, origin=origin.dump()))


async def ask_next_payer(timer: Timer, uow: UnitOfWork) -> None:
    """Send the claim on, or hold it with what the next payer needs first."""
    await lock_standing(uow.db, uow.practice_id)
    claim = await lock(uow.db, uow.practice_id, UUID(timer.key))
    if claim is not None and claim.state is State.HELD and claim.hold_reason is None:
        await advance(uow, claim, await read_encounter(uow, claim))


async def follow_crossover(timer: Timer, uow: UnitOfWork) -> None:
    """The payer to which the claim was passed on has not answered: it is sent one of ours."""
    await lock_standing(uow.db, uow.practice_id)
    claim = await lock(uow.db, uow.practice_id, UUID(timer.key))
    if claim is None or claim.state is not State.SUBMITTED or claim.interchange_number is not None:
        return  # it answered, or the payer before took its decision back
    reason = f"{claim.payer_id} did not answer what was passed on to it"
    await move(uow.db, claim, State.HELD, uow.now, origin=claim.origin, reason=reason)
    await advance(uow, replace(claim, state=State.HELD), await read_encounter(uow, claim))
