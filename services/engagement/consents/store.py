"""The SQL of consents. The patient's row is locked before a consent is changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.engagement.consents.model import Channel, ConsentState, How

SET_CONSENT = """
INSERT INTO consent (practice_id, patient_id, channel, state, token) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (practice_id, patient_id, channel) DO UPDATE SET state = excluded.state
 WHERE consent.state <> excluded.state
"""

NOTE_CHANGE = """
INSERT INTO consent_change (practice_id, patient_id, channel, state, how, changed_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

FIND_CONSENT = """
SELECT state, token FROM consent WHERE practice_id = $1 AND patient_id = $2 AND channel = $3
"""

FIND_CONSENT_BY_LINK = (
    "SELECT patient_id, channel FROM consent WHERE practice_id = $1 AND token = $2"
)

LIST_CHANGES = """
SELECT channel, state, how, changed_at FROM consent_change
 WHERE practice_id = $1 AND patient_id = ANY ($2::uuid[]) ORDER BY number
"""


async def set_consent(
    db: Db, practice_id: UUID, patient_id: UUID, channel: Channel, state: ConsentState, token: str
) -> bool:
    """True where the consent's state changed; `token` is taken for a new consent only."""
    done = await db.execute(SET_CONSENT, practice_id, patient_id, channel, state, token)
    return done == "INSERT 0 1"


async def note_change(
    db: Db,
    practice_id: UUID,
    patient_id: UUID,
    channel: Channel,
    state: ConsentState,
    how: How,
    at: datetime,
) -> None:
    await db.execute(NOTE_CHANGE, practice_id, patient_id, channel, state, how, at)


async def find_consent(
    db: Db, practice_id: UUID, patient_id: UUID, channel: Channel
) -> tuple[ConsentState, str] | None:
    """The consent's state and token; None where the patient was never asked."""
    row = await db.fetchrow(FIND_CONSENT, practice_id, patient_id, channel)
    return None if row is None else (row["state"], row["token"])


async def find_by_token(db: Db, practice_id: UUID, token: str) -> tuple[UUID, Channel] | None:
    row = await db.fetchrow(FIND_CONSENT_BY_LINK, practice_id, token)
    return None if row is None else (row["patient_id"], row["channel"])


async def list_changes(db: Db, practice_id: UUID, charts: Sequence[UUID]) -> list[Record]:
    """channel, state, how, changed_at of a patient's charts; oldest first."""
    return await db.fetch(LIST_CHANGES, practice_id, list(charts))
