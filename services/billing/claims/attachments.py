"""What goes to a payer another way than in the 837P: noted here, announced there, never kept.

Source: X12 005010X222A1, PWK in loop 2300.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints, model_validator

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.claims.model import Claim
from services.billing.x12.claim_837p_loops import MOST_ATTACHMENTS
from services.billing.x12.claims_837p import Attachment
from services.billing.x12.code_lists import ATTACHMENT_TYPES

ADD = """
INSERT INTO claim_attachment (practice_id, attachment_id, claim_id, report_type, transmission,
                              control_number, noted_by, noted_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
 WHERE (SELECT count(*) FROM claim_attachment WHERE practice_id = $1 AND claim_id = $3) < $9
ON CONFLICT DO NOTHING
"""
FIND = """
SELECT attachment_id, claim_id, report_type, transmission, control_number, noted_by, noted_at
  FROM claim_attachment WHERE practice_id = $1 AND attachment_id = $2
"""
LIST_ANNOUNCED = """
SELECT claim_id, report_type, transmission, control_number
  FROM claim_attachment WHERE practice_id = $1 AND claim_id = ANY($2::uuid[])
 ORDER BY noted_at, attachment_id
"""


class NoteAttachment(Contract):
    """Something that supports a claim is sent to its payer, or may be asked for."""

    attachment_id: UUID
    report_type: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]
    """PWK01, such as OZ (support data for the claim), OB (operative note), RR (radiology)."""
    transmission: Literal["AA", "BM", "EL", "EM", "FT", "FX"]
    """PWK02: AA on request, BM mail, EL electronically, EM e-mail, FT file transfer, FX fax."""
    control_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{2,50}$")] | None = None
    """PWK06, which is on the attachment too; says nothing about anybody."""

    @model_validator(mode="after")
    def _fits_the_guide(self) -> NoteAttachment:
        if self.report_type not in ATTACHMENT_TYPES:
            raise ValueError("report_type is no code of PWK01")
        if self.transmission != "AA" and self.control_number is None:
            raise ValueError("what is sent has a control_number")
        return self


class AttachmentView(Contract):
    """An attachment as it is announced in every 837P of its claim from now on."""

    attachment_id: UUID
    claim_id: UUID
    report_type: str
    transmission: str
    control_number: str | None
    noted_by: str
    noted_at: datetime


async def note_attachment(
    uow: UnitOfWork, claim: Claim, noted: NoteAttachment, by: str
) -> AttachmentView | None:
    """Note it; None where another one has its id, or a claim cannot announce more."""
    row = claim.practice_id, noted.attachment_id, claim.claim_id
    said = noted.report_type, noted.transmission, noted.control_number
    await uow.db.execute(ADD, *row, *said, by, uow.now, MOST_ATTACHMENTS)
    found = await uow.db.fetchrow(FIND, claim.practice_id, noted.attachment_id)
    if found is None:
        return None
    view = AttachmentView(**dict(found))
    is_same = (view.report_type, view.transmission, view.control_number) == said
    return view if is_same and view.claim_id == claim.claim_id else None


async def list_announced(
    db: Db, practice_id: UUID, claim_ids: Sequence[UUID]
) -> dict[UUID, tuple[Attachment, ...]]:
    """As 837Ps announce them, by claim; those that have none are not in it."""
    found: dict[UUID, tuple[Attachment, ...]] = {}
    for claim_id, *said in await db.fetch(LIST_ANNOUNCED, practice_id, claim_ids):
        found[claim_id] = (*found.get(claim_id, ()), Attachment(*said))
    return found
