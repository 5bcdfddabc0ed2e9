"""Who may pay a credit back; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

REFUND_TIMER = "refund-card"
RefundState = Literal["requested", "approved", "posted", "refused"]


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as its row holds it."""

    refund_id: UUID
    payment_id: UUID
    account_id: UUID
    method: Literal["check", "card"]
    cents: int
    state: RefundState
    requested_by: str
    approved_by: str | None
    reason: str | None
    origin: str


def needs_second_person(cents: int, limit_cents: int) -> bool:
    return cents > limit_cents
