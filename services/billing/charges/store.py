"""Fee schedules, dated."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID

from libs.events.transport.database import Db

ADD_SCHEDULE = """
INSERT INTO fee_schedule (practice_id, fee_schedule_id, effective_on, prices_cents)
VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
FIND_SCHEDULE = """
SELECT effective_on, prices_cents FROM fee_schedule
 WHERE practice_id = $1 AND fee_schedule_id = $2
"""
PRICES_ON = """
SELECT prices_cents FROM fee_schedule
 WHERE practice_id = $1 AND effective_on <= $2 ORDER BY effective_on DESC LIMIT 1
"""


async def add_schedule(
    db: Db, practice_id: UUID, schedule_id: UUID, effective_on: date, prices: dict[str, int]
) -> bool:
    """Add a schedule; False where another one has this id or this day."""
    await db.execute(ADD_SCHEDULE, practice_id, schedule_id, effective_on, json.dumps(prices))
    row = await db.fetchrow(FIND_SCHEDULE, practice_id, schedule_id)
    return (
        row is not None
        and row["effective_on"] == effective_on
        and json.loads(row["prices_cents"]) == prices
    )


async def prices_on(db: Db, practice_id: UUID, on: date) -> dict[str, int] | None:
    """Cents per unit by procedure code, also with a modifier (`71046-26`), of the schedule in
    force on a day."""
    text = await db.fetchval(PRICES_ON, practice_id, on)
    return json.loads(text) if text is not None else None
