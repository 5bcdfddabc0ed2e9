"""The SQL of provider files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.credentialing.files.model import Decision, Enrollment, Provider, ProviderFile

ADD_PROVIDER = """
INSERT INTO provider (practice_id, provider_id, npi, family, given, taxonomy, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
"""

FIND_PROVIDER = """
SELECT provider_id, npi, family, given, taxonomy FROM provider
 WHERE practice_id = $1 AND provider_id = $2
"""

LOCK_PROVIDER = f"{FIND_PROVIDER} FOR UPDATE"

LIST_PROVIDERS = """
SELECT provider_id, npi, family, given, taxonomy FROM provider
 WHERE practice_id = $1 ORDER BY family, given, provider_id
"""

LIST_DECISIONS = """
SELECT provider_id, credentialed_on, expires_on FROM decision
 WHERE practice_id = $1 AND provider_id = ANY ($2::uuid[]) ORDER BY credentialed_on
"""

LIST_ENROLLMENTS = """
SELECT provider_id, payer_id, effective_on, ends_on FROM enrollment
 WHERE practice_id = $1 AND provider_id = ANY ($2::uuid[]) ORDER BY effective_on, payer_id
"""

ADD_DECISION = """
INSERT INTO decision (practice_id, provider_id, credentialed_on, expires_on, recorded_at)
VALUES ($1, $2, $3, $4, $5)
"""

ADD_ENROLLMENT = """
INSERT INTO enrollment (practice_id, provider_id, payer_id, effective_on, ends_on, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_provider(db: Db, practice_id: UUID, provider: Provider, at: datetime) -> bool:
    """True where the file is new; False where its id or its NPI has a file."""
    done = await db.execute(
        ADD_PROVIDER,
        practice_id,
        provider.provider_id,
        provider.npi,
        provider.family,
        provider.given,
        provider.taxonomy,
        at,
    )
    return done == "INSERT 0 1"


async def find_file(db: Db, practice_id: UUID, provider_id: UUID) -> ProviderFile | None:
    files = await _read(db, practice_id, await db.fetch(FIND_PROVIDER, practice_id, provider_id))
    return files[0] if files else None


async def lock_file(db: Db, practice_id: UUID, provider_id: UUID) -> ProviderFile | None:
    """The file as it stands, and nobody else changes it until the transaction ends."""
    files = await _read(db, practice_id, await db.fetch(LOCK_PROVIDER, practice_id, provider_id))
    return files[0] if files else None


async def list_files(db: Db, practice_id: UUID) -> list[ProviderFile]:
    return await _read(db, practice_id, await db.fetch(LIST_PROVIDERS, practice_id))


async def add_decision(
    db: Db, practice_id: UUID, provider_id: UUID, decision: Decision, at: datetime
) -> None:
    await db.execute(
        ADD_DECISION, practice_id, provider_id, decision.credentialed_on, decision.expires_on, at
    )


async def add_enrollment(
    db: Db, practice_id: UUID, provider_id: UUID, enrollment: Enrollment, at: datetime
) -> None:
    await db.execute(
        ADD_ENROLLMENT,
        practice_id,
        provider_id,
        enrollment.payer_id,
        enrollment.effective_on,
        enrollment.ends_on,
        at,
    )


async def _read(db: Db, practice_id: UUID, rows: list[Record]) -> list[ProviderFile]:
    ids = [row["provider_id"] for row in rows]
    decisions: dict[UUID, list[Decision]] = {one: [] for one in ids}
    for row in await db.fetch(LIST_DECISIONS, practice_id, ids):
        decisions[row["provider_id"]].append(Decision(row["credentialed_on"], row["expires_on"]))
    enrollments: dict[UUID, list[Enrollment]] = {one: [] for one in ids}
    for row in await db.fetch(LIST_ENROLLMENTS, practice_id, ids):
        enrollments[row["provider_id"]].append(
            Enrollment(row["payer_id"], row["effective_on"], row["ends_on"])
        )
    return [
        ProviderFile(Provider(**dict(row)), tuple(decisions[one]), tuple(enrollments[one]))
        for row, one in zip(rows, ids, strict=True)
    ]
