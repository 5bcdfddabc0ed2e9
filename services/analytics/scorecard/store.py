"""The SQL that reads the scorecard; row-level security shows the practices that were set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from libs.events.transport.database import Db
from services.analytics.figures.model import COUNTERS, SUMS

LIST_PRACTICES = """
SELECT practice_id, name FROM practice
 WHERE generation = (SELECT generation FROM projection WHERE name = 'scorecard')
 ORDER BY name NULLS LAST, practice_id
"""

# Version 1 counted what was booked and missed in sums, which are zero now.
READ_SCORECARD = f"""
SELECT s.practice_id, s.service_month, {", ".join(f"s.{counter}" for counter in SUMS)},
       s.booked + coalesce(a.booked, 0) AS booked, s.missed + coalesce(a.missed, 0) AS missed,
       coalesce(a.cancelled, 0) AS cancelled, coalesce(a.completed, 0) AS completed,
       coalesce(w.claims_on_hold, 0) AS claims_on_hold,
       coalesce(w.open_queries, 0) AS open_queries,
       coalesce(w.interfaces_down, 0) AS interfaces_down,
       coalesce(p.patients, 0) AS patients, coalesce(v.video_visits, 0) AS video_visits
  FROM scorecard AS s
  LEFT JOIN (
      SELECT generation, practice_id, service_month,
             count(*) FILTER (WHERE state <> 'in-error') AS booked,
             count(*) FILTER (WHERE state = 'missed') AS missed,
             count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
             count(*) FILTER (WHERE state = 'completed') AS completed
        FROM appointment GROUP BY 1, 2, 3
  ) AS a USING (generation, practice_id, service_month)
  LEFT JOIN (
      SELECT generation, practice_id, service_month,
             count(*) FILTER (WHERE counter = 'claims_on_hold') AS claims_on_hold,
             count(*) FILTER (WHERE counter = 'open_queries') AS open_queries,
             count(*) FILTER (WHERE counter = 'interfaces_down') AS interfaces_down
        FROM waiting WHERE waits AND service_month IS NOT NULL GROUP BY 1, 2, 3
  ) AS w USING (generation, practice_id, service_month)
  LEFT JOIN (
      SELECT generation, practice_id, service_month, count(*) AS patients
        FROM seen_patient GROUP BY 1, 2, 3
  ) AS p USING (generation, practice_id, service_month)
  LEFT JOIN (
      SELECT generation, practice_id, service_month, count(*) AS video_visits
        FROM seen WHERE counts AND by_video GROUP BY 1, 2, 3
  ) AS v USING (generation, practice_id, service_month)
 WHERE s.generation = (SELECT generation FROM projection WHERE name = 'scorecard')
 ORDER BY practice_id, service_month
"""

LIST_CONTRIBUTIONS = """
SELECT practice_id, counter, event_id, event_type, occurred_at, topic, log_partition, log_offset,
       reason, amount * sign AS amount
  FROM contribution
  JOIN unnest($1::text[], $2::int[]) AS wanted(counter, sign) USING (counter)
 WHERE generation = (SELECT generation FROM projection WHERE name = 'scorecard')
   AND service_month BETWEEN $3 AND $4
 ORDER BY occurred_at DESC, event_id, counter LIMIT $5 OFFSET $6
"""

SUM_CONTRIBUTIONS = """
SELECT count(*) AS entries, count(DISTINCT event_id) AS events,
       coalesce(sum(amount * sign), 0)::bigint AS amount
  FROM contribution
  JOIN unnest($1::text[], $2::int[]) AS wanted(counter, sign) USING (counter)
 WHERE generation = (SELECT generation FROM projection WHERE name = 'scorecard')
   AND service_month BETWEEN $3 AND $4
"""

READ_STAMP = """
SELECT p.generation, coalesce(sum(c.handled), 0)::bigint AS events, max(c.moved_at) AS moved_at,
       EXISTS (SELECT FROM consumer_stop WHERE consumer = 'analytics.scorecard') AS stopped
  FROM projection AS p
  LEFT JOIN checkpoint AS c ON c.consumer = 'analytics.scorecard.g' || p.generation
 WHERE p.name = 'scorecard' GROUP BY p.generation
"""

READ_POSITIONS = """
SELECT topic, partition, next_offset FROM checkpoint
 WHERE consumer = 'analytics.scorecard.g'
       || (SELECT generation FROM projection WHERE name = 'scorecard')
 ORDER BY topic, partition
"""

COUNT_PARKED = """
SELECT count(*) FROM parked_event
 WHERE consumer = 'analytics.scorecard.g'
       || (SELECT generation FROM projection WHERE name = 'scorecard')
"""

Scorecards = dict[UUID, dict[date, dict[str, int]]]
"""practice → service month → counter → number."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """How far the projection has read: events of this generation, and when it last moved."""

    generation: int
    events: int
    moved_at: datetime | None
    stopped: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """All contributions behind a number, added up; one event may contribute more than once."""

    entries: int
    events: int
    amount: int


async def list_practices(db: Db) -> dict[UUID, str | None]:
    """Every practice that was heard of, by name; the caller's rights are the caller's to check."""
    return {row["practice_id"]: row["name"] for row in await db.fetch(LIST_PRACTICES)}


async def read_scorecards(db: Db) -> Scorecards:
    found: Scorecards = {}
    for row in await db.fetch(READ_SCORECARD):
        months = found.setdefault(row["practice_id"], {})
        months[row["service_month"]] = {counter: row[counter] for counter in COUNTERS}
    return found


async def list_contributions(
    db: Db,
    counters: Iterable[tuple[str, int]],
    since: date,
    until: date,
    *,
    limit: int,
    offset: int,
) -> list[Record]:
    """What events added, the newest first, with the sign that it has in the number asked about."""
    names, signs = zip(*counters, strict=True)
    return await db.fetch(LIST_CONTRIBUTIONS, list(names), list(signs), since, until, limit, offset)


async def sum_contributions(
    db: Db, counters: Iterable[tuple[str, int]], since: date, until: date
) -> Listed:
    names, signs = zip(*counters, strict=True)
    row = await db.fetchrow(SUM_CONTRIBUTIONS, list(names), list(signs), since, until)
    assert row is not None
    return Listed(row["entries"], row["events"], row["amount"])


async def read_stamp(db: Db) -> Stamp:
    row = await db.fetchrow(READ_STAMP)
    if row is None:
        return Stamp(generation=0, events=0, moved_at=None, stopped=False)
    return Stamp(row["generation"], row["events"], row["moved_at"], row["stopped"])


async def read_positions(db: Db) -> list[Record]:
    """The next offset to read, by topic and partition."""
    return await db.fetch(READ_POSITIONS)


async def count_parked(db: Db) -> int:
    """Events of these practices that could not be folded and wait for a person."""
    return await db.fetchval(COUNT_PARKED)
