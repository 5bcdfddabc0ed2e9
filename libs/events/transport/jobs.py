"""Jobs look outside at intervals; a session lock lets one replica at a time run each."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from libs.events.transport.database import session_settings, take_lock
from libs.events.transport.faults import describe
from libs.events.transport.service import Job
from libs.events.transport.work import Work

log = structlog.get_logger("mainstay.jobs")

LOCK = "SELECT pg_try_advisory_lock(hashtext('mainstay.job.' || $1))"


async def run_job(job: Job, work: Work, dsn: str) -> None:
    """Run until cancelled, at intervals, while this replica holds the job's lock."""
    while True:
        try:
            await _run_holding_lock(job, work, dsn)
        except Exception as error:
            log.error("job failed", job=job.name, service=work.service, error=describe(error))
        await asyncio.sleep(max(job.every_seconds, 1.0))


async def _run_holding_lock(job: Job, work: Work, dsn: str) -> None:
    db = await asyncpg.connect(
        dsn,
        command_timeout=60,
        server_settings=session_settings(f"{work.service} job {job.name}"),
    )
    try:
        await take_lock(db, LOCK, job.name)
        while True:
            await db.fetchval("SELECT 1")  # the lock lives as long as this connection
            await job.run(work)
            await asyncio.sleep(job.every_seconds)
    finally:
        await db.close(timeout=2)
