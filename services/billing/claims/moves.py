"""Where claims go: one or many, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.contracts.billing_holds import HoldReason
from libs.events.transport.database import Db
from services.billing.claims.model import State

MOVE_ALL = """
UPDATE claim c SET state = new.state, hold_reason = new.hold_reason, origin = new.origin,
       was_refused = c.was_refused OR new.refused
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[])
       AS new(claim_id, state, hold_reason, origin, refused)
 WHERE c.practice_id = $1 AND c.claim_id = new.claim_id
"""
NOTE_MOVES = """
INSERT INTO claim_move (practice_id, claim_id, state, reason, moved_at)
SELECT $1, claim_id, state, reason, $2
  FROM unnest($3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY
       AS new(claim_id, state, reason, place) ORDER BY place
"""
_REFUSED = frozenset({State.REJECTED, State.DENIED})


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a claim's life; `origin` is what its next events come from, `reason` is noted."""

    claim_id: UUID
    to: State
    origin: str
    reason: str | None = None
    hold_reason: HoldReason | None = None
    """What it waits for, where it is held."""


async def move_all(db: Db, practice_id: UUID, moves: Sequence[Move], at: datetime) -> None:
    """Record where claims go, in this order; of one claim the last step counts."""
    if not moves:
        return
    last = {move.claim_id: move for move in moves}
    refused = {move.claim_id for move in moves if move.to in _REFUSED}
    await db.execute(
        MOVE_ALL, practice_id, list(last), [m.to for m in last.values()],
        [m.hold_reason for m in last.values()], [m.origin for m in last.values()],
        [claim_id in refused for claim_id in last],
    )  # fmt: skip
    await db.execute(
        NOTE_MOVES, practice_id, at, [m.claim_id for m in moves], [m.to for m in moves],
        [m.reason for m in moves],
    )  # fmt: skip
