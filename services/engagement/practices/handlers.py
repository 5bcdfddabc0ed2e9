"""Which practices there are, as agreements says."""

from __future__ import annotations

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.transport import UnitOfWork
from services.engagement.practices import store
from services.engagement.practices.model import Practice


async def know_practice(onboarded: PracticeOnboarded, uow: UnitOfWork) -> None:
    """Keep the name and the time zone that messages speak in."""
    practice = Practice(onboarded.name, onboarded.time_zone)
    await store.add_practice(uow.db, uow.practice_id, practice)
