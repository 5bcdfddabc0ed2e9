"""The outbox as a relay sees it: rows get their places, go out in windows, and go.

Places are given out only while the shard's lease lasts by the database's clock. Only one window of
a shard is in flight: its rows' ids are saved together with the last place before they are sent, and
go in the statement that deletes the rows. A relay that is no owner any more can do neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

import asyncpg
from pydantic_core import from_json

from libs.events.transport.envelope import write_sequence
from libs.events.transport.leases import Lease, Leases, Shard, columns

WINDOW_ROWS = 2000
WINDOW_BYTES = 1_000_000
"""Of payloads, and `ROW_BYTES` for each row's headers and key: about one record batch."""
ROW_BYTES = 600

# No `id > last`: a row that commits late has a lower id and must still be found. BETWEEN, not `=`:
# else the planner may take the order of `id` from the primary key, and read other shards' rows too.
# A successor's rows wait for those of the topics that it has closed. Who sees a row of it sees that
# they are closed, and all of their rows: they were committed before. In order: by the index.
NUMBER_NEXT = """
WITH leased AS (
    SELECT * FROM unnest($2::text[], $3::int[], $4::bigint[]) AS shard (topic, partition, fence)
     WHERE NOT EXISTS (
           SELECT FROM outbox_closed c
            WHERE c.successor = shard.topic
              AND (SELECT true FROM outbox o
                    WHERE o.topic = c.topic AND o.not_before IS NULL
                    ORDER BY o.partition, o.id LIMIT 1))
), next AS (
    SELECT leased.topic, leased.partition, leased.fence, o.id, o.key, o.headers, o.payload, o.place
      FROM leased
     CROSS JOIN LATERAL (
           SELECT id, key, headers, payload, row_number() OVER by_id AS place,
                  sum(octet_length(payload) + $7::int) OVER by_id AS bytes
             FROM (SELECT id, key, headers, payload FROM outbox
                    WHERE topic BETWEEN leased.topic AND leased.topic
                      AND partition BETWEEN leased.partition AND leased.partition
                      AND not_before IS NULL
                    ORDER BY topic, partition, id LIMIT $5) first
           WINDOW by_id AS (ORDER BY id ROWS UNBOUNDED PRECEDING)) o
     WHERE o.bytes <= $6 OR o.place = 1
), moved AS (
    UPDATE outbox_shard s SET last_sequence = s.last_sequence + w.rows, window_ids = w.ids
      FROM (SELECT topic, partition, fence, count(*) AS rows, array_agg(id ORDER BY id) AS ids
              FROM next GROUP BY topic, partition, fence) w
     WHERE s.topic = w.topic AND s.partition = w.partition
       AND s.owner = $1 AND s.fence = w.fence AND s.window_ids = '{}' AND NOT s.unproven
       AND EXISTS (SELECT FROM outbox_relay
                    WHERE owner = $1 AND leased_until > clock_timestamp())
       AND EXISTS (SELECT FROM outbox_home WHERE timeline = current_timeline())
    RETURNING s.topic, s.partition, s.epoch, s.last_sequence - w.rows AS before
)
SELECT topic, partition, id, key, headers, payload, epoch, before + place AS sequence
  FROM next JOIN moved USING (topic, partition)
"""
FIND_WINDOWS = """
SELECT s.topic, s.partition, w.id, o.key, o.headers, o.payload, s.epoch,
       s.last_sequence - cardinality(s.window_ids) + w.place AS sequence
  FROM unnest($2::text[], $3::int[], $4::bigint[]) AS leased (topic, partition, fence)
  JOIN outbox_shard s USING (topic, partition)
 CROSS JOIN LATERAL unnest(s.window_ids) WITH ORDINALITY AS w (id, place)
  LEFT JOIN outbox o ON o.id = w.id
 WHERE s.owner = $1 AND s.fence = leased.fence
"""
FORGET_SENT = """
WITH sent AS (
    SELECT s.topic, s.partition, s.window_ids
      FROM unnest($2::text[], $3::int[], $4::bigint[]) AS leased (topic, partition, fence)
      JOIN outbox_shard s USING (topic, partition)
     WHERE s.owner = $1 AND s.fence = leased.fence FOR UPDATE OF s
), gone AS (
    DELETE FROM outbox WHERE id IN (SELECT unnest(window_ids) FROM sent)
)
UPDATE outbox_shard s
   SET window_ids = '{}', refused = NULL, refused_id = NULL, refused_at = NULL
  FROM sent WHERE s.topic = sent.topic AND s.partition = sent.partition
"""
REFUSE = """
UPDATE outbox_shard SET refused = $5, refused_id = $6, refused_at = clock_timestamp()
 WHERE topic = $2 AND partition = $3 AND owner = $1 AND fence = $4
"""
# What is due becomes an ordinary row; it is nobody's in particular.
RELEASE_DUE = """
WITH due AS (UPDATE outbox SET not_before = NULL WHERE not_before <= $1 RETURNING 1)
SELECT (SELECT count(*) FROM due) AS due,
       (SELECT min(not_before) FROM outbox WHERE not_before > $1) AS next
"""
FIND_UNSENT = """
SELECT id, headers ->> 'ce_id' AS event_id, created_at
  FROM outbox WHERE topic = $1 AND partition = $2
"""
SET_EPOCH = """
UPDATE outbox_shard SET epoch = $5
 WHERE topic = $2 AND partition = $3 AND owner = $1 AND fence = $4 AND unproven
"""
FORGET_FOUND = """
WITH proven AS (
    UPDATE outbox_shard SET unproven = false
     WHERE topic = $2 AND partition = $3 AND owner = $1 AND fence = $4 AND unproven
    RETURNING 1
)
DELETE FROM outbox WHERE id = ANY($5::bigint[]) AND EXISTS (SELECT FROM proven)
"""


class Placed(NamedTuple):
    """A row in its place, as it goes on the wire; a tuple, as it is made for every event."""

    id: int
    sequence: int
    key: bytes | None
    """None where somebody deleted the row after it got its place."""
    value: bytes
    headers: list[tuple[str, bytes]]


Window = list[Placed]


class Outbox(Leases):
    """One relay's connection to it."""

    async def number_next(self, leases: Sequence[Lease]) -> dict[Shard, Window]:
        """Give the next rows of each shard their places, in one statement for all."""
        return _by_shard(
            await self.fetch(
                NUMBER_NEXT,
                self.owner,
                *columns(leases),
                WINDOW_ROWS,
                WINDOW_BYTES,
                ROW_BYTES,
            )
        )

    async def find_windows(self, leases: Sequence[Lease]) -> dict[Shard, Window]:
        """What was in flight when these shards were taken or failed, in the places it has."""
        return _by_shard(await self.fetch(FIND_WINDOWS, self.owner, *columns(leases)))

    async def forget_sent(self, leases: Sequence[Lease]) -> None:
        """Delete acknowledged windows; whoever has lost the lease deletes nothing."""
        await self.execute(FORGET_SENT, self.owner, *columns(leases))

    async def refuse(self, lease: Lease, reason: str, row_id: int | None) -> None:
        await self.execute(REFUSE, self.owner, *lease.shard, lease.fence, reason, row_id)

    async def release_due(self, now: datetime) -> datetime | None:
        """Let delayed rows go that are due; returns when the next will be."""
        [row] = await self.fetch(RELEASE_DUE, now)
        return row["next"]

    async def find_unsent(self, shard: Shard) -> dict[str, tuple[int, datetime]]:
        """Row id and creation time of what waits, by CloudEvents id."""
        rows = await self.fetch(FIND_UNSENT, *shard)
        return {r["event_id"]: (r["id"], r["created_at"]) for r in rows}

    async def set_epoch(self, lease: Lease, epoch: int) -> bool:
        """False where the lease is lost."""
        return (
            await self.execute(SET_EPOCH, self.owner, *lease.shard, lease.fence, epoch)
            == "UPDATE 1"
        )

    async def forget_found(self, lease: Lease, row_ids: list[int]) -> None:
        """The log has these already; with them gone the shard may send."""
        await self.execute(FORGET_FOUND, self.owner, *lease.shard, lease.fence, row_ids)


def _by_shard(rows: list[asyncpg.Record]) -> dict[Shard, Window]:
    shards: defaultdict[tuple[str, int], Window] = defaultdict(list)
    for row in sorted(rows, key=itemgetter("sequence")):
        topic, partition, row_id, key, stored, payload, epoch, sequence = row
        if key is None:
            placed = Placed(row_id, sequence, None, b"", [])
        else:
            headers = [(name, value.encode()) for name, value in from_json(stored).items()]
            headers.append(("ce_sequence", write_sequence(epoch, sequence).encode()))
            placed = Placed(row_id, sequence, key.encode(), payload, headers)
        shards[topic, partition].append(placed)
    return {Shard(*shard): window for shard, window in shards.items()}
