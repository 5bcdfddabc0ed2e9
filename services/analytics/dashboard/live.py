"""Tells open pages that the scorecard moved, as server-sent events.

`moved`: the projection has taken in more; the page fetches itself again. `beat`: nothing new, but
the connection and the database are there. A page that hears neither for 5 s says that it is stale.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from libs.events.transport import Work
from libs.service.http import known_caller, work_of
from services.analytics.dashboard.formats import show_time
from services.analytics.scorecard.store import Stamp, read_stamp

LOOK_EVERY_SECONDS = 0.5
BEAT_EVERY_SECONDS = 2.0

_DATABASE_AWAY = (
    *(OSError, TimeoutError),
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
)

routes = APIRouter(include_in_schema=False)


class Watch:
    """Looks at the projection's stamp, at most twice a second however many pages are open."""

    def __init__(self, work: Work, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._looked_at = float("-inf")
        self._stamp: Stamp | None = None

    async def look(self) -> Stamp:
        async with self._lock:
            now = self._monotonic()
            if self._stamp is None or now - self._looked_at >= LOOK_EVERY_SECONDS:
                async with self._work.read([]) as db:
                    self._stamp = await read_stamp(db)
                self._looked_at = now
            return self._stamp


def watch_of(request: Request) -> Watch:
    """This process's one watch."""
    if not hasattr(request.app.state, "scorecard_watch"):
        request.app.state.scorecard_watch = Watch(work_of(request))
    return request.app.state.scorecard_watch


@routes.get("/live", response_class=EventSourceResponse, dependencies=[Depends(known_caller)])
async def tell_moves(
    request: Request, watch: Annotated[Watch, Depends(watch_of)]
) -> AsyncIterator[ServerSentEvent]:
    """Until the page goes away, or the database or this process does: the page connects again."""
    seen: Stamp | None = None
    told_at = 0.0
    while not getattr(request.app.state, "stopping", False):
        try:
            stamp = await watch.look()
        except _DATABASE_AWAY:
            return
        moved, now = stamp != seen, time.monotonic()
        if moved or now - told_at >= BEAT_EVERY_SECONDS:
            yield ServerSentEvent(
                event="moved" if moved else "beat",
                data={"moved_at": show_time(stamp.moved_at), "stopped": stamp.stopped},
            )
            seen, told_at = stamp, now
        await asyncio.sleep(LOOK_EVERY_SECONDS)
