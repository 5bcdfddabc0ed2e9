"""The SQL of accounts, and of what goes back about them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.interop.writeback.model import Account, Answer
from services.interop.writeback.siu import Booking

KEEP_REFERENCE = """
INSERT INTO visit_reference (practice_id, encounter_id, sealed) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, encounter_id) DO NOTHING
"""

FIND_REFERENCE = """
SELECT sealed FROM visit_reference WHERE practice_id = $1 AND encounter_id = $2
"""

FIND_VISIT = """
SELECT encounter_id, connection_id, patient_id
  FROM encounter JOIN visit_reference USING (practice_id, encounter_id)
 WHERE practice_id = $1 AND encounter_id = $2
"""

LOCK_ACCOUNT = """
SELECT claim_id, encounter_id, connection_id, patient_id, payer_id, status, charge_cents,
       adjusted_cents, paid_cents, patient_cents
  FROM account WHERE practice_id = $1 AND claim_id = $2 FOR NO KEY UPDATE
"""

SAVE_ACCOUNT = """
INSERT INTO account (practice_id, claim_id, encounter_id, connection_id, patient_id, payer_id,
                     status, charge_cents, adjusted_cents, paid_cents, patient_cents, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (practice_id, claim_id) DO UPDATE
   SET payer_id = excluded.payer_id, status = excluded.status, charge_cents = excluded.charge_cents,
       adjusted_cents = excluded.adjusted_cents, paid_cents = excluded.paid_cents,
       patient_cents = excluded.patient_cents, changed_at = excluded.changed_at
"""

ADD_PATIENTS_MONEY = """
INSERT INTO patient_money AS kept (practice_id, claim_id, paid_cents) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, claim_id) DO UPDATE
   SET paid_cents = kept.paid_cents + excluded.paid_cents
RETURNING paid_cents
"""

KEEP_NUMBERS = """
INSERT INTO appointment_reference (practice_id, appointment_id, connection_id, sealed)
VALUES ($1, $2, $3, $4)
ON CONFLICT (practice_id, appointment_id) DO NOTHING
"""

FIND_BOOKING = """
SELECT appointment_id, connection_id, patient_id, starts_at, state, sealed
  FROM appointment_reference JOIN appointment USING (practice_id, appointment_id)
 WHERE practice_id = $1 AND appointment_id = $2
"""

ADD_MESSAGE = """
INSERT INTO write_back (practice_id, connection_id, control_id, content, made_at, claim_id,
                        appointment_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING number
"""

FIND_FIRST = """
SELECT number, control_id, content FROM write_back
 WHERE practice_id = $1 AND connection_id = $2 AND ended_at IS NULL
 ORDER BY number LIMIT 1
"""

NOTE_TRY = """
UPDATE write_back SET tries = tries + 1, tried_at = $4
 WHERE practice_id = $1 AND connection_id = $2 AND number = $3
"""

NOTE_FAILURE = """
UPDATE write_back SET failure = $4
 WHERE practice_id = $1 AND connection_id = $2 AND number = $3 AND ended_at IS NULL
"""

END_MESSAGE = """
UPDATE write_back SET ended_at = $4, answer = $5, condition = $6, failure = NULL
 WHERE practice_id = $1 AND connection_id = $2 AND number = $3 AND ended_at IS NULL
"""

LOCK_SENT = """
SELECT answer, NOT EXISTS (
           SELECT FROM write_back AS later
            WHERE later.practice_id = sent.practice_id AND later.number > sent.number
              AND (later.claim_id = sent.claim_id OR later.appointment_id = sent.appointment_id)
       ) AS is_last
  FROM write_back AS sent
 WHERE practice_id = $1 AND connection_id = $2 AND number = $3 FOR NO KEY UPDATE
"""

SEND_AGAIN = """
UPDATE write_back SET ended_at = NULL, answer = NULL, condition = NULL
 WHERE practice_id = $1 AND connection_id = $2 AND number = $3
"""

LIST_MESSAGES = """
SELECT number, claim_id, appointment_id, control_id, made_at, tries, tried_at, ended_at, answer,
       condition, failure
  FROM write_back
 WHERE practice_id = $1 AND connection_id = $2 AND ($3 OR ended_at IS NULL)
 ORDER BY number DESC LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The message of a connection that is to be sent next."""

    number: int
    control_id: str
    content: bytes = field(repr=False)


async def add_patients_money(db: Db, practice_id: UUID, claim_id: UUID, cents: int) -> int:
    """Add to what the patient paid of a claim; gives the sum. Its lock decides who is first, the
    claim or the patient's money."""
    return await db.fetchval(ADD_PATIENTS_MONEY, practice_id, claim_id, cents)


async def keep_reference(uow: UnitOfWork, encounter_id: UUID, reference: str) -> None:
    """Keep the EHR's own number of a visit, sealed, as it was told first."""
    sealed = sealed_reference(uow, encounter_id, reference)
    await uow.db.execute(KEEP_REFERENCE, uow.practice_id, encounter_id, sealed)


def sealed_reference(uow: UnitOfWork, encounter_id: UUID, reference: str) -> bytes:
    return uow.seal(reference.encode(), f"visit-reference/{encounter_id}")


async def find_reference(uow: UnitOfWork, encounter_id: UUID) -> str:
    sealed = await uow.db.fetchval(FIND_REFERENCE, uow.practice_id, encounter_id)
    return uow.unseal(sealed, f"visit-reference/{encounter_id}").decode()


async def new_account(db: Db, practice_id: UUID, claim_id: UUID, visit: UUID) -> Account | None:
    """An account of nothing yet; None where the EHR gave the visit no number of its own."""
    row = await db.fetchrow(FIND_VISIT, practice_id, visit)
    return None if row is None else Account(claim_id, **dict(row))


async def lock_account(db: Db, practice_id: UUID, claim_id: UUID) -> Account | None:
    row = await db.fetchrow(LOCK_ACCOUNT, practice_id, claim_id)
    return None if row is None else Account(**dict(row))


async def save_account(uow: UnitOfWork, account: Account) -> None:
    await uow.db.execute(
        SAVE_ACCOUNT,
        uow.practice_id,
        account.claim_id,
        account.encounter_id,
        account.connection_id,
        account.patient_id,
        account.payer_id,
        account.status,
        account.charge_cents,
        account.adjusted_cents,
        account.paid_cents,
        account.patient_cents,
        uow.now,
    )


async def keep_numbers(
    uow: UnitOfWork, appointment_id: UUID, connection_id: UUID, numbers: tuple[str, str]
) -> None:
    """Keep SCH-1 and SCH-2, sealed, as they were told first, and the connection that told them."""
    place = f"appointment-reference/{appointment_id}"
    sealed = uow.seal(json.dumps(numbers).encode(), place)
    await uow.db.execute(KEEP_NUMBERS, uow.practice_id, appointment_id, connection_id, sealed)


async def find_booking(uow: UnitOfWork, appointment_id: UUID) -> Booking | None:
    """An appointment that a schedule asked about, as it stands."""
    row = await uow.db.fetchrow(FIND_BOOKING, uow.practice_id, appointment_id)
    if row is None:
        return None
    found = dict(row)
    numbers = uow.unseal(found.pop("sealed"), f"appointment-reference/{appointment_id}")
    return Booking(**found, numbers=tuple(json.loads(numbers)))


async def add_message(
    uow: UnitOfWork,
    connection_id: UUID,
    control_id: str,
    content: bytes,
    *,
    claim_id: UUID | None = None,
    appointment_id: UUID | None = None,
) -> int:
    """Keep a message to be sent; its number is its place among its connection's."""
    return await uow.db.fetchval(
        ADD_MESSAGE,
        uow.practice_id,
        connection_id,
        control_id,
        uow.seal(content, f"write-back/{control_id}"),
        uow.now,
        claim_id,
        appointment_id,
    )


async def find_first(uow: UnitOfWork, connection_id: UUID) -> Waiting | None:
    """What is to be sent next over this connection."""
    row = await uow.db.fetchrow(FIND_FIRST, uow.practice_id, connection_id)
    if row is None:
        return None
    content = uow.unseal(row["content"], f"write-back/{row['control_id']}")
    return Waiting(row["number"], row["control_id"], content)


async def note_try(
    db: Db, practice_id: UUID, connection_id: UUID, number: int, at: datetime
) -> None:
    await db.execute(NOTE_TRY, practice_id, connection_id, number, at)


async def note_failure(uow: UnitOfWork, connection_id: UUID, number: int, failure: str) -> None:
    await uow.db.execute(NOTE_FAILURE, uow.practice_id, connection_id, number, failure)


async def end_message(uow: UnitOfWork, connection_id: UUID, number: int, answer: Answer) -> None:
    row = uow.practice_id, connection_id, number, uow.now, answer.code, answer.condition
    await uow.db.execute(END_MESSAGE, *row)


async def lock_sent(
    db: Db, practice_id: UUID, connection_id: UUID, number: int
) -> tuple[str | None, bool] | None:
    """What the EHR answered, and whether nothing was told of the same after it."""
    row = await db.fetchrow(LOCK_SENT, practice_id, connection_id, number)
    return None if row is None else (row["answer"], row["is_last"])


async def send_again(db: Db, practice_id: UUID, connection_id: UUID, number: int) -> None:
    """A message that has ended waits again, in its place."""
    await db.execute(SEND_AGAIN, practice_id, connection_id, number)


async def list_messages(
    db: Db, practice_id: UUID, connection_id: UUID, *, all_of_them: bool
) -> list[Record]:
    """The connection's messages, the newest first; only those that wait, unless told otherwise."""
    return await db.fetch(LIST_MESSAGES, practice_id, connection_id, all_of_them)
