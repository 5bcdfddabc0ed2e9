"""Denials and their steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.claims.model import Claim
from services.billing.claims.store import lock as lock_claim
from services.billing.denials.model import UNTOLD, Days, Denial, State

COLUMNS = ", ".join(field.name for field in fields(Denial))
PLACES = ", ".join(f"${number}" for number, _ in enumerate(fields(Denial), 1))
ADD = f"INSERT INTO denial ({COLUMNS}) VALUES ({PLACES})"
LOCK = f"SELECT {COLUMNS} FROM denial WHERE practice_id = $1 AND denial_id = $2 FOR UPDATE"
FIND = f"SELECT {COLUMNS} FROM denial WHERE practice_id = $1 AND denial_id = $2"
LOCK_UNSETTLED = f"""
SELECT {COLUMNS} FROM denial
 WHERE practice_id = $1 AND claim_id = ANY ($2::uuid[])
   AND (state <> 'closed' OR close_reason = 'reversed' AND settled_by IS NULL)
 ORDER BY claim_id, opened_at, line_number FOR UPDATE
"""
CHANGE = """
UPDATE denial
   SET state = $3, recoverable_cents = $4, close_reason = $5, outcome = $6, recovered_cents = $7,
       settled_by = $8, closed_at = $9, assigned_to = $10, deadline_on = $11, origin = $12,
       given_up_cents = $13
 WHERE practice_id = $1 AND denial_id = $2
"""
MARK_REFUSED = """
UPDATE claim SET was_refused = true WHERE practice_id = $1 AND claim_id = ANY ($2::uuid[])
"""
READ_MAIN_PROCEDURE = """
SELECT procedure_code FROM claim_line WHERE practice_id = $1 AND claim_id = $2
 ORDER BY charge_cents DESC, line_number LIMIT 1
"""
READ_DAYS = """
SELECT appeal_days, next_appeal_days, correction_days FROM payer_limit
 WHERE practice_id = $1 AND payer_id = $2 AND effective_on <= $3 ORDER BY effective_on DESC LIMIT 1
"""
ADD_STEP = """
INSERT INTO denial_step (practice_id, step_id, denial_id, kind, taken_at, taken_by, content)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FIND_STEP = """
SELECT denial_id, kind, content FROM denial_step WHERE practice_id = $1 AND step_id = $2
"""
LIST_STEPS = """
SELECT step_id, kind, taken_at, taken_by, content FROM denial_step
 WHERE practice_id = $1 AND denial_id = $2 ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done about a denial; `content` is the command's JSON."""

    step_id: UUID
    denial_id: UUID
    kind: str
    at: datetime
    by: str | None
    content: bytes | None


def _denial(row: asyncpg.Record) -> Denial:
    found: dict[str, Any] = dict(row)
    found["state"] = State(row["state"])
    return Denial(**found)


async def add(db: Db, denials: Sequence[Denial]) -> None:
    """New denials; their claims are known as refused from now on, also where they were paid."""
    if not denials:
        return
    await db.executemany(ADD, [astuple(denial) for denial in denials])
    await db.execute(
        MARK_REFUSED, denials[0].practice_id, list({denial.claim_id for denial in denials})
    )


async def lock(db: Db, practice_id: UUID, denial_id: UUID) -> Denial | None:
    """The denial and its claim: the claim first, as everywhere."""
    found = await find(db, practice_id, denial_id)
    if found is None:
        return None
    await lock_claim(db, practice_id, found.claim_id)
    row = await db.fetchrow(LOCK, practice_id, denial_id)
    return _denial(row) if row else None


async def find(db: Db, practice_id: UUID, denial_id: UUID) -> Denial | None:
    row = await db.fetchrow(FIND, practice_id, denial_id)
    return _denial(row) if row else None


async def lock_unsettled(db: Db, practice_id: UUID, claims: Sequence[UUID]) -> list[Denial]:
    """Denials of these claims that a decision may still settle, the oldest first."""
    return [_denial(row) for row in await db.fetch(LOCK_UNSETTLED, practice_id, list(claims))]


async def change(db: Db, denials: Sequence[Denial]) -> None:
    if not denials:
        return
    await db.executemany(
        CHANGE,
        [
            (
                d.practice_id, d.denial_id, d.state, d.recoverable_cents, d.close_reason,
                d.outcome, d.recovered_cents, d.settled_by, d.closed_at, d.assigned_to,
                d.deadline_on, d.origin, d.given_up_cents,
            )
            for d in denials
        ],
    )  # fmt: skip


async def read_main_procedure(db: Db, claim: Claim) -> str | None:
    """The claim's dearest service; None: a claim taken over, whose lines are not known."""
    return await db.fetchval(READ_MAIN_PROCEDURE, claim.practice_id, claim.claim_id)


async def read_days(db: Db, practice_id: UUID, payer_id: str, on: date) -> Days:
    """The payer's limits in force on the day of its decision."""
    row = await db.fetchrow(READ_DAYS, practice_id, payer_id, on)
    return Days(**dict(row)) if row else UNTOLD


async def add_steps(uow: UnitOfWork, steps: Sequence[Step]) -> None:
    """In the order in which they were taken."""
    if not steps:
        return
    await uow.db.executemany(
        ADD_STEP,
        [
            (
                uow.practice_id, step.step_id, step.denial_id, step.kind, step.at, step.by,
                None if step.content is None else uow.seal(step.content, _place(step.step_id)),
            )
            for step in steps
        ],
    )  # fmt: skip


async def note(uow: UnitOfWork, steps: Sequence[tuple[UUID, str]]) -> None:
    """Denials' steps that nobody took: they came with the money, or with a day."""
    await add_steps(uow, [Step(uuid4(), *step, uow.now, None, None) for step in steps])


async def find_step(uow: UnitOfWork, step_id: UUID) -> tuple[UUID, str, bytes] | None:
    """A command that was carried out: its denial, its kind and its content."""
    row = await uow.db.fetchrow(FIND_STEP, uow.practice_id, step_id)
    if row is None or row["content"] is None:
        return None
    return row["denial_id"], row["kind"], uow.unseal(row["content"], _place(step_id))


async def list_steps(uow: UnitOfWork, denial_id: UUID) -> list[Step]:
    """What was done, the first thing first."""
    rows = await uow.db.fetch(LIST_STEPS, uow.practice_id, denial_id)
    return [
        Step(
            row["step_id"], denial_id, row["kind"], row["taken_at"], row["taken_by"],
            row["content"] and uow.unseal(row["content"], _place(row["step_id"])),
        )
        for row in rows
    ]  # fmt: skip


def _place(step_id: UUID) -> str:
    return f"denial-step/{step_id}"
