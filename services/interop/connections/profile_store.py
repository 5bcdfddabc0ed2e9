"""The SQL of connections' profiles."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.interop.connections.model import Profile

ADD_PROFILE = """
INSERT INTO connection_profile (practice_id, connection_id, version, profile, changed_at,
                                changed_by)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6)
"""

LIST_PROFILES = """
SELECT version, profile::text AS profile, changed_at, changed_by FROM connection_profile
 WHERE practice_id = $1 AND connection_id = $2 ORDER BY version
"""

SET_PROFILE = """
UPDATE connection SET profile = $3::text::jsonb WHERE practice_id = $1 AND connection_id = $2
"""

Row = tuple[int, Profile, datetime, str | None]


async def add_profile(db: Db, practice_id: UUID, connection_id: UUID, row: Row) -> None:
    version, profile, changed_at, changed_by = row
    told = profile.model_dump_json()
    await db.execute(ADD_PROFILE, practice_id, connection_id, version, told, changed_at, changed_by)


async def list_profiles(db: Db, practice_id: UUID, connection_id: UUID) -> list[dict[str, Any]]:
    """The versions that were written, the first one first."""
    rows = await db.fetch(LIST_PROFILES, practice_id, connection_id)
    return [{**row, "profile": Profile.model_validate_json(row["profile"])} for row in rows]


async def set_profile(db: Db, practice_id: UUID, connection_id: UUID, profile: Profile) -> None:
    """The profile in force."""
    await db.execute(SET_PROFILE, practice_id, connection_id, profile.model_dump_json())
