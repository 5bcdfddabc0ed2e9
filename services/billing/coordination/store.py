"""What each payer of a claim decided, and what is open with it by the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.claims.model import Claim, PayerSequence
from services.billing.remittances.model import Posting
from services.billing.x12 import RemittedAdjustment, RemittedClaim, RemittedLine
from services.billing.x12.claims_837p_cob import Adjudication, LineAdjudication, in_order

KEEP_ALL = """
INSERT INTO adjudication (practice_id, payment_id, claim_id, payer_sequence, payer_id, decided_on,
                          said, posted_at)
SELECT $1, payment_id, claim_id, payer_sequence, payer_id, $2, said, $3
  FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[])
       AS new(payment_id, claim_id, payer_sequence, payer_id, said)
"""
IN_FORCE = """
SELECT DISTINCT ON (a.payer_sequence) a.payer_sequence, a.decided_on, a.said
  FROM adjudication a JOIN posting p USING (practice_id, payment_id)
 WHERE a.practice_id = $1 AND a.claim_id = $2 AND p.reversed_by IS NULL
 ORDER BY a.payer_sequence, a.posted_at DESC, a.payment_id
"""
GO_TO_PAYER = """
UPDATE claim
   SET payer_claim_numbers = payer_claim_numbers
           || jsonb_build_object(payer_sequence, payer_claim_number),
       payer_claim_number = payer_claim_numbers ->> $3,
       payer_sequence = $3, payer_id = $4, interchange_number = NULL, was_refused = false,
       given_to = CASE WHEN $5 THEN greatest(given_to, $3) ELSE given_to END
 WHERE practice_id = $1 AND claim_id = $2
"""

CHANGE_PARTS = """
UPDATE posting SET patient_cents = $3, denied_cents = $4, forwarded_cents = $5,
       denial_forwarded_cents = $6
 WHERE practice_id = $1 AND payment_id = $2
"""
DROP_SHARES = "DELETE FROM patient_share WHERE practice_id = $1 AND payment_id = $2"


class Adjudicated(NamedTuple):
    """The decision of the payer that has the claim, in its own words."""

    claim: Claim
    payment_id: UUID
    said: RemittedClaim


class Goes(NamedTuple):
    """The claim is the payer's that it names; `given`: that payer has it already."""

    claim: Claim
    given: bool


async def keep_adjudications(
    db: Db, practice_id: UUID, made: Sequence[Adjudicated], decided_on: date, at: datetime
) -> None:
    if not made:
        return
    rows = [
        (payment_id, claim.claim_id, claim.payer_sequence, claim.payer_id, json.dumps(_words(said)))
        for claim, payment_id, said in made
    ]
    await db.execute(KEEP_ALL, practice_id, decided_on, at, *map(list, zip(*rows, strict=True)))


async def go_to_payers(db: Db, practice_id: UUID, goes: Sequence[Goes]) -> None:
    """One after the other: a claim may come back and go on again."""
    for claim, given in goes:
        of = practice_id, claim.claim_id, claim.payer_sequence, claim.payer_id
        await db.execute(GO_TO_PAYER, *of, given)


async def save_passed_on(db: Db, practice_id: UUID, posting: Posting) -> None:
    """What a posted decision left is asked of the next payer; why it was the patient's is no more
    to be told."""
    made = posting.made
    await db.execute(
        CHANGE_PARTS, practice_id, posting.payment_id, made.patient_cents, made.denied_cents,
        made.forwarded_cents, posting.denial_forwarded_cents,
    )  # fmt: skip
    if not made.patient_cents:
        await db.execute(DROP_SHARES, practice_id, posting.payment_id)


async def decided_before(db: Db, claim: Claim) -> dict[PayerSequence, Adjudication]:
    """The last decision in force of each payer that comes before the one that the claim goes to."""
    if claim.payer_sequence == "P":
        return {}
    rows = await db.fetch(IN_FORCE, claim.practice_id, claim.claim_id)
    return {
        row["payer_sequence"]: _adjudication(row["decided_on"], row["said"])
        for row in rows
        if row["payer_sequence"] < claim.payer_sequence
    }


def _words(said: RemittedClaim) -> dict[str, Any]:
    return {
        "paid_cents": said.paid_cents,
        "payer_claim_number": said.payer_claim_control_number or None,
        "adjustments": _triples(said.adjustments),
        "lines": [_line(line) for line in said.lines],
    }


def _line(line: RemittedLine) -> dict[str, Any]:
    return {
        "line": line.control_number,
        "procedure": line.procedure,
        "modifiers": line.modifiers,
        "units": str(line.paid_units) if line.paid_units is not None else "1",
        "paid_cents": line.paid_cents,
        "adjustments": _triples(line.adjustments),
    }


def _triples(adjustments: Sequence[RemittedAdjustment]) -> list[list[str | int | None]]:
    return [
        [each.group, each.reason, each.cents, str(each.quantity) if each.quantity else None]
        for each in adjustments
    ]


def _adjudication(decided_on: date, said: str) -> Adjudication:
    words: dict[str, Any] = json.loads(said)
    lines = (_line_adjudication(number, line) for number, line in enumerate(words["lines"], 1))
    return Adjudication(
        paid_cents=words["paid_cents"],
        decided_on=decided_on,
        adjustments=_adjustments(words["adjustments"]),
        lines=tuple(sorted(lines, key=lambda line: (len(line.line), line.line))),
        payer_claim_number=words["payer_claim_number"],
    )


def _line_adjudication(number: int, line: dict[str, Any]) -> LineAdjudication:
    """A payer need not name our lines; then they are in our order."""
    return LineAdjudication(
        line=line["line"] or str(number),
        paid_cents=line["paid_cents"],
        procedure=line["procedure"],
        modifiers=tuple(line["modifiers"]),
        units=Decimal(line["units"]),
        adjustments=_adjustments(line["adjustments"]),
    )


def _adjustments(triples: list[list[Any]]) -> tuple[RemittedAdjustment, ...]:
    return in_order(
        RemittedAdjustment(group, reason, cents, Decimal(quantity) if quantity else None)
        for group, reason, cents, quantity in triples
    )
