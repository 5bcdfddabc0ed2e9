"""What a person sends again: a claim that was rejected, or a corrected one in place of a decided.

Nothing clinical changes here: a diagnosis or a procedure is the clinician's to correct, and then
the visit's correction replaces the claim by itself.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.base import PHI
from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from libs.service.refused import RefusedError, UnknownError
from services.billing.claims import due, store
from services.billing.claims.correcting import never_taken_in
from services.billing.claims.model import Claim, State
from services.billing.claims.release import advance

ADD_REQUEST = """
INSERT INTO claim_request (practice_id, request_id, claim_id, content, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
FIND_REQUEST = """
SELECT claim_id, content FROM claim_request WHERE practice_id = $1 AND request_id = $2
"""
Number = Annotated[str, StringConstraints(min_length=2, max_length=50)]


class ClaimRequest(Contract):
    """What a person asks of a claim, under an id of their own: the same again changes nothing."""

    request_id: UUID


class Resubmission(ClaimRequest):
    """Send a rejected claim again as it is: what stood in its way was mended elsewhere."""


class Replacement(ClaimRequest):
    """Send a claim again in place of what its payer has. What is None stays as it is."""

    prior_authorization: Annotated[Number | None, PHI] = None
    member_id: Annotated[Number | None, PHI] = None
    group_number: Annotated[Number | None, PHI] = None


class NotSentAgainError(RefusedError):
    """The claim cannot be sent again that way; the text says why, and names no value."""


async def resubmit_claim(uow: UnitOfWork, claim_id: UUID, asked: Resubmission, by: str) -> Claim:
    """A rejected claim goes out again: as an original where no payer ever took it in, else in place
    of what the payer has. A void that the payer refused is sent again too."""
    claim = await lock_claim(uow, claim_id)
    if await was_asked(uow, claim, asked, by):
        return claim
    if claim.state is not State.REJECTED:
        raise NotSentAgainError("only a rejected claim is resubmitted; replace a decided one")
    wanted = await due.find_due_of(uow, claim)
    if wanted is not None:
        await due.note_wait(uow.db, claim, None)
        await due.resume(uow, [claim_id])
        return claim
    encounter = await visit_of(uow, claim)
    if never_taken_in(claim):
        await advance(uow, claim, encounter)
    else:
        await _ask(uow, claim, encounter, asked.request_id, by)
    return await lock_claim(uow, claim_id)


async def replace_claim(uow: UnitOfWork, claim_id: UUID, asked: Replacement, by: str) -> Claim:
    """A corrected claim goes to the payer in place of what it has, in the next window that may
    carry it (`GET /corrections-due` says what it waits for)."""
    claim = await lock_claim(uow, claim_id)
    if await was_asked(uow, claim, asked, by):
        return claim
    if claim.state in (State.VOID_SENT, State.VOIDED, State.SELF_PAY):
        raise NotSentAgainError("the payer has nothing of this claim to replace")
    wanted = await due.find_due_of(uow, claim)
    if wanted is not None and wanted.encounter is None:
        raise NotSentAgainError("the visit is void, and the payer is to be told")
    encounter = wanted.encounter if wanted and wanted.encounter else await visit_of(uow, claim)
    await _ask(uow, claim, _corrected(encounter, asked), asked.request_id, by)
    return claim


async def _ask(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted, request_id: UUID, by: str
) -> None:
    await due.replacement_due(uow, claim, encounter, event_id=request_id, asked_by=by)


def _corrected(encounter: EncounterPosted, asked: Replacement) -> EncounterPosted:
    """The visit with what the biller knows better; under the same event."""
    coverage = encounter.coverage
    assert coverage is not None, "a claim that a payer has is of a covered visit"
    told = {"member_id": asked.member_id, "group_number": asked.group_number}
    coverage = coverage.model_copy(update={n: v for n, v in told.items() if v is not None})
    changes = {
        "coverage": coverage,
        "prior_authorization": asked.prior_authorization or encounter.prior_authorization,
    }
    return encounter.model_copy(update=changes).with_event_id(encounter.event_id)


async def visit_of(uow: UnitOfWork, claim: Claim) -> EncounterPosted:
    if claim.encounter_id is None:
        raise NotSentAgainError("the claim was taken over; the former system sends it again")
    return await store.read_encounter(uow, claim)


async def lock_claim(uow: UnitOfWork, claim_id: UUID) -> Claim:
    await store.lock_standing(uow.db, uow.practice_id)
    claim = await store.lock(uow.db, uow.practice_id, claim_id)
    if claim is None:
        raise UnknownError("there is no such claim")
    return claim


async def was_asked(uow: UnitOfWork, claim: Claim, asked: ClaimRequest, by: str) -> bool:
    """True: the same was asked before, and nothing is to be done. Noted where it is new."""
    request_id, content = asked.request_id, asked.model_dump_json().encode()
    place = f"claim-request/{request_id}"
    known = await uow.db.fetchrow(FIND_REQUEST, uow.practice_id, request_id)
    if known is None:
        row = uow.practice_id, request_id, claim.claim_id, uow.seal(content, place), by, uow.now
        await uow.db.execute(ADD_REQUEST, *row)
        return False
    if known["claim_id"] != claim.claim_id or uow.unseal(known["content"], place) != content:
        raise NotSentAgainError("another request has this request_id")
    return True
