"""Whether two generations of a projection hold the same rows, and how many differ where not.

A table's checksum is the sum of its rows' hashes, so it does not depend on their order. Values are
never shown: rows may be about people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.events.transport.database import Db
from libs.events.transport.projections import Table

CHECK = """
SELECT count(*) AS rows,
       coalesce(sum(hashtextextended(ROW({columns})::text, 0)::numeric), 0) AS checksum
  FROM {table} WHERE generation = $1 AND (practice_id = ANY($2::uuid[])) = $3
"""
COUNT_DIFFERENCES = """
SELECT count(*) FILTER (WHERE new.generation IS NULL) AS missing,
       count(*) FILTER (WHERE old.generation IS NULL) AS added,
       count(*) FILTER (WHERE old.generation IS NOT NULL AND new.generation IS NOT NULL) AS changed
  FROM (SELECT * FROM {table}
         WHERE generation = $1 AND (practice_id = ANY($3::uuid[])) = $4) AS old
  FULL JOIN (SELECT * FROM {table}
              WHERE generation = $2 AND (practice_id = ANY($3::uuid[])) = $4) AS new
  USING ({keys})
 WHERE ({old}) IS DISTINCT FROM ({new})
"""
COUNT_UNLIKE = """
SELECT count(*) FILTER (WHERE new.topic IS NULL AND practice_id <> ALL($3::uuid[])) AS live,
       count(*) FILTER (WHERE old.topic IS NULL) AS rebuilt
  FROM (SELECT coalesce(stood_on, topic) AS topic, partition, offset_, practice_id
          FROM parked_event WHERE consumer = $1) AS old
  FULL JOIN (SELECT coalesce(stood_on, topic) AS topic, partition, offset_
               FROM parked_event WHERE consumer = $2) AS new
  USING (topic, partition, offset_)
"""
LONGEST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of one table: how many there are in each, and how many are not the same."""

    table: str
    live_rows: int
    rebuilt_rows: int
    missing: int
    added: int
    changed: int

    def __str__(self) -> str:
        return (
            f"{self.table}: {self.live_rows} rows live, {self.rebuilt_rows} rebuilt; "
            f"{self.missing} missing, {self.added} added, {self.changed} changed"
        )


async def compare(
    db: Db,
    tables: Sequence[Table],
    live: int,
    rebuilt: int,
    erased: Collection[UUID] = (),
    *,
    of_erased: bool = False,
) -> list[Difference]:
    """The tables that differ, inside the caller's snapshot with the transport's sight.

    `erased`: practices whose rows are not looked at; with `of_erased`, only theirs are.
    """
    found: list[Difference] = []
    which = [*erased], of_erased
    for table in tables:
        columns = (*table.keys, *table.sums, *table.values)
        check = CHECK.format(table=table.name, columns=", ".join(columns))
        old, new = [
            await db.fetchrow(check, generation, *which, timeout=LONGEST_SECONDS)
            for generation in (live, rebuilt)
        ]
        assert old is not None
        assert new is not None
        if old != new:
            differ = await _differ(db, table, live, rebuilt, *which)
            found.append(Difference(table.name, old["rows"], new["rows"], *differ))
    return found


async def _differ(db: Db, table: Table, *which: object) -> tuple[int, int, int]:
    compared = ("generation IS NULL", *table.sums, *table.values)
    row = await db.fetchrow(
        COUNT_DIFFERENCES.format(
            table=table.name,
            keys=", ".join(table.keys),
            old=", ".join(f"old.{column}" for column in compared),
            new=", ".join(f"new.{column}" for column in compared),
        ),
        *which,
        timeout=LONGEST_SECONDS,
    )
    assert row is not None
    return row["missing"], row["added"], row["changed"]


async def count_parked(
    db: Db, live: str, rebuilt: str, erased: Collection[UUID] = ()
) -> tuple[int, int]:
    """How many events are parked for the live one only, and how many for the rebuilt one only.

    `erased`: practices whose events the rebuilt one left out, so that none of them is in it now.
    """
    row = await db.fetchrow(COUNT_UNLIKE, live, rebuilt, [*erased])
    assert row is not None
    return row["live"], row["rebuilt"]
