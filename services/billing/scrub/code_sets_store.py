"""The SQL of code sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.billing.scrub.code_files import Entry, Kind, PairEntry

ADD_SET = """
INSERT INTO code_set (practice_id, code_set_id, kind, edition, effective_on, ends_on, part,
                      entries, sha256, loaded_at, loaded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
ADD_CODES = """
INSERT INTO code_set_code (practice_id, code_set_id, code, effective_on, ends_on, most_units,
                           adjudication)
SELECT $1, $2, * FROM unnest($3::text[], $4::date[], $5::date[], $6::int[], $7::smallint[])
ON CONFLICT DO NOTHING
"""
ADD_PAIRS = """
INSERT INTO code_pair (practice_id, code_set_id, column1, column2, effective_on, deleted_on,
                       modifier_indicator)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::date[], $6::date[], $7::smallint[])
ON CONFLICT DO NOTHING
"""
FIND_SET = """
SELECT kind, edition, effective_on, ends_on, part, sha256 FROM code_set
 WHERE practice_id = $1 AND code_set_id = $2
"""
IS_TAKEN = """
SELECT EXISTS (SELECT FROM code_set
                WHERE practice_id = $1 AND kind = $2 AND effective_on = $3 AND part = $4)
"""
DROP = tuple(
    f"DELETE FROM {table} WHERE practice_id = $1 AND code_set_id = $2"  # noqa: S608 - our tables
    for table in ("code_set_code", "code_pair", "code_set")
)
LIST_SETS = """
SELECT code_set_id, kind, edition, effective_on, ends_on, part, entries, loaded_at, loaded_by
  FROM code_set WHERE practice_id = $1 AND ($2::uuid IS NULL OR code_set_id > $2)
 ORDER BY code_set_id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """An edition, or one of the files that it comes in."""

    code_set_id: UUID
    kind: Kind
    edition: str
    effective_on: date
    ends_on: date | None
    part: int


async def find_set(db: Db, practice_id: UUID, code_set_id: UUID) -> tuple[CodeSet, bytes] | None:
    """The set and the SHA-256 of its file."""
    row = await db.fetchrow(FIND_SET, practice_id, code_set_id)
    if row is None:
        return None
    told = dict(row)
    sha256 = told.pop("sha256")
    return CodeSet(code_set_id, **told), sha256


async def is_taken(db: Db, practice_id: UUID, wanted: CodeSet) -> bool:
    """Another set is this part of the edition."""
    return await db.fetchval(IS_TAKEN, practice_id, wanted.kind, wanted.effective_on, wanted.part)


async def add_entries(
    db: Db, practice_id: UUID, code_set_id: UUID, entries: Sequence[Entry]
) -> None:
    """All of one kind; a row that a file has twice counts once."""
    if not entries:
        return
    statement = ADD_PAIRS if isinstance(entries[0], PairEntry) else ADD_CODES
    columns = map(list, zip(*entries, strict=True))
    await db.execute(statement, practice_id, code_set_id, *columns)


async def add_set(
    db: Db, practice_id: UUID, added: CodeSet, entries: int, sha256: bytes, at: datetime, by: str
) -> None:
    row = (
        added.code_set_id, added.kind, added.edition, added.effective_on, added.ends_on, added.part,
    )  # fmt: skip
    await db.execute(ADD_SET, practice_id, *row, entries, sha256, at, by)


async def drop_set(db: Db, practice_id: UUID, code_set_id: UUID) -> None:
    for statement in DROP:
        await db.execute(statement, practice_id, code_set_id)


async def list_sets(
    db: Db, practice_id: UUID, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(LIST_SETS, practice_id, after, limit)]
