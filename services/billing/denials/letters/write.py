"""Loads what an appeal's letter draws on, and makes the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from libs.events.transport import UnitOfWork
from services.billing.claims import store as claims
from services.billing.denials.letters.content import Appealed, letter_of
from services.billing.denials.model import Denial
from services.billing.documents.render import render_pdf
from services.billing.facts.store import find_practice

TEMPLATE = Path(__file__).parent / "appeal.typ"
READ_TRACE = """
SELECT trace_number FROM posting JOIN remittance USING (practice_id, remittance_id)
 WHERE practice_id = $1 AND payment_id = $2
"""


async def write_letter(
    uow: UnitOfWork,
    denial: Denial,
    level: int,
    added: str | None,
    enclosures: Sequence[str],
    send_to: Sequence[str],
) -> bytes:
    """The letter as a PDF; the same denial at the same instant gives the same bytes."""
    claim = await claims.find(uow.db, uow.practice_id, denial.claim_id)
    assert claim is not None
    appealed = Appealed(
        denial=denial,
        claim=claim,
        visit=await claims.read_encounter(uow, claim) if claim.encounter_id else None,
        lines=await claims.read_lines(uow.db, claim),
        moves=await claims.list_moves(uow.db, claim),
        trace_number=await uow.db.fetchval(READ_TRACE, uow.practice_id, denial.payment_id),
    )
    practice = await find_practice(uow.db, uow.practice_id)
    data = letter_of(
        appealed, practice, level, uow.now.date(),
        added=added, enclosures=enclosures, send_to=send_to,
    )  # fmt: skip
    return render_pdf(TEMPLATE, data, uow.now)
