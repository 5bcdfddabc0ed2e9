"""Claims, their lines and their history."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from libs.events.transport.payload import read_kept, write_kept
from services.billing.claims.model import Claim, State, payers_of
from services.billing.claims.moves import Move, move_all

COLUMNS = """practice_id, claim_id, encounter_id, patient_id, control_number, payer_id,
       provider_npi, service_on, charge_cents, state, hold_reason, was_refused, interchange_number,
       payer_claim_number, origin, revision, payer_sequence, payers, given_to"""
NEXT_NUMBER = """
INSERT INTO counter AS c VALUES ($1, $2, 1)
ON CONFLICT (practice_id, name) DO UPDATE SET value = c.value + 1 RETURNING value
"""
LOCK_STANDING = "SELECT pg_advisory_xact_lock(hashtextextended('billing.standing/' || $1, 0))"
ADD_CLAIM = """
INSERT INTO claim (practice_id, claim_id, encounter_id, encounter, patient_id, control_number,
                   payer_id, provider_npi, service_on, charge_cents, state, hold_reason, origin,
                   payers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
ADD_LINES = """
INSERT INTO claim_line (practice_id, claim_id, line_number, procedure_code, modifiers, units,
                        diagnosis_pointers, charge_cents)
SELECT $1, $2, line_number, procedure_code,
       ARRAY(SELECT jsonb_array_elements_text(modifiers)), units,
       ARRAY(SELECT jsonb_array_elements_text(diagnosis_pointers)::int), charge_cents
  FROM jsonb_to_recordset($3::jsonb) AS new(line_number int, procedure_code text, modifiers jsonb,
       units int, diagnosis_pointers jsonb, charge_cents bigint)
"""
LOCK_CLAIM = f"SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND claim_id = $2 FOR UPDATE"
LOCK_BY_CONTROL = f"""
SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND control_number = $2 FOR UPDATE
"""
# By their id: two files that lock the same claims wait for one another, and do not deadlock.
LOCK_BY_CONTROLS = f"""
SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND control_number = ANY($2::text[])
 ORDER BY claim_id FOR UPDATE
"""
LOCK_MANY = f"""
SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND claim_id = ANY($2::uuid[])
 ORDER BY claim_id FOR UPDATE
"""
LOCK_IN_STATE = f"""
SELECT {COLUMNS} FROM claim
 WHERE practice_id = $1 AND state = $2 AND ($3::text IS NULL OR provider_npi = $3)
   AND ($4::uuid[] IS NULL OR patient_id = ANY ($4))
 ORDER BY service_on, claim_id FOR UPDATE
"""
LIST_PAYERS_TO_SEND_TO = """
SELECT payer_id FROM claim WHERE practice_id = $1 AND state = 'ready'
 UNION
SELECT c.payer_id FROM correction_due d JOIN claim c USING (practice_id, claim_id)
 WHERE d.practice_id = $1 AND d.waiting_for IS NULL AND c.payer_id IS NOT NULL
 ORDER BY payer_id
"""
LOCK_READY = f"""
SELECT {COLUMNS} FROM claim
 WHERE practice_id = $1 AND state = 'ready' AND payer_id = ANY($2::text[])
 ORDER BY service_on, claim_id LIMIT $3 FOR UPDATE
"""
LOCK_IN_INTERCHANGE = f"""
SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND interchange_number = $2
 ORDER BY claim_id FOR UPDATE
"""
READ_ENCOUNTERS = """
SELECT claim_id, encounter FROM claim WHERE practice_id = $1 AND claim_id = ANY($2::uuid[])
"""
READ_LINES = """
SELECT claim_id, line_number, procedure_code, modifiers, units, diagnosis_pointers, charge_cents
  FROM claim_line WHERE practice_id = $1 AND claim_id = ANY($2::uuid[])
 ORDER BY claim_id, line_number
"""
SET_CHARGE = "UPDATE claim SET charge_cents = $3 WHERE practice_id = $1 AND claim_id = $2"
CHANGE_CLAIM = """
UPDATE claim
   SET encounter = $3, patient_id = $4, payer_id = $5, provider_npi = $6, service_on = $7,
       charge_cents = 0, state = 'held', hold_reason = NULL, origin = $8, revision = $9,
       payers = $10
 WHERE practice_id = $1 AND claim_id = $2
"""
SET_COVERAGES = """
UPDATE claim SET encounter = $3, payers = $4 WHERE practice_id = $1 AND claim_id = $2
"""
DROP_LINES = "DELETE FROM claim_line WHERE practice_id = $1 AND claim_id = $2"
LIST = f"""
SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
 ORDER BY service_on, claim_id LIMIT $3 OFFSET $4
"""
FIND = f"SELECT {COLUMNS} FROM claim WHERE practice_id = $1 AND claim_id = $2"
LIST_MOVES = """
SELECT state, reason, moved_at FROM claim_move WHERE practice_id = $1 AND claim_id = $2 ORDER BY id
"""


def _claim(row: asyncpg.Record) -> Claim:
    found: dict[str, Any] = dict(row)
    found["state"] = State(row["state"])
    found["payers"] = tuple(row["payers"])
    return Claim(**found)


async def next_number(db: Db, practice_id: UUID, name: str) -> int:
    """The next number of a gapless count; its row stays locked until the transaction ends."""
    return await db.fetchval(NEXT_NUMBER, practice_id, name)


async def lock_standing(db: Db, practice_id: UUID) -> None:
    """Let visits and the facts that they wait for pass one at a time, until the commit.

    Without it a visit and a fact that commit at once each look before the other can be seen, and
    the claim waits for ever.
    """
    await db.execute(LOCK_STANDING, str(practice_id))


async def add_claim(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted | None) -> None:
    """The claim and the visit that it is for, sealed; a claim taken over has none."""
    sealed = uow.seal(write_kept(encounter), _place(claim.claim_id)) if encounter else None
    await uow.db.execute(
        ADD_CLAIM, claim.practice_id, claim.claim_id, claim.encounter_id, sealed, claim.patient_id,
        claim.control_number, claim.payer_id, claim.provider_npi, claim.service_on,
        claim.charge_cents, claim.state, claim.hold_reason, claim.origin, claim.payers,
    )  # fmt: skip
    if claim.state is not State.HELD:  # a new claim is held only if something is found missing
        await move(uow.db, claim, claim.state, uow.now, origin=claim.origin)


async def add_lines(
    db: Db, claim: Claim, encounter: EncounterPosted, charges: Sequence[int]
) -> None:
    """The claim's priced lines; `charges` in cents, in the order of the visit's lines."""
    rows = priced_lines(encounter, charges)
    await db.execute(ADD_LINES, claim.practice_id, claim.claim_id, json.dumps(rows))
    await db.execute(SET_CHARGE, claim.practice_id, claim.claim_id, sum(charges))


def priced_lines(encounter: EncounterPosted, charges: Sequence[int]) -> list[dict[str, Any]]:
    """A visit's lines as the claim holds them; `charges` in cents, in their order."""
    return [
        line.model_dump(mode="json") | {"charge_cents": cents}
        for line, cents in zip(encounter.lines, charges, strict=True)
    ]


async def move(
    db: Db, claim: Claim, to: State, at: datetime, *, origin: str, reason: str | None = None
) -> None:
    """Record where the claim goes; `origin` is what its next events come from."""
    await move_all(db, claim.practice_id, [Move(claim.claim_id, to, origin, reason)], at)


async def change_claim(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """The claim is for another state of its visit now, and not priced."""
    sealed = uow.seal(write_kept(encounter), _place(claim.claim_id))
    await uow.db.execute(
        CHANGE_CLAIM, claim.practice_id, claim.claim_id, sealed, claim.patient_id, claim.payer_id,
        claim.provider_npi, claim.service_on, claim.origin, claim.revision, claim.payers,
    )  # fmt: skip


async def set_coverages(uow: UnitOfWork, claim: Claim, encounter: EncounterPosted) -> None:
    """The visit is known to be covered otherwise; all else of it is as before."""
    sealed = uow.seal(write_kept(encounter), _place(claim.claim_id))
    payers = payers_of(encounter)
    await uow.db.execute(SET_COVERAGES, claim.practice_id, claim.claim_id, sealed, payers)


async def drop_lines(db: Db, claim: Claim) -> None:
    """The claim is not priced any more."""
    await db.execute(DROP_LINES, claim.practice_id, claim.claim_id)
    await db.execute(SET_CHARGE, claim.practice_id, claim.claim_id, 0)


async def lock(db: Db, practice_id: UUID, claim_id: UUID) -> Claim | None:
    row = await db.fetchrow(LOCK_CLAIM, practice_id, claim_id)
    return _claim(row) if row else None


async def lock_by_control(db: Db, practice_id: UUID, control_number: str) -> Claim | None:
    row = await db.fetchrow(LOCK_BY_CONTROL, practice_id, control_number)
    return _claim(row) if row else None


async def lock_by_controls(db: Db, practice_id: UUID, numbers: Collection[str]) -> list[Claim]:
    rows = await db.fetch(LOCK_BY_CONTROLS, practice_id, list(numbers))
    return [_claim(row) for row in rows]


async def lock_many(db: Db, practice_id: UUID, claim_ids: Collection[UUID]) -> list[Claim]:
    rows = await db.fetch(LOCK_MANY, practice_id, list(claim_ids))
    return [_claim(row) for row in rows]


async def lock_in_state(
    db: Db,
    practice_id: UUID,
    state: State,
    *,
    npi: str | None = None,
    patients: Sequence[UUID] | None = None,
) -> list[Claim]:
    """Oldest service first."""
    rows = await db.fetch(LOCK_IN_STATE, practice_id, state, npi, patients)
    return [_claim(row) for row in rows]


async def list_payers_to_send_to(db: Db, practice_id: UUID) -> list[str]:
    """The payers that claims are ready for, or that something is due at."""
    return [row["payer_id"] for row in await db.fetch(LIST_PAYERS_TO_SEND_TO, practice_id)]


async def lock_ready(db: Db, practice_id: UUID, payers: Sequence[str], most: int) -> list[Claim]:
    """Those that go out to the payers, oldest service first."""
    return [_claim(row) for row in await db.fetch(LOCK_READY, practice_id, payers, most)]


async def lock_in_interchange(db: Db, practice_id: UUID, number: int) -> list[Claim]:
    return [_claim(row) for row in await db.fetch(LOCK_IN_INTERCHANGE, practice_id, number)]


async def read_encounter(uow: UnitOfWork, claim: Claim) -> EncounterPosted:
    """The visit that the claim is for, as the latest version of its event says it."""
    return (await read_encounters(uow, [claim]))[claim.claim_id]


async def read_encounters(uow: UnitOfWork, claims: Sequence[Claim]) -> dict[UUID, EncounterPosted]:
    """The same of many, by claim."""
    ids = [claim.claim_id for claim in claims]
    rows = await uow.db.fetch(READ_ENCOUNTERS, uow.practice_id, ids)
    return {row["claim_id"]: open_encounter(uow, row["claim_id"], row["encounter"]) for row in rows}


def open_encounter(uow: UnitOfWork, claim_id: UUID, sealed: bytes) -> EncounterPosted:
    """The visit as `claim.encounter` keeps it."""
    return read_kept(uow.unseal(sealed, _place(claim_id)), EncounterPosted)


def _place(claim_id: UUID) -> str:
    return f"claim/{claim_id}"


async def read_lines(db: Db, claim: Claim) -> list[dict[str, Any]]:
    return (await read_lines_of(db, claim.practice_id, [claim.claim_id]))[claim.claim_id]


async def read_lines_of(
    db: Db, practice_id: UUID, claim_ids: Sequence[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    """The priced lines of each; none of one that is not priced."""
    found: dict[UUID, list[dict[str, Any]]] = {claim_id: [] for claim_id in claim_ids}
    for row in await db.fetch(READ_LINES, practice_id, claim_ids):
        line = dict(row)
        found[line.pop("claim_id")].append(line)
    return found


async def list_claims(
    db: Db, practice_id: UUID, state: str | None, limit: int, offset: int
) -> list[Claim]:
    return [_claim(row) for row in await db.fetch(LIST, practice_id, state, limit, offset)]


async def find(db: Db, practice_id: UUID, claim_id: UUID) -> Claim | None:
    row = await db.fetchrow(FIND, practice_id, claim_id)
    return _claim(row) if row else None


async def list_moves(db: Db, claim: Claim) -> list[dict[str, Any]]:
    return [dict(r) for r in await db.fetch(LIST_MOVES, claim.practice_id, claim.claim_id)]
