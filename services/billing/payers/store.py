"""The directory of payers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.payers.model import PayerTerms

PUT_PAYER = """
INSERT INTO payer (practice_id, payer_id, terms) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, payer_id) DO UPDATE SET terms = excluded.terms
"""
SET_FILING_DAYS = """
INSERT INTO payer AS p (practice_id, payer_id, terms) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, payer_id) DO UPDATE
   SET terms = p.terms || jsonb_build_object('original_filing_days', $4::int)
"""
FIND_TERMS = "SELECT terms FROM payer WHERE practice_id = $1 AND payer_id = $2"
READ_DIRECTORY = """
SELECT payer_id, terms FROM payer
 WHERE practice_id = $1 AND ($2::text[] IS NULL OR payer_id = ANY($2))
"""
LIST_PAYERS = """
SELECT payer_id, terms FROM payer
 WHERE practice_id = $1 AND ($2::text IS NULL OR payer_id > $2) ORDER BY payer_id LIMIT $3
"""


async def put_payer(db: Db, practice_id: UUID, payer_id: str, terms: PayerTerms) -> None:
    await db.execute(PUT_PAYER, practice_id, payer_id, terms.model_dump_json())


async def set_filing_days(db: Db, practice_id: UUID, payer_id: str, days: int) -> None:
    """The payer's days for original claims; all else that was agreed with it stays."""
    terms = PayerTerms(original_filing_days=days).model_dump_json()
    await db.execute(SET_FILING_DAYS, practice_id, payer_id, terms, days)


async def find_terms(db: Db, practice_id: UUID, payer_id: str) -> PayerTerms:
    """What was agreed with the payer; the defaults where the directory does not have it."""
    found = await db.fetchval(FIND_TERMS, practice_id, payer_id)
    return PayerTerms() if found is None else PayerTerms.model_validate_json(found)


async def read_directory(
    db: Db, practice_id: UUID, payers: Collection[str] | None = None
) -> dict[str, PayerTerms]:
    """What was agreed with these payers, or with all, where the directory has them."""
    rows = await db.fetch(READ_DIRECTORY, practice_id, None if payers is None else list(payers))
    return {row["payer_id"]: PayerTerms.model_validate_json(row["terms"]) for row in rows}


async def list_payers(
    db: Db, practice_id: UUID, after: str | None, limit: int
) -> list[tuple[str, PayerTerms]]:
    rows = await db.fetch(LIST_PAYERS, practice_id, after, limit)
    return [(row["payer_id"], PayerTerms.model_validate_json(row["terms"])) for row in rows]
