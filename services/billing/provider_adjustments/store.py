"""Provider adjustments, what they name, and which settled which. References are kept sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Record

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.provider_adjustments.model import OpenAdjustment, Settled
from services.billing.remittances.changes import Payment
from services.billing.x12 import ProviderAdjustment
from services.billing.x12.provider_adjustments import ProviderAdjustmentKind

ADD = """
INSERT INTO provider_adjustment (practice_id, remittance_id, place, reason, kind, period_on, cents,
                                 reference, reference_print, open_cents, claim_id, original_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
LOCK_OPEN = """
SELECT a.remittance_id, a.place, a.open_cents
  FROM provider_adjustment a JOIN remittance r USING (practice_id, remittance_id)
 WHERE a.practice_id = $1 AND r.payer_id = $2 AND a.reference_print = ANY ($3::bytea[])
   AND a.open_cents <> 0
 ORDER BY r.posted_at, r.paid_on, a.remittance_id, a.place FOR UPDATE OF a
"""
SET_OPEN = """
UPDATE provider_adjustment a SET open_cents = new.left_cents
  FROM unnest($2::uuid[], $3::int[], $4::bigint[]) AS new(remittance_id, place, left_cents)
 WHERE a.practice_id = $1 AND a.remittance_id = new.remittance_id AND a.place = new.place
"""
ADD_SETTLED = """
INSERT INTO provider_adjustment_settled
SELECT $1, $2, $3, remittance_id, place, cents
  FROM unnest($4::uuid[], $5::int[], $6::bigint[]) AS new(remittance_id, place, cents)
"""
FIND_CLAIMS = """
SELECT claim_id FROM claim WHERE practice_id = $1 AND control_number = ANY ($3::text[])
 UNION
SELECT p.claim_id FROM posting p JOIN remittance r USING (practice_id, remittance_id)
 WHERE p.practice_id = $1 AND r.payer_id = $2 AND p.payer_claim_number = ANY ($3::text[])
"""
FIND_REMITTANCES = """
SELECT remittance_id FROM remittance
 WHERE practice_id = $1 AND payer_id = $2 AND trace_number = ANY ($3::text[])
"""
LIST = """
SELECT a.remittance_id, a.place, r.payer_id, r.trace_number, r.paid_on, r.posted_at, a.reason,
       a.kind, a.period_on, a.cents, a.open_cents, a.reference, a.claim_id, a.original_id
  FROM provider_adjustment a JOIN remittance r USING (practice_id, remittance_id)
 WHERE a.practice_id = $1
   AND ($2::text IS NULL OR r.payer_id = $2) AND ($3::text IS NULL OR a.reason = $3)
   AND ($4::date IS NULL OR r.paid_on >= $4) AND ($5::date IS NULL OR r.paid_on < $5)
   AND ($6::boolean IS NULL OR (a.open_cents <> 0) = $6)
   AND ($7::uuid IS NULL OR (r.posted_at, a.remittance_id, a.place) >
        ((SELECT posted_at FROM remittance WHERE practice_id = $1 AND remittance_id = $7), $7, $8))
 ORDER BY r.posted_at, a.remittance_id, a.place LIMIT $9
"""
LIST_SETTLED = """
WITH wanted AS (SELECT * FROM unnest($2::uuid[], $3::int[]) AS w(remittance_id, place)),
     pair AS (
    SELECT s.remittance_id AS of_id, s.place AS of_place, s.settled_remittance_id AS remittance_id,
           s.settled_place AS place, s.cents
      FROM provider_adjustment_settled s JOIN wanted USING (remittance_id, place)
     WHERE s.practice_id = $1
     UNION ALL
    SELECT s.settled_remittance_id, s.settled_place, s.remittance_id, s.place, s.cents
      FROM provider_adjustment_settled s
      JOIN wanted w ON (w.remittance_id, w.place) = (s.settled_remittance_id, s.settled_place)
     WHERE s.practice_id = $1
)
SELECT pair.*, r.trace_number
  FROM pair JOIN remittance r ON r.practice_id = $1 AND r.remittance_id = pair.remittance_id
 ORDER BY r.posted_at, pair.remittance_id, pair.place
"""


class Counterpart(NamedTuple):
    """The adjustment at the other end, and what of both is settled by one another."""

    remittance_id: UUID
    place: int
    trace_number: str
    cents: int


class Wanted(NamedTuple):
    """Which adjustments to list; None: any. Days are of payment (BPR16), `to_on` is the day after.

    `after` is the last one of the page before.
    """

    payer_id: str | None
    reason: str | None
    from_on: date | None
    to_on: date | None
    is_open: bool | None
    after: tuple[UUID, int] | None
    limit: int


@dataclass(frozen=True, slots=True)
class Adjusted:
    """An adjustment as it was said, with what it names and what settled it."""

    remittance_id: UUID
    place: int
    payer_id: str
    trace_number: str
    paid_on: date
    posted_at: datetime
    reason: str
    kind: ProviderAdjustmentKind
    period_on: date
    cents: int
    open_cents: int
    reference: str | None
    claim_id: UUID | None
    original_id: UUID | None
    settled_with: tuple[Counterpart, ...]


async def lock_open(uow: UnitOfWork, payer_id: str, reference: str) -> list[OpenAdjustment]:
    """What is open of this payer under this reference, the oldest first."""
    prints = uow.fingerprints(reference, _PRINT)
    rows = await uow.db.fetch(LOCK_OPEN, uow.practice_id, payer_id, prints)
    return [OpenAdjustment(*row) for row in rows]


async def find_claim(
    db: Db, practice_id: UUID, payer_id: str, numbers: Sequence[str]
) -> UUID | None:
    """The claim that one of these numbers names, ours or the payer's; None: none, or several."""
    found = await db.fetch(FIND_CLAIMS, practice_id, payer_id, list(numbers)) if numbers else []
    return found[0]["claim_id"] if len(found) == 1 else None


async def find_remittance(
    db: Db, practice_id: UUID, payer_id: str, numbers: Sequence[str]
) -> UUID | None:
    """The payer's payment that one of these trace numbers names; None: none, or several."""
    found = await db.fetch(FIND_REMITTANCES, practice_id, payer_id, list(numbers))
    return found[0]["remittance_id"] if len(found) == 1 else None


async def add(
    uow: UnitOfWork,
    payment: Payment,
    place: int,
    said: ProviderAdjustment,
    *,
    kind: ProviderAdjustmentKind,
    open_cents: int,
    claim_id: UUID | None,
    original_id: UUID | None,
) -> None:
    reference = uow.seal(said.reference.encode(), _place(payment.remittance_id, place))
    [print_of_now, *_] = uow.fingerprints(said.reference, _PRINT)
    await uow.db.execute(
        ADD, uow.practice_id, payment.remittance_id, place, said.reason, kind,
        said.fiscal_period_on, said.cents, reference, print_of_now, open_cents, claim_id,
        original_id,
    )  # fmt: skip


async def keep_settled(
    db: Db, practice_id: UUID, payment: Payment, place: int, settled: Sequence[Settled]
) -> None:
    """What this adjustment settled of earlier ones."""
    if not settled:
        return
    ids = [one.earlier.remittance_id for one in settled]
    places = [one.earlier.place for one in settled]
    await db.execute(SET_OPEN, practice_id, ids, places, [one.left_cents for one in settled])
    await db.execute(
        ADD_SETTLED, practice_id, payment.remittance_id, place, ids, places,
        [one.cents for one in settled],
    )  # fmt: skip


async def list_adjustments(uow: UnitOfWork, wanted: Wanted) -> list[Adjusted]:
    """In the order of their posting."""
    rows = await uow.db.fetch(
        LIST, uow.practice_id, *wanted[:5], *(wanted.after or (None, None)), wanted.limit
    )
    places = [row["remittance_id"] for row in rows], [row["place"] for row in rows]
    counterparts: dict[tuple[UUID, int], list[Counterpart]] = {}
    for of_id, of_place, remittance_id, place, cents, trace in await uow.db.fetch(
        LIST_SETTLED, uow.practice_id, *places
    ):
        one = Counterpart(remittance_id, place, trace, cents)
        counterparts.setdefault((of_id, of_place), []).append(one)
    return [
        _adjusted(uow, row, counterparts.get((row["remittance_id"], row["place"]), []))
        for row in rows
    ]


_PRINT = "provider-adjustment"


def _adjusted(uow: UnitOfWork, row: Record, settled_with: list[Counterpart]) -> Adjusted:
    found: dict[str, Any] = dict(row)
    if (sealed := found["reference"]) is not None:
        opened = uow.unseal(sealed, _place(row["remittance_id"], row["place"]))
        found["reference"] = opened.decode()
    return Adjusted(**found, settled_with=tuple(settled_with))


def _place(remittance_id: UUID, place: int) -> str:
    return f"provider-adjustment/{remittance_id}/{place}"
