"""The work list: remitted claims that fit none of ours, kept with their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from libs.events.contracts.billing_remittances import UnmatchedReason
from libs.events.transport import UnitOfWork
from services.billing.remittances.changes import Payment
from services.billing.x12 import RemittedClaim

ADD_UNMATCHED = """
INSERT INTO unmatched_remittance (practice_id, remittance_id, place, status, paid_cents, reason,
                                  detail)
SELECT $1, $2, place, status, paid_cents, reason, detail
  FROM unnest($3::int[], $4::text[], $5::bigint[], $6::text[], $7::bytea[])
       AS new(place, status, paid_cents, reason, detail)
"""
COLUMNS = """u.remittance_id, u.place, u.status, u.paid_cents, u.reason, u.detail, u.resolution,
       u.resolved_for, u.claim_id, u.resolved_by, u.resolved_at,
       r.payer_id, r.trace_number, r.paid_on, r.warning"""
LIST_UNMATCHED = f"""
SELECT {COLUMNS}
  FROM unmatched_remittance u JOIN remittance r USING (practice_id, remittance_id)
 WHERE u.practice_id = $1 AND (u.resolution IS NOT NULL) = $2
   AND ($3::uuid IS NULL OR (r.posted_at, u.remittance_id, u.place) >
        ((SELECT posted_at FROM remittance WHERE practice_id = $1 AND remittance_id = $3), $3, $4))
 ORDER BY r.posted_at, u.remittance_id, u.place LIMIT $5
"""
LOCK_UNMATCHED = f"""
SELECT {COLUMNS}
  FROM unmatched_remittance u JOIN remittance r USING (practice_id, remittance_id)
 WHERE u.practice_id = $1 AND u.remittance_id = $2 AND u.place = $3 FOR UPDATE OF u
"""
RESOLVE = """
UPDATE unmatched_remittance
   SET resolution = $4, resolved_for = $5, claim_id = $6, resolved_by = $7, resolved_at = $8
 WHERE practice_id = $1 AND remittance_id = $2 AND place = $3
"""
_DETAIL = TypeAdapter(RemittedClaim)

Resolution = Literal["applied", "refunded", "dismissed"]


class Unmatched(NamedTuple):
    """A remitted claim that fits none of ours, and why."""

    place: int
    said: RemittedClaim
    reason: UnmatchedReason


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the work list; `said` is the claim as its 835 said it."""

    payment: Payment
    place: int
    said: RemittedClaim
    reason: UnmatchedReason
    paid_on: date
    warning: str | None
    resolution: Resolution | None
    resolved_for: str | None
    claim_id: UUID | None
    resolved_by: str | None
    resolved_at: datetime | None


async def add_unmatched(uow: UnitOfWork, remittance_id: UUID, found: Sequence[Unmatched]) -> None:
    """Put them on the work list, each with its own words, sealed."""
    rows = [
        (u.place, u.said.status, u.said.paid_cents, u.reason, _seal(uow, remittance_id, u))
        for u in found
    ]
    columns = map(list, zip(*rows, strict=True))
    await uow.db.execute(ADD_UNMATCHED, uow.practice_id, remittance_id, *columns)


async def list_unmatched(
    uow: UnitOfWork, *, resolved: bool, after: tuple[UUID, int] | None, limit: int
) -> list[Kept]:
    """Oldest payment first; `after` is the last one of the page before."""
    rows = await uow.db.fetch(
        LIST_UNMATCHED, uow.practice_id, resolved, *(after or (None, None)), limit
    )
    return [_kept(uow, row) for row in rows]


async def lock_unmatched(uow: UnitOfWork, remittance_id: UUID, place: int) -> Kept | None:
    row = await uow.db.fetchrow(LOCK_UNMATCHED, uow.practice_id, remittance_id, place)
    return _kept(uow, row) if row else None


async def resolve(
    uow: UnitOfWork,
    kept: Kept,
    resolution: Resolution,
    *,
    reason: str | None,
    claim_id: UUID | None,
    by: str,
) -> Kept:
    """Record what a person did about it, who and why; gives the row as it is then."""
    await uow.db.execute(
        RESOLVE, uow.practice_id, kept.payment.remittance_id, kept.place, resolution, reason,
        claim_id, by, uow.now,
    )  # fmt: skip
    return replace(
        kept, resolution=resolution, resolved_for=reason, claim_id=claim_id, resolved_by=by,
        resolved_at=uow.now,
    )  # fmt: skip


def _seal(uow: UnitOfWork, remittance_id: UUID, unmatched: Unmatched) -> bytes:
    detail = _DETAIL.dump_json(unmatched.said)
    return uow.seal(detail, _place(remittance_id, unmatched.place))


def _kept(uow: UnitOfWork, row: Record) -> Kept:
    found: dict[str, Any] = dict(row)
    remittance_id, place = found["remittance_id"], found["place"]
    detail = uow.unseal(found["detail"], _place(remittance_id, place))
    return Kept(
        payment=Payment(remittance_id, found["payer_id"], found["trace_number"], found["paid_on"]),
        place=place,
        said=_DETAIL.validate_json(detail),
        **{name: found[name] for name in _AS_THEY_ARE},
    )


_AS_THEY_ARE = ("reason", "paid_on", "warning", "resolution", "resolved_for", "claim_id",
                "resolved_by", "resolved_at")  # fmt: skip


def _place(remittance_id: UUID, place: int) -> str:
    return f"unmatched/{remittance_id}/{place}"
