"""The SQL of which charts are one patient."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport.database import Db

KEEP_ALIAS = """
INSERT INTO alias (practice_id, patient_id, survivor_id) VALUES ($1, $2, $3)
ON CONFLICT (practice_id, patient_id) DO UPDATE SET survivor_id = excluded.survivor_id
"""
FORGET_ALIAS = "DELETE FROM alias WHERE practice_id = $1 AND patient_id = $2"
LIST_CHARTS = """
WITH survivor AS (
    SELECT coalesce(
        (SELECT survivor_id FROM alias WHERE practice_id = $1 AND patient_id = $2), $2) AS id
)
SELECT id FROM survivor
UNION ALL
SELECT patient_id FROM alias JOIN survivor ON survivor_id = id WHERE practice_id = $1
"""


async def keep_alias(db: Db, practice_id: UUID, patient_id: UUID, survivor_id: UUID) -> None:
    await db.execute(KEEP_ALIAS, practice_id, patient_id, survivor_id)


async def forget_alias(db: Db, practice_id: UUID, patient_id: UUID) -> None:
    await db.execute(FORGET_ALIAS, practice_id, patient_id)


async def list_charts(db: Db, practice_id: UUID, patient_id: UUID) -> list[UUID]:
    """Every chart of the patient; the one that they go by first."""
    return [row["id"] for row in await db.fetch(LIST_CHARTS, practice_id, patient_id)]
