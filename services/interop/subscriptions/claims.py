"""Claims as ClaimResponses: what is kept of them, and how their EHR names what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from libs.events.transport import UnitOfWork
from services.interop.fhir.store import find_parts, find_resources
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import Kept
from services.interop.subscriptions.claim_response import Visit, claim_response, read_visit
from services.interop.subscriptions.model import NOBODY
from services.interop.writeback.model import Account
from services.interop.writeback.people import find_person
from services.interop.writeback.store import find_reference

LIST_CLAIMS = """
SELECT a.claim_id, a.encounter_id, a.connection_id, a.patient_id, a.payer_id, a.status,
       a.charge_cents, a.adjusted_cents, a.paid_cents, a.patient_cents, a.changed_at
  FROM account a JOIN encounter e USING (practice_id, encounter_id)
 WHERE a.practice_id = $1 AND e.source_system = $2 AND a.claim_id > $3
   AND ($4::uuid[] IS NULL OR a.claim_id = ANY ($4))
   AND ($5::uuid[] IS NULL OR a.encounter_id = ANY ($5))
   AND ($6::uuid IS NULL OR survivor_of($1, a.patient_id) = survivor_of($1, $6))
 ORDER BY a.claim_id LIMIT $7
"""

FIND_VISITS_OF_CLAIM = """
SELECT owner_id FROM fhir_part
 WHERE practice_id = $1 AND source_system = $2 AND owner_type = 'Encounter'
   AND type = 'Claim' AND id = $3
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which claims of an EHR; None: whichever."""

    claim_ids: tuple[UUID, ...] | None = None
    encounter_ids: tuple[UUID, ...] | None = None
    patient_id: UUID | None = None
    after: UUID = NOBODY
    limit: int = 100


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim as it stands."""

    account: Account
    changed_at: datetime


async def list_claims(uow: UnitOfWork, source_system: str, wanted: Wanted) -> list[KeptClaim]:
    """Those that are followed, of the visits of this EHR, by their ids."""
    rows = await uow.db.fetch(
        LIST_CLAIMS,
        uow.practice_id,
        source_system,
        wanted.after,
        wanted.claim_ids,
        wanted.encounter_ids,
        wanted.patient_id,
        wanted.limit,
    )
    return [_claim(row) for row in rows]


async def find_visits_of_claim(uow: UnitOfWork, source_system: str, claim: str) -> list[str]:
    """The ids of the Encounters that a Claim of the EHR is for."""
    rows = await uow.db.fetch(FIND_VISITS_OF_CLAIM, uow.practice_id, source_system, claim)
    return [row["owner_id"] for row in rows]


async def write_claim(
    account: Account, at: datetime, source_system: str, uow: UnitOfWork
) -> dict[str, Any]:
    """The ClaimResponse of an account as it stood then."""
    visit = await _visit(account, source_system, uow)
    return claim_response(account, visit, at)


async def _visit(account: Account, source_system: str, uow: UnitOfWork) -> Visit:
    number = await find_reference(uow, account.encounter_id)
    person = await find_person(uow, account.patient_id)
    name = ("Encounter", number)
    kept = await find_resources(uow, source_system, [name])
    parts = await find_parts(uow, source_system, [name] if kept else [])
    claims = await find_resources(uow, source_system, [p for p in parts if p[0] == "Claim"])
    encounter = _resource(kept[0]) if kept else None
    return read_visit(number, person.mrn, encounter, [_resource(one) for one in claims])


def _resource(kept: Kept) -> dict[str, Any]:
    return read_json(kept.content, kept.type)


def _claim(row: Record) -> KeptClaim:
    found = dict(row)
    changed_at = found.pop("changed_at")
    return KeptClaim(Account(**found), changed_at)
