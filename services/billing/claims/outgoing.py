"""What goes to a payer with its next interchange: new claims, replacements and voids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.billing_claims import ClaimReplaced, ClaimVoidSent
from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, UnitOfWork
from services.billing.charges.model import price
from services.billing.charges.store import prices_on
from services.billing.claims import due, sent, store
from services.billing.claims.biller import Biller
from services.billing.claims.compose import Draft, compose, compose_kept
from services.billing.claims.correcting import Due, Step, next_step
from services.billing.claims.model import Claim, State, as_of
from services.billing.claims.moves import Move
from services.billing.claims.release import (
    charge,
    lacks_standing,
    look_again_on,
    reverse_charges,
    take_back,
)
from services.billing.scrub.check import scrub_claim
from services.billing.x12.claims_837p import Frequency, ProfessionalClaim


@dataclass(frozen=True, slots=True)
class New:
    """A claim that goes out as an original (CLM05-3 1)."""

    claim: Claim
    said: ProfessionalClaim

    async def went_out(self, uow: UnitOfWork, number: int) -> Move:
        claim = self.claim
        assert claim.payer_id is not None
        submitted = ClaimSubmitted(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_id=claim.payer_id,
            interchange_number=number,
            charge_cents=claim.charge_cents,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(submitted, origin=Origin.load(claim.origin))
        return Move(claim.claim_id, State.SUBMITTED, origin.dump())


@dataclass(frozen=True, slots=True)
class Replacement:
    """A claim that goes out in place of what its payer has (7); its charges change with it."""

    claim: Claim
    said: ProfessionalClaim
    due: Due
    encounter: EncounterPosted
    prices: Sequence[int]

    async def went_out(self, uow: UnitOfWork, number: int) -> Move:
        before = self.claim
        now = replace(before, revision=before.revision + 1)
        if self.due.is_as_sent:
            await sent.set_revision(uow.db, now)
        else:
            now = await self._charge_anew(uow)
        assert now.payer_id is not None
        replaced = ClaimReplaced(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(now.claim_id),
            payer_id=now.payer_id,
            interchange_number=number,
            reason="biller" if self.due.asked_by else "visit-corrected",
            charge_cents=now.charge_cents,
            replaced_cents=before.charge_cents,
            service_month=month_of(now.service_on),
        )
        origin = await uow.publish(replaced, origin=Origin.load(now.origin))
        await sent.mark_corrected(uow.db, now)
        await due.nothing_due(uow.db, now)
        return Move(now.claim_id, State.SUBMITTED, origin.dump(), "replaced")

    async def _charge_anew(self, uow: UnitOfWork) -> Claim:
        """The charges are those of the visit as it is now, and the claim too."""
        before = self.claim
        taken_back = await take_back(uow, before, origin=Origin.load(before.origin))
        now = as_of(before, self.encounter, origin=taken_back.origin)
        await store.change_claim(uow, now, self.encounter)
        await store.add_lines(uow.db, now, self.encounter, self.prices)
        return await charge(uow, now, self.encounter, sum(self.prices))


@dataclass(frozen=True, slots=True)
class Void:
    """A claim that its payer is asked to void (8); nothing is charged for it any more."""

    claim: Claim
    said: ProfessionalClaim
    due: Due

    async def went_out(self, uow: UnitOfWork, number: int) -> Move:
        claim = await reverse_charges(uow, self.claim, origin=Origin.load(self.claim.origin))
        assert claim.payer_id is not None
        told = ClaimVoidSent(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_id=claim.payer_id,
            interchange_number=number,
            reason="other-payer" if self.due.encounter else "visit-voided",
            voided_cents=claim.charge_cents,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(told, origin=Origin.load(claim.origin))
        await due.note_wait(uow.db, claim, "payer-answer")
        return Move(claim.claim_id, State.VOID_SENT, origin.dump())


Outgoing = New | Replacement | Void


async def gather(
    uow: UnitOfWork, biller: Biller, payers: Sequence[str], most: int
) -> list[Outgoing]:
    """What goes to these payers together, at most so many claims.

    The caller holds `store.lock_standing`.
    """
    ready = await store.lock_ready(uow.db, uow.practice_id, payers, most)
    said = await compose_kept(uow, biller, ready)
    found: list[Outgoing] = [New(*each) for each in zip(ready, said, strict=True)]
    claim_ids = await due.list_of_payers(uow.db, uow.practice_id, payers, most - len(found))
    wanted = await due.find_due(uow, claim_ids)
    for claim in await store.lock_many(uow.db, uow.practice_id, claim_ids):
        going = await _correction(uow, biller, claim, wanted[claim.claim_id])
        if isinstance(going, str):
            await due.note_wait(uow.db, claim, going)
        else:
            found.append(going)
    return found


async def _correction(
    uow: UnitOfWork, biller: Biller, claim: Claim, wanted: Due
) -> Replacement | Void | str:
    """The replacement or void that is due, or what it waits for."""
    step = next_step(claim, wanted)
    if step is Step.REPLACE and wanted.encounter is not None:
        return await _replacement(uow, biller, claim, wanted, wanted.encounter)
    if step is Step.VOID:
        return await _void(uow, biller, claim, wanted)
    return str(step)


async def _void(uow: UnitOfWork, biller: Biller, claim: Claim, wanted: Due) -> Void | str:
    assert claim.payer_id is not None
    [as_sent] = await compose_kept(uow, biller, [claim])
    said = _named(as_sent, claim, "8")
    if biller.unwritable(claim.payer_id, said, uow.now):
        return "claim-incomplete"
    return Void(claim, said, wanted)


async def _replacement(
    uow: UnitOfWork, biller: Biller, claim: Claim, wanted: Due, encounter: EncounterPosted
) -> Replacement | str:
    assert claim.payer_id is not None
    if reason := await lacks_standing(uow, encounter, claim.payer_id):
        return reason
    if wanted.is_as_sent:
        prices = [line["charge_cents"] for line in await store.read_lines(uow.db, claim)]
        now = claim
    else:
        on = encounter.service_on
        prices = price(encounter.lines, await prices_on(uow.db, uow.practice_id, on))
        if not isinstance(prices, list):
            return prices
        now = replace(as_of(claim, encounter, origin=claim.origin), charge_cents=sum(prices))
    lines = store.priced_lines(encounter, prices)
    if now.payer_sequence == "P":  # as with originals, a payer has decided on what the next one has
        scrubbed = await scrub_claim(uow, now, encounter, replacement=lines)
        if scrubbed.stopped_by:
            await look_again_on(uow, now, scrubbed.look_again_on)
            return "claim-edits"
    [as_now] = await compose(uow, biller, [Draft(now, encounter, lines)])
    said = _named(as_now, claim, "7")
    if biller.unwritable(claim.payer_id, said, uow.now):
        return "claim-incomplete"
    return Replacement(claim, said, wanted, encounter, prices)


def _named(said: ProfessionalClaim, claim: Claim, frequency: Frequency) -> ProfessionalClaim:
    """By the payer's own number (REF*F8)."""
    number = claim.payer_claim_number
    return replace(said, frequency=frequency, payer_claim_control_number=number)
