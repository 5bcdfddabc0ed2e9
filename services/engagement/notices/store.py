"""The SQL of notices alone; what they share with other messages is in outreach."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport.database import Db
from services.engagement.notices.model import Notice

ADD_NOTICE = """
INSERT INTO notice (practice_id, message_id, patient_id, statement_id, channel, portal_url, until,
                    state, waits_for, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 'patient', $8)
"""


async def add_notice(db: Db, practice_id: UUID, notice: Notice) -> None:
    """Add a notice; it waits until it is planned, which the caller does next."""
    await db.execute(
        ADD_NOTICE, practice_id, notice.message_id, notice.patient_id, notice.statement_id,
        notice.channel, notice.portal_url, notice.until, notice.origin,
    )  # fmt: skip
