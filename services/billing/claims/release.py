"""Takes claims as far as the facts allow: priced, out to the payer, or held for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts.billing import ChargesPosted, ChargesReversed
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased, HoldReason
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.values import ClaimId, EncounterId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.balances.settle import settle
from services.billing.charges.model import price
from services.billing.charges.store import prices_on
from services.billing.claims import store
from services.billing.claims.compose import unwritable_element
from services.billing.claims.due import resume_all
from services.billing.claims.model import Claim, State, hold_reason
from services.billing.claims.moves import Move, move_all
from services.billing.facts.store import read_standing
from services.billing.ledger import model as ledger
from services.billing.ledger.store import post
from services.billing.scrub.check import note_unwritable, scrub_claim

SUBMIT_TIMER = "submit-claims"
LOOK_AGAIN_TIMER = "look-again"
"""Of a claim: the day has come that it waited for."""


class SubmitSettings(BaseSettings):
    """BILLING_SUBMIT_DELAY_SECONDS: how long claims are gathered before they go out together."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    submit_delay_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a claim waits. `place`: the element that cannot be written; `edits`: the rules."""

    reason: HoldReason
    place: str | None = None
    edits: tuple[str, ...] = ()
    is_news: bool = False
    """Other rules hold it than before."""
    look_again_on: date | None = None
    """The day on which it is looked at again by itself."""

    @property
    def note(self) -> str:
        """The reason and what it is about: an element or rules, nothing about a person."""
        about = self.place or ", ".join(self.edits)
        return f"{self.reason}: {about}" if about else self.reason


async def release_held_claims(
    uow: UnitOfWork, *, npi: str | None = None, patients: Sequence[UUID] | None = None
) -> None:
    """A fact has come: look at every claim and correction that may have waited for it."""
    await store.lock_standing(uow.db, uow.practice_id)
    held = await store.lock_in_state(
        uow.db, uow.practice_id, State.HELD, npi=npi, patients=patients
    )
    for claim in held:
        await advance(uow, claim, await store.read_encounter(uow, claim))
    await resume_all(uow)


async def advance(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """Price the claim where it is not yet, then send it on or hold it with the reason.

    The caller holds `store.lock_standing`.
    """
    claim, reason = await _price(uow, claim, encounter)
    hold = Hold(reason) if reason else await _why_not(uow, claim, encounter)
    if hold is None:
        await _let_go(uow, claim)
        return
    await look_again_on(uow, claim, hold.look_again_on)
    if hold.is_news or hold.reason != claim.hold_reason:
        await _hold(uow, claim, encounter, hold)


async def take_back(uow: UnitOfWork, claim: Claim, *, origin: Origin | None = None) -> Claim:
    """Reverse what was charged for the claim, and end its wait; it is not priced afterwards.

    The caller holds `store.lock_standing` and the claim. `origin`: what it comes from, where that
    is not the event at hand.
    """
    if claim.state is not State.VOIDED:  # what was charged for that was reversed before
        claim = await reverse_charges(uow, claim, origin=origin)
    await store.drop_lines(uow.db, claim)
    return replace(claim, charge_cents=0)


async def reverse_charges(uow: UnitOfWork, claim: Claim, *, origin: Origin | None = None) -> Claim:
    """Say and book that nothing is charged for the claim any more; its lines stay."""
    released = await end_wait(uow, claim)
    claim = replace(claim, hold_reason=None, origin=released.dump())
    lines = await store.read_lines(uow.db, claim)
    if not lines:
        return claim
    assert claim.encounter_id is not None
    undone = ChargesReversed(
        practice_id=PracticeId(uow.practice_id),
        claim_id=ClaimId(claim.claim_id),
        encounter_id=EncounterId(claim.encounter_id),
        payer_id=claim.payer_id,
        service_month=month_of(claim.service_on),
        charge_cents=claim.charge_cents,
        lines=len(lines),
    )
    if claim.charge_cents:
        entry = ledger.charge(
            uow.practice_id,
            claim.claim_id,
            claim.service_on,
            claim.charge_cents,
            payer_id=claim.payer_id,
            event_id=undone.event_id,
            revision=claim.revision,
            undo=True,
        )
        await post(uow.db, entry, uow.now)
    origin = await uow.publish(undone, origin=origin)
    await settle(uow, claim.claim_id)
    return replace(claim, origin=origin.dump())


async def _price(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> tuple[Claim, HoldReason | None]:
    """Post the visit's charges once; returns the claim with them, or why that cannot be."""
    if await store.read_lines(uow.db, claim):
        return claim, None
    priced = price(encounter.lines, await prices_on(uow.db, uow.practice_id, encounter.service_on))
    if not isinstance(priced, list):
        return claim, priced
    await store.add_lines(uow.db, claim, encounter, priced)
    return await charge(uow, claim, encounter, sum(priced)), None


async def charge(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted, cents: int) -> Claim:
    """Say and book what is charged for the claim's lines, once for each of its revisions."""
    charges = _charges(claim, encounter, cents)
    if cents:
        entry = ledger.charge(
            uow.practice_id,
            claim.claim_id,
            claim.service_on,
            cents,
            payer_id=claim.payer_id,
            event_id=charges.event_id,
            revision=claim.revision,
        )
        await post(uow.db, entry, uow.now)
    origin = await uow.publish(charges, origin=Origin.load(claim.origin))
    return replace(claim, charge_cents=cents, origin=origin.dump())


async def _why_not(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> Hold | None:
    """What keeps a priced claim from its payer; None also where the patient pays."""
    if claim.payer_id is None:
        return None
    if reason := await lacks_standing(uow, encounter, claim.payer_id):
        return Hold(reason)
    if claim.payer_sequence == "P":  # a payer has decided on what goes to the next one
        scrubbed = await scrub_claim(uow, claim, encounter)
        if scrubbed.stopped_by:
            return Hold(
                "claim-edits",
                edits=scrubbed.stopped_by,
                is_news=scrubbed.is_news,
                look_again_on=scrubbed.look_again_on,
            )
    if place := await unwritable_element(uow, claim, encounter):
        await note_unwritable(uow, claim)
        return Hold("claim-incomplete", place)
    return None


async def lacks_standing(
    uow: UnitOfWork, encounter: EncounterPosted, payer_id: str
) -> HoldReason | None:
    """Why the visit cannot be billed to the payer yet, or None."""
    standing = await read_standing(
        uow.db, uow.practice_id, encounter.provider_npi, payer_id, encounter.service_on
    )
    return hold_reason(
        practice_known=standing.practice_known,
        credentialed=standing.credentialed,
        enrolled=standing.enrolled,
    )


async def _hold(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted, hold: Hold) -> None:
    """What it waited for has come, and it waits for the next: each hold is released once."""
    origin = await end_wait(uow, claim)
    origin = await uow.publish(_held(claim, encounter, hold), origin=origin)
    move = Move(claim.claim_id, State.HELD, origin.dump(), hold.note, hold.reason)
    await move_all(uow.db, uow.practice_id, [move], uow.now)


async def end_wait(uow: UnitOfWork, claim: Claim) -> Origin:
    """Say that a held claim's wait is over; gives the origin of what follows."""
    origin = Origin.load(claim.origin)
    if claim.hold_reason is None:
        return origin
    released = ClaimReleased(
        practice_id=PracticeId(uow.practice_id),
        claim_id=ClaimId(claim.claim_id),
        service_month=month_of(claim.service_on),
    )
    return await uow.publish(released, origin=origin)


async def look_again_on(uow: UnitOfWork, claim: Claim, day: date | None) -> None:
    """Look at the claim again when the day begins (UTC), unless its visit is still to be heard."""
    if day is not None:
        begins = datetime.combine(day, time(), UTC)
        about = [str(claim.encounter_id)]
        await uow.set_timer(LOOK_AGAIN_TIMER, str(claim.claim_id), begins, about=about)


async def _let_go(uow: UnitOfWork, claim: Claim) -> None:
    """Nothing stands in the way: to the payer with the next interchange, or to the patient."""
    origin = await end_wait(uow, claim)
    state = State.SELF_PAY if claim.payer_id is None else State.READY
    await store.move(uow.db, claim, state, uow.now, origin=origin.dump())
    if claim.payer_id is not None:
        await send_in_next_window(uow, claim.payer_id)


async def send_in_next_window(uow: UnitOfWork, payer_id: str) -> None:
    """Gather what goes to the payer until the window's end."""
    await uow.set_timer(SUBMIT_TIMER, payer_id, next_window(uow.now))


def next_window(now: datetime) -> datetime:
    """The end of the gathering window that `now` is in; the same for every claim of the window."""
    width = timedelta(seconds=SubmitSettings().submit_delay_seconds)
    if not width:
        return now
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    return now + (width - (now - epoch) % width)


def _charges(claim: Claim, encounter: EncounterPosted, cents: int) -> ChargesPosted:
    return ChargesPosted(
        practice_id=encounter.practice_id,
        claim_id=ClaimId(claim.claim_id),
        encounter_id=encounter.encounter_id,
        patient_id=encounter.patient_id,
        provider_npi=encounter.provider_npi,
        payer_id=claim.payer_id,
        service_on=encounter.service_on,
        service_month=month_of(encounter.service_on),
        charge_cents=cents,
        lines=len(encounter.lines),
    )


def _held(claim: Claim, encounter: EncounterPosted, hold: Hold) -> ClaimHeld:
    return ClaimHeld(
        practice_id=encounter.practice_id,
        claim_id=ClaimId(claim.claim_id),
        encounter_id=EncounterId(encounter.encounter_id),
        payer_id=claim.payer_id,
        provider_npi=encounter.provider_npi,
        reason=hold.reason,
        edits=hold.edits,
        service_month=month_of(encounter.service_on),
        service_on=encounter.service_on,
    )
