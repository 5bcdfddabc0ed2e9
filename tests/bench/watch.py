"""Times the steps that the code passes by itself."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType

import asyncpg

from libs.events.transport import steps


class Watch:
    """From the first passing of one step to the last of another, in seconds."""

    def __init__(self, first: str, last: str) -> None:
        self._first, self._last = first, last
        self._began: float | None = None
        self._ended = 0.0

    def __enter__(self) -> Watch:
        self._forget = steps.watch(self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget()

    def _note(self, step: str) -> None:
        if self._began is None and step == self._first:
            self._began = time.perf_counter()
        elif step == self._last:
            self._ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        assert self._began is not None, f"{self._first} was never reached"
        return self._ended - self._began

    async def until(self, dsn: str, query: str, count: int, within_seconds: float = 300) -> None:
        """Wait until the query counts so many; it looks rarely, so as not to be in the way."""
        db = await asyncpg.connect(dsn)
        try:
            await db.execute("SELECT set_config('mainstay.transport', 'on', false)")
            async with asyncio.timeout(within_seconds):
                while await db.fetchval(query) < count:
                    await asyncio.sleep(0.25)
        finally:
            await db.close()
