"""A practice's billing office and the facilities it works in."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from libs.events.contracts.agreements import PostalAddress
from libs.events.transport.database import Db
from services.billing.office.model import BillingOffice, Facility

PUT_OFFICE = """
INSERT INTO billing_office (practice_id, contact_name, contact_phone) VALUES ($1, $2, $3)
ON CONFLICT (practice_id) DO UPDATE
   SET contact_name = excluded.contact_name, contact_phone = excluded.contact_phone
"""
FIND_OFFICE = "SELECT contact_name, contact_phone FROM billing_office WHERE practice_id = $1"
PUT_FACILITY = """
INSERT INTO service_facility (practice_id, place_of_service, name, npi, line, city, state,
                              postal_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (practice_id, place_of_service) DO UPDATE
   SET name = excluded.name, npi = excluded.npi, line = excluded.line, city = excluded.city,
       state = excluded.state, postal_code = excluded.postal_code
"""
LIST_FACILITIES = """
SELECT place_of_service, name, npi, line, city, state, postal_code FROM service_facility
 WHERE practice_id = $1
"""


async def put_office(db: Db, practice_id: UUID, office: BillingOffice) -> None:
    await db.execute(PUT_OFFICE, practice_id, office.contact_name, office.contact_phone)


async def find_office(db: Db, practice_id: UUID) -> BillingOffice:
    """The practice's own, or the MSO's billing desk."""
    row = await db.fetchrow(FIND_OFFICE, practice_id)
    return BillingOffice() if row is None else BillingOffice(**dict(row))


async def put_facility(db: Db, practice_id: UUID, place: str, facility: Facility) -> None:
    at = facility.address
    await db.execute(
        PUT_FACILITY, practice_id, place, facility.name, facility.npi, at.line, at.city, at.state,
        at.postal_code,
    )  # fmt: skip


async def list_facilities(db: Db, practice_id: UUID) -> dict[str, Facility]:
    """Where the practice gives services that it does not give at its own address, by place."""
    rows = await db.fetch(LIST_FACILITIES, practice_id)
    return {row["place_of_service"]: _facility(row) for row in rows}


def _facility(row: asyncpg.Record) -> Facility:
    at = PostalAddress(**{name: row[name] for name in PostalAddress.model_fields})
    return Facility(name=row["name"], npi=row["npi"], address=at)
