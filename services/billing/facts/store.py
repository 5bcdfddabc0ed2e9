"""What billing heard of practices, clinicians and their enrollments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.contracts.credentialing import ProviderCredentialed, ProviderEnrolled
from libs.events.transport.database import Db

ADD_PRACTICE = """
INSERT INTO practice (practice_id, name, npi, tax_id, line, city, state, postal_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
ADD_PROVIDER = """
INSERT INTO provider (practice_id, npi, family, given, taxonomy, credentialed_on, expires_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (practice_id, npi, credentialed_on) DO UPDATE SET expires_on = excluded.expires_on
"""
ADD_ENROLLMENT = """
INSERT INTO enrollment (practice_id, npi, payer_id, effective_on, ends_on)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (practice_id, npi, payer_id, effective_on) DO UPDATE SET ends_on = excluded.ends_on
"""
FIND_PRACTICE = "SELECT * FROM practice WHERE practice_id = $1"
FIND_PROVIDERS = """
SELECT DISTINCT ON (npi) npi, family, given, taxonomy FROM provider
 WHERE practice_id = $1 AND npi = ANY($2::text[]) ORDER BY npi, credentialed_on DESC
"""
READ_STANDING = """
SELECT EXISTS (SELECT FROM practice WHERE practice_id = $1) AS practice_known,
       EXISTS (SELECT FROM provider WHERE practice_id = $1 AND npi = $2) AS credentialed,
       EXISTS (SELECT FROM enrollment WHERE practice_id = $1 AND npi = $2 AND payer_id = $3
                  AND effective_on <= $4 AND (ends_on IS NULL OR $4 < ends_on)) AS enrolled
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a clinician's service on a day can be billed to a payer."""

    practice_known: bool
    credentialed: bool
    enrolled: bool


async def add_practice(db: Db, practice: PracticeOnboarded) -> None:
    address = practice.address
    await db.execute(
        ADD_PRACTICE, practice.practice_id, practice.name, practice.npi, practice.tax_id,
        address.line, address.city, address.state, address.postal_code,
    )  # fmt: skip


async def add_provider(db: Db, provider: ProviderCredentialed) -> None:
    await db.execute(
        ADD_PROVIDER, provider.practice_id, provider.npi, provider.family, provider.given,
        provider.taxonomy, provider.credentialed_on, provider.expires_on,
    )  # fmt: skip


async def add_enrollment(db: Db, enrolled: ProviderEnrolled) -> None:
    await db.execute(
        ADD_ENROLLMENT, enrolled.practice_id, enrolled.npi, enrolled.payer_id,
        enrolled.effective_on, enrolled.ends_on,
    )  # fmt: skip


async def read_standing(db: Db, practice_id: UUID, npi: str, payer_id: str, on: date) -> Standing:
    row = await db.fetchrow(READ_STANDING, practice_id, npi, payer_id, on)
    assert row is not None
    return Standing(**dict(row))


async def find_practice(db: Db, practice_id: UUID) -> Mapping[str, Any]:
    """The practice as it bills; asked only where its standing was found to be known."""
    practice = await look_up_practice(db, practice_id)
    assert practice is not None, "a claim of an unknown practice is held"
    return practice


async def look_up_practice(db: Db, practice_id: UUID) -> Mapping[str, Any] | None:
    """The practice as it bills; None where it was not heard of yet."""
    row = await db.fetchrow(FIND_PRACTICE, practice_id)
    return dict(row) if row else None


async def find_providers(
    db: Db, practice_id: UUID, npis: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """Clinicians as last credentialed, by NPI; a claim without a credentialed one is held."""
    rows = await db.fetch(FIND_PROVIDERS, practice_id, list(npis))
    return {row["npi"]: dict(row) for row in rows}
