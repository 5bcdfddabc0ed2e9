"""The SQL of what an import has kept and not told yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.bulk.decide import KINDS, Kind, Subject
from services.interop.fhir.model import Entry, Name, Token
from services.interop.fhir.store import find_by_identifier, find_parts, find_resources
from services.interop.fhir.strict import read_json

MARK = """
INSERT INTO fhir_untold (practice_id, source_system, kind, id, connection_id, message_id, import_id,
                         line, visits_from, is_due)
SELECT $1, $2, kind, id, $3, $4, $5, line, $6, true
  FROM unnest($7::text[], $8::text[], $9::bigint[]) WITH ORDINALITY AS new(kind, id, line, nth)
 ORDER BY nth
ON CONFLICT (practice_id, source_system, kind, id)
DO UPDATE SET connection_id = excluded.connection_id, message_id = excluded.message_id,
              import_id = excluded.import_id, line = excluded.line,
              visits_from = excluded.visits_from, is_due = true
"""

LIST_DUE = """
SELECT u.kind, u.id, u.connection_id, u.message_id, u.import_id, u.line, u.visits_from
  FROM fhir_untold u JOIN connection c USING (practice_id, connection_id)
 WHERE u.practice_id = $1 AND u.source_system = $2 AND u.kind = $3 AND u.is_due
   AND c.state = 'live'
 ORDER BY u.place LIMIT $4
"""

REST = """
UPDATE fhir_untold SET is_due = false
 WHERE practice_id = $1 AND source_system = $2 AND kind = $3 AND id = $4
"""

AWAIT = """
INSERT INTO fhir_awaited (practice_id, source_system, type, id, kind, untold_id)
SELECT $1, $2, type, id, $3, $4 FROM unnest($5::text[], $6::text[]) AS new(type, id)
ON CONFLICT DO NOTHING
"""

AWAIT_NO_MORE = """
DELETE FROM fhir_awaited
 WHERE practice_id = $1 AND source_system = $2 AND kind = $3 AND untold_id = $4
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told, and by which import, message and line it came last."""

    kind: Kind
    id: str
    connection_id: UUID
    message_id: UUID
    import_id: UUID
    line: int
    visits_from: date

    @property
    def subject(self) -> Subject:
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Mark:
    """Where subjects came from."""

    connection_id: UUID
    message_id: UUID
    import_id: UUID
    visits_from: date


async def mark_due(uow: UnitOfWork, source: str, mark: Mark, lines: dict[Subject, int]) -> None:
    """Have subjects told, each with its line."""
    if not lines:
        return
    kinds, ids = zip(*lines, strict=True)
    where = uow.practice_id, source, mark.connection_id, mark.message_id, mark.import_id
    await uow.db.execute(MARK, *where, mark.visits_from, kinds, ids, list(lines.values()))


async def list_due(uow: UnitOfWork, source: str, *, limit: int) -> list[Due]:
    """The next that are due, all of one kind and of one connection."""
    for kind in KINDS:
        rows = await uow.db.fetch(LIST_DUE, uow.practice_id, source, kind, limit)
        found = [Due(**dict(row)) for row in rows]
        if found:
            return [one for one in found if one.connection_id == found[0].connection_id]
    return []


async def rest(uow: UnitOfWork, source: str, due: Due, awaited: Sequence[Name] = ()) -> None:
    """It is not told until it comes again, or one of what it refers to comes."""
    where = uow.practice_id, source
    await uow.db.execute(AWAIT_NO_MORE, *where, due.kind, due.id)
    await uow.db.execute(REST, *where, due.kind, due.id)
    if awaited:
        types, ids = zip(*awaited, strict=True)
        await uow.db.execute(AWAIT, *where, due.kind, due.id, types, ids)


class KeptShelf:
    """The resources that an EHR's connections have sent."""

    def __init__(self, uow: UnitOfWork, source: str) -> None:
        self._uow = uow
        self._source = source

    async def find(self, names: Iterable[Name]) -> list[Entry]:
        kept = await find_resources(self._uow, self._source, names)
        return [Entry(k.type, k.type, k.id, read_json(k.content, k.type)) for k in kept]

    async def parts_of(self, owners: Iterable[Name]) -> list[Name]:
        return await find_parts(self._uow, self._source, owners)

    async def find_by_identifier(self, kind: str, token: Token) -> list[str]:
        return await find_by_identifier(self._uow, self._source, kind, token)
