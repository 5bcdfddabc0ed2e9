"""The SQL of merged charts."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from libs.events.transport.database import Db
from services.interop.identity.model import Links, survivor_in

LOCK_IDENTITY = "SELECT pg_advisory_xact_lock(hashtextextended('interop.identity/' || $1, 0))"

SURVIVOR_OF = "SELECT survivor_of($1, $2)"

# Every pointer that ends where one of these charts does.
READ_LINKS = """
SELECT patient_id, into_id FROM patient_link
 WHERE practice_id = $1
   AND survivor_id IN (SELECT survivor_of($1, chart) FROM unnest($2::uuid[]) AS chart)
"""

FIND_KNOWN = "SELECT patient_id FROM patient WHERE practice_id = $1 AND patient_id = ANY ($2)"

KEEP_LINK = """
INSERT INTO patient_link (practice_id, patient_id, into_id, survivor_id)
SELECT $1, patient_id, into_id, survivor_id
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS new (patient_id, into_id, survivor_id)
ON CONFLICT (practice_id, patient_id)
DO UPDATE SET into_id = excluded.into_id, survivor_id = excluded.survivor_id
"""

FORGET_LINKS = "DELETE FROM patient_link WHERE practice_id = $1 AND patient_id = ANY ($2)"

FILE_UNDER = """
INSERT INTO filed_under (practice_id, patient_id, subject_id) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
"""

# What a chart's own number brought is its own again, where the chart is registered.
GIVE_BACK = tuple(
    f"""
UPDATE {subject} AS s SET patient_id = f.patient_id
  FROM filed_under AS f JOIN patient AS p USING (practice_id, patient_id)
 WHERE f.practice_id = $1 AND f.patient_id = ANY ($2)
   AND s.practice_id = f.practice_id AND s.{subject}_id = f.subject_id
"""
    for subject in ("appointment", "encounter")
)


async def lock_identity(db: Db, practice_id: UUID) -> None:
    """Merges and partings of a practice pass one at a time, until the commit."""
    await db.execute(LOCK_IDENTITY, str(practice_id))


async def survivor_of(db: Db, practice_id: UUID, chart_id: UUID) -> UUID:
    """Whom a chart number is about now: the chart itself, or the one that it was merged into."""
    return await db.fetchval(SURVIVOR_OF, practice_id, chart_id)


async def read_links(db: Db, practice_id: UUID, charts: Collection[UUID]) -> Links:
    """The pointers of everything that is one patient with any of these charts."""
    rows = await db.fetch(READ_LINKS, practice_id, list(charts))
    return {row["patient_id"]: row["into_id"] for row in rows}


async def find_known(db: Db, practice_id: UUID, charts: Collection[UUID]) -> set[UUID]:
    """Those of the charts that are registered."""
    rows = await db.fetch(FIND_KNOWN, practice_id, list(charts))
    return {row["patient_id"] for row in rows}


async def keep_links(db: Db, practice_id: UUID, before: Links, after: Links) -> None:
    """Write the pointers, each with where it ends."""
    gone = [chart for chart in before if chart not in after]
    if gone:
        await db.execute(FORGET_LINKS, practice_id, gone)
    charts = sorted(after)
    into = [after[chart] for chart in charts]
    survivors = [survivor_in(after, chart) for chart in charts]
    await db.execute(KEEP_LINK, practice_id, charts, into, survivors)


async def file_under(db: Db, practice_id: UUID, chart_id: UUID, subject_id: UUID) -> None:
    """Remember the chart number that something of the survivor's came under."""
    await db.execute(FILE_UNDER, practice_id, chart_id, subject_id)


async def give_back(db: Db, practice_id: UUID, charts: Collection[UUID]) -> None:
    for statement in GIVE_BACK:
        await db.execute(statement, practice_id, list(charts))
