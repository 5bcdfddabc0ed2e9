"""What became of notices, without saying to whom."""

from __future__ import annotations

from fastapi import APIRouter

from libs.events.contracts import Contract
from libs.service.http import Uow
from services.engagement.notices.model import Notice
from services.engagement.outreach.store import count_by_state

routes = APIRouter(prefix="/statement-notices", tags=["messages"])


class NoticeStateView(Contract):
    """`detail`: what the notices wait for, or why they ended without being sent."""

    state: str
    detail: str | None
    notices: int


@routes.get("")
async def count_notices(uow: Uow) -> list[NoticeStateView]:
    """How many notices of the practice are in which state."""
    return [
        NoticeStateView(state=state, detail=detail, notices=number)
        for state, detail, number in await count_by_state(uow.db, uow.practice_id, Notice)
    ]
