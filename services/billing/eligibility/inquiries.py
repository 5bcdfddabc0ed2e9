"""The SQL of inquiries: asked for, sent, and how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.eligibility.model import KeptInquiry, Question, State, question_of
from services.billing.patients.store import list_charts

ADD = """
INSERT INTO eligibility_inquiry (practice_id, inquiry_id, patient_id, payer_id, service_on,
                                 service_types, state, made_at, origin)
VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8) ON CONFLICT DO NOTHING
RETURNING 1
"""
FIND = "SELECT * FROM eligibility_inquiry WHERE practice_id = $1 AND inquiry_id = $2"
LOCK = """
SELECT * FROM eligibility_inquiry WHERE practice_id = $1 AND inquiry_id = $2 FOR UPDATE
"""
LOCK_WAITING = """
SELECT * FROM eligibility_inquiry
 WHERE practice_id = $1 AND state = 'waiting' AND payer_id = $2
 ORDER BY made_at, inquiry_id LIMIT $3 FOR UPDATE
"""
LOCK_IN_INTERCHANGE = """
SELECT * FROM eligibility_inquiry
 WHERE practice_id = $1 AND interchange_number = $2 AND state = 'asked'
 ORDER BY inquiry_id FOR UPDATE
"""
LIST = """
SELECT * FROM eligibility_inquiry
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::text IS NULL OR reason = $3) AND inquiry_id > $4
 ORDER BY inquiry_id LIMIT $5
"""
WAS_ASKED_SINCE = """
SELECT EXISTS (SELECT FROM eligibility_inquiry
 WHERE practice_id = $1 AND patient_id = $2 AND payer_id = $3 AND service_on >= $4
   AND state <> 'refused')
"""
STATES_ON = """
SELECT DISTINCT state FROM eligibility_inquiry
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) AND payer_id = $3 AND service_on = $4
"""
SET_ASKED = """
UPDATE eligibility_inquiry SET state = 'asked', interchange_number = $3
 WHERE practice_id = $1 AND inquiry_id = ANY ($2::uuid[])
"""
SET_WAITING = """
UPDATE eligibility_inquiry SET state = 'waiting'
 WHERE practice_id = $1 AND inquiry_id = $2 AND state = 'asked'
"""
END = """
UPDATE eligibility_inquiry SET state = $3, reason = $4, notes = $5, answered_at = $6
 WHERE practice_id = $1 AND inquiry_id = $2
"""
NOBODY = UUID(int=0)


async def add(
    uow: UnitOfWork,
    inquiry_id: UUID,
    patient_id: UUID,
    payer_id: str,
    service_on: date,
    service_types: Sequence[str],
) -> bool:
    """False where there is one of this id already."""
    row = inquiry_id, patient_id, payer_id, service_on, list(service_types)
    added = await uow.db.fetchval(ADD, uow.practice_id, *row, uow.now, uow.origin.dump())
    return added is not None


async def find(db: Db, practice_id: UUID, inquiry_id: UUID) -> KeptInquiry | None:
    row = await db.fetchrow(FIND, practice_id, inquiry_id)
    return _inquiry(row) if row else None


async def lock(uow: UnitOfWork, inquiry_id: UUID) -> KeptInquiry | None:
    row = await uow.db.fetchrow(LOCK, uow.practice_id, inquiry_id)
    return _inquiry(row) if row else None


async def lock_waiting(uow: UnitOfWork, payer_id: str, most: int) -> list[KeptInquiry]:
    """The payer's, oldest first."""
    rows = await uow.db.fetch(LOCK_WAITING, uow.practice_id, payer_id, most)
    return [_inquiry(row) for row in rows]


async def lock_in_interchange(uow: UnitOfWork, number: int) -> list[KeptInquiry]:
    """Those that went out with it and are not answered."""
    rows = await uow.db.fetch(LOCK_IN_INTERCHANGE, uow.practice_id, number)
    return [_inquiry(row) for row in rows]


async def list_inquiries(
    db: Db, practice_id: UUID, state: str | None, reason: str | None, after: UUID, limit: int
) -> list[KeptInquiry]:
    rows = await db.fetch(LIST, practice_id, state, reason, after, limit)
    return [_inquiry(row) for row in rows]


async def was_asked_since(uow: UnitOfWork, patient_id: UUID, payer_id: str, since: date) -> bool:
    """Whether the payer was asked, or is about to be, for this day or a later one."""
    row = uow.practice_id, patient_id, payer_id, since
    return await uow.db.fetchval(WAS_ASKED_SINCE, *row)


async def question_on(
    db: Db, practice_id: UUID, patient_id: UUID, payer_id: str, on: date
) -> Question:
    """Whether the payer was asked about the patient, under any of their charts, for exactly a
    day."""
    charts = await list_charts(db, practice_id, patient_id)
    rows = await db.fetch(STATES_ON, practice_id, charts, payer_id, on)
    return question_of(State(row["state"]) for row in rows)


async def set_asked(uow: UnitOfWork, asked: Sequence[KeptInquiry], number: int) -> None:
    ids = [inquiry.inquiry_id for inquiry in asked]
    await uow.db.execute(SET_ASKED, uow.practice_id, ids, number)


async def set_waiting(uow: UnitOfWork, inquiry_id: UUID) -> None:
    """It was asked and not answered; it is to be asked again."""
    await uow.db.execute(SET_WAITING, uow.practice_id, inquiry_id)


async def end(
    uow: UnitOfWork,
    inquiry: KeptInquiry,
    state: State,
    reason: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    row = uow.practice_id, inquiry.inquiry_id, state, reason, list(notes), uow.now
    await uow.db.execute(END, *row)


def _inquiry(row: asyncpg.Record) -> KeptInquiry:
    found = dict(row)
    del found["practice_id"]
    told = {name: tuple(found.pop(name)) for name in ("service_types", "notes")}
    return KeptInquiry(state=State(found.pop("state")), **told, **found)
