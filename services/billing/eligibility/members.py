"""The SQL of whom payers are asked about: insured patients, and who is expected when."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.eligibility.model import Member
from services.billing.patients.store import list_charts

KEEP_MEMBER = """
INSERT INTO member (practice_id, patient_id, payer_id, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (practice_id, patient_id) DO UPDATE
   SET payer_id = excluded.payer_id, sealed = excluded.sealed
"""
KEEP_NEW_MEMBER = """
INSERT INTO member (practice_id, patient_id, payer_id, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
FORGET_MEMBER = "DELETE FROM member WHERE practice_id = $1 AND patient_id = $2"
FIND_MEMBER = """
SELECT patient_id, sealed FROM member
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[])
 ORDER BY patient_id <> $3, patient_id LIMIT 1
"""
EXPECT = """
INSERT INTO expected_visit (practice_id, appointment_id, patient_id, starts_on)
VALUES ($1, $2, $3, $4)
ON CONFLICT (practice_id, appointment_id) DO UPDATE
   SET patient_id = excluded.patient_id, starts_on = excluded.starts_on
"""
EXPECT_NO_MORE = "DELETE FROM expected_visit WHERE practice_id = $1 AND appointment_id = $2"
FIND_EXPECTED = """
SELECT patient_id, starts_on FROM expected_visit WHERE practice_id = $1 AND appointment_id = $2
"""
LIST_EXPECTED = """
SELECT DISTINCT patient_id FROM expected_visit
 WHERE practice_id = $1 AND starts_on = $2 ORDER BY patient_id
"""
LIST_PAYERS = """
SELECT DISTINCT payer_id FROM member
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) ORDER BY payer_id
"""
FORGET_PAST = "DELETE FROM expected_visit WHERE practice_id = $1 AND starts_on < $2"


async def keep_member(uow: UnitOfWork, patient_id: UUID, member: Member | None) -> None:
    """The patient as heard last; None: not insured."""
    if member is None:
        await uow.db.execute(FORGET_MEMBER, uow.practice_id, patient_id)
        return
    await uow.db.execute(KEEP_MEMBER, *_row(uow, patient_id, member))


async def keep_new_member(uow: UnitOfWork, patient_id: UUID, member: Member) -> None:
    """The patient as a visit names them, where the chart itself was not heard."""
    await uow.db.execute(KEEP_NEW_MEMBER, *_row(uow, patient_id, member))


def _row(uow: UnitOfWork, patient_id: UUID, member: Member) -> tuple[UUID, UUID, str, bytes]:
    sealed = uow.seal(member.model_dump_json().encode(), _place(patient_id))
    return uow.practice_id, patient_id, member.coverage.payer_id, sealed


async def find_member(uow: UnitOfWork, patient_id: UUID) -> Member | None:
    """As this chart says it; else as another chart of the patient does."""
    charts = await list_charts(uow.db, uow.practice_id, patient_id)
    row = await uow.db.fetchrow(FIND_MEMBER, uow.practice_id, charts, patient_id)
    if row is None:
        return None
    opened = uow.unseal(row["sealed"], _place(row["patient_id"]))
    return Member.model_validate_json(opened)


async def expect(uow: UnitOfWork, appointment_id: UUID, patient_id: UUID, on: date) -> None:
    await uow.db.execute(EXPECT, uow.practice_id, appointment_id, patient_id, on)


async def expect_no_more(uow: UnitOfWork, appointment_id: UUID) -> None:
    await uow.db.execute(EXPECT_NO_MORE, uow.practice_id, appointment_id)


async def forget_past(uow: UnitOfWork, today: date) -> None:
    """Who was expected before is asked about no more."""
    await uow.db.execute(FORGET_PAST, uow.practice_id, today)


async def find_expected(
    db: Db, practice_id: UUID, appointment_id: UUID
) -> tuple[UUID, date] | None:
    row = await db.fetchrow(FIND_EXPECTED, practice_id, appointment_id)
    return (row["patient_id"], row["starts_on"]) if row else None


async def list_expected(db: Db, practice_id: UUID, on: date) -> list[UUID]:
    """The patients who are expected on a day, each once."""
    rows = await db.fetch(LIST_EXPECTED, practice_id, on)
    return [row["patient_id"] for row in rows]


async def list_payers(db: Db, practice_id: UUID, charts: list[UUID]) -> list[str]:
    """Whom these charts name as their payer."""
    rows = await db.fetch(LIST_PAYERS, practice_id, charts)
    return [row["payer_id"] for row in rows]


def _place(patient_id: UUID) -> str:
    return f"member/{patient_id}"
