"""What became of notices, without saying to whom."""

from __future__ import annotations

from fastapi import APIRouter

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.engagement.notices import store

routes = APIRouter(prefix="/statement-notices", tags=["messages"])


class NoticeStateView(Contract):
    """`detail`: what the notices wait for, or why they ended without being sent."""

    state: str
    detail: str | None
    notices: int


@routes.get("")
async def count_notices(uow: Uow) -> list[NoticeStateView]:
    """How many notices of the practice are in which state."""
    rows = await store.count_by_state(uow.db, uow.practice_id)
    return [NoticeStateView(**dict(row)) for row in rows]
