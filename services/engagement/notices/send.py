"""Hand a notice over."""

from __future__ import annotations

from libs.events.transport import Timer, Work
from services.engagement.notices.model import Notice
from services.engagement.outreach.send import send


async def send_notice(timer: Timer, work: Work) -> None:
    await send(Notice, timer, work)
