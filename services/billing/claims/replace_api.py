"""`POST /claims/{id}/resubmit`, `/replace` and `/attachments`: what a biller does about a claim."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException

from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.billing.claims import store
from services.billing.claims.api import ClaimView
from services.billing.claims.attachments import AttachmentView, NoteAttachment, note_attachment
from services.billing.claims.replace import (
    Replacement,
    Resubmission,
    replace_claim,
    resubmit_claim,
)

routes = APIRouter(prefix="/claims", tags=["claims"])
Person = Annotated[Caller, Depends(known_caller)]


@routes.post("/{claim_id}/resubmit", status_code=202)
async def resubmit(
    claim_id: UUID,
    command: Annotated[Resubmission, json_body(Resubmission)],
    uow: Uow,
    caller: Person,
) -> ClaimView:
    """Send a rejected claim again with the next interchange. Repeating changes nothing."""
    return ClaimView.of(await resubmit_claim(uow, claim_id, command, caller.name))


@routes.post("/{claim_id}/replace", status_code=202)
async def replace(
    claim_id: UUID,
    command: Annotated[Replacement, json_body(Replacement)],
    uow: Uow,
    caller: Person,
) -> ClaimView:
    """Send a corrected claim in place of what the payer has (CLM05-3 7), as soon as it may go.

    Repeating changes nothing; `GET /corrections-due` says what it waits for.
    """
    return ClaimView.of(await replace_claim(uow, claim_id, command, caller.name))


@routes.post("/{claim_id}/attachments", status_code=201)
async def note(
    claim_id: UUID,
    command: Annotated[NoteAttachment, json_body(NoteAttachment)],
    uow: Uow,
    caller: Person,
) -> AttachmentView:
    """Announce an attachment (PWK) in every file of the claim from now on; its content is not kept.

    A payer that has the claim hears of it with a replacement. At most ten. Repeating changes
    nothing.
    """
    claim = await store.lock(uow.db, uow.practice_id, claim_id)
    if claim is None:
        raise HTTPException(404, "there is no such claim")
    noted = await note_attachment(uow, claim, command, caller.name)
    if noted is None:
        raise HTTPException(409, "another attachment has this attachment_id, or there are ten")
    return noted
