"""The SQL of FHIR resources. Content is sealed; an identifier is found by its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from libs.events.transport import UnitOfWork
from services.interop.fhir.model import Name, Token, Untold
from services.interop.fhir.versions import Change, Kept

# One writer at a time for a practice's EHR: what is looked up here decides what is written.
LOCK_SOURCE = "SELECT pg_advisory_xact_lock(hashtextextended('fhir ' || $1::text || ' ' || $2, 0))"

FIND_RESOURCES = """
SELECT r.type, r.id, r.version, r.changed_at, r.sealed, coalesce(r.sent_at, r.changed_at) AS sent_at
  FROM unnest($3::text[], $4::text[]) AS wanted(type, id)
  JOIN fhir_resource r ON r.practice_id = $1 AND r.source_system = $2
                      AND r.type = wanted.type AND r.id = wanted.id
"""

LIST_RESOURCES = """
SELECT type, id, version, changed_at, sealed, coalesce(sent_at, changed_at) AS sent_at
  FROM fhir_resource
 WHERE practice_id = $1 AND source_system = $2 AND type = $3 AND id > $4
 ORDER BY id LIMIT $5
"""

COUNT_RESOURCES = """
SELECT count(*) FROM fhir_resource WHERE practice_id = $1 AND source_system = $2 AND type = $3
"""

FIND_PARTS = """
SELECT p.type, p.id
  FROM unnest($3::text[], $4::text[]) AS owner(type, id)
  JOIN fhir_part p ON p.practice_id = $1 AND p.source_system = $2
                  AND p.owner_type = owner.type AND p.owner_id = owner.id
"""

FIND_BY_IDENTIFIER = """
SELECT id FROM fhir_identifier
 WHERE practice_id = $1 AND source_system = $2 AND type = $3 AND fingerprint = ANY ($4::bytea[])
 ORDER BY id
"""

SAVE_RESOURCES = """
INSERT INTO fhir_resource (practice_id, source_system, type, id, version, sealed, changed_at,
                           sent_at)
SELECT $1, $2, type, id, version, sealed, $7, $8
  FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bytea[]) AS new(type, id, version, sealed)
ON CONFLICT (practice_id, source_system, type, id)
DO UPDATE SET version = excluded.version, sealed = excluded.sealed,
              changed_at = excluded.changed_at, sent_at = excluded.sent_at
"""

FORGET_IDENTIFIERS = """
DELETE FROM fhir_identifier f USING unnest($3::text[], $4::text[]) AS old(type, id)
 WHERE f.practice_id = $1 AND f.source_system = $2 AND f.type = old.type AND f.id = old.id
"""

FORGET_PARTS = """
DELETE FROM fhir_part f USING unnest($3::text[], $4::text[]) AS old(type, id)
 WHERE f.practice_id = $1 AND f.source_system = $2 AND f.type = old.type AND f.id = old.id
"""

ADD_IDENTIFIERS = """
INSERT INTO fhir_identifier (practice_id, source_system, type, id, fingerprint)
SELECT $1, $2, type, id, fingerprint
  FROM unnest($3::text[], $4::text[], $5::bytea[]) AS new(type, id, fingerprint)
ON CONFLICT DO NOTHING
"""

ADD_PARTS = """
INSERT INTO fhir_part (practice_id, source_system, type, id, owner_type, owner_id)
SELECT $1, $2, type, id, owner_type, owner_id
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS new(type, id, owner_type, owner_id)
ON CONFLICT DO NOTHING
"""


FIND_UNTOLD = """
SELECT u.kind, u.id, u.visits_from
  FROM unnest($3::text[], $4::text[]) AS wanted(kind, id)
  JOIN fhir_untold u ON u.practice_id = $1 AND u.source_system = $2
                    AND u.kind = wanted.kind AND u.id = wanted.id
"""

FORGET_UNTOLD = """
DELETE FROM fhir_untold u USING unnest($3::text[], $4::text[]) AS now_told(kind, id)
 WHERE u.practice_id = $1 AND u.source_system = $2 AND u.kind = now_told.kind AND u.id = now_told.id
"""

RELEASE = """
UPDATE fhir_untold u SET is_due = true
  FROM fhir_awaited a JOIN unnest($3::text[], $4::text[]) AS come(type, id) USING (type, id)
 WHERE a.practice_id = $1 AND a.source_system = $2
   AND u.practice_id = $1 AND u.source_system = $2 AND u.kind = a.kind AND u.id = a.untold_id
   AND NOT u.is_due
RETURNING u.connection_id
"""


async def lock_source(uow: UnitOfWork, source: str) -> None:
    await uow.db.execute(LOCK_SOURCE, str(uow.practice_id), source)


async def find_resources(uow: UnitOfWork, source: str, names: Iterable[Name]) -> list[Kept]:
    wanted = list(names)
    if not wanted:
        return []
    types, ids = zip(*wanted, strict=True)
    rows = await uow.db.fetch(FIND_RESOURCES, uow.practice_id, source, types, ids)
    return [_opened(uow, source, *row) for row in rows]


async def list_resources(
    uow: UnitOfWork, source: str, kind: str, *, after: str, limit: int
) -> list[Kept]:
    rows = await uow.db.fetch(LIST_RESOURCES, uow.practice_id, source, kind, after, limit)
    return [_opened(uow, source, *row) for row in rows]


async def count_resources(uow: UnitOfWork, source: str, kind: str) -> int:
    return await uow.db.fetchval(COUNT_RESOURCES, uow.practice_id, source, kind)


async def find_parts(uow: UnitOfWork, source: str, owners: Iterable[Name]) -> list[Name]:
    wanted = list(owners)
    if not wanted:
        return []
    types, ids = zip(*wanted, strict=True)
    rows = await uow.db.fetch(FIND_PARTS, uow.practice_id, source, types, ids)
    return [(row["type"], row["id"]) for row in rows]


async def find_by_identifier(uow: UnitOfWork, source: str, kind: str, token: Token) -> list[str]:
    """The ids of the resources that have the identifier, of whatever system where none is told."""
    every = _fingerprints(uow, kind, token)
    rows = await uow.db.fetch(FIND_BY_IDENTIFIER, uow.practice_id, source, kind, every)
    return [row["id"] for row in rows]


async def save_changes(
    uow: UnitOfWork, source: str, changes: Sequence[Change], sent_at: datetime
) -> None:
    """Write new resources and new versions, by which identifiers they are found, and whose."""
    saved = [change for change in changes if change.is_saved]
    if not saved:
        return
    where = uow.practice_id, source
    types, ids = [one.type for one in saved], [one.id for one in saved]
    versions = [one.version for one in saved]
    sealed = [uow.seal(one.content, _place(source, one.type, one.id)) for one in saved]
    await uow.db.execute(SAVE_RESOURCES, *where, types, ids, versions, sealed, uow.now, sent_at)
    await uow.db.execute(FORGET_IDENTIFIERS, *where, types, ids)
    await uow.db.execute(FORGET_PARTS, *where, types, ids)
    found = [
        (one.type, one.id, _fingerprints(uow, one.type, token)[0])
        for one in saved
        for token in one.identifiers
    ]
    if found:
        await uow.db.execute(ADD_IDENTIFIERS, *where, *map(list, zip(*found, strict=True)))
    parts = [(one.type, one.id, *owner) for one in saved for owner in one.owners]
    if parts:
        await uow.db.execute(ADD_PARTS, *where, *map(list, zip(*parts, strict=True)))


async def find_untold(uow: UnitOfWork, source: str, names: Iterable[Name]) -> Untold:
    """Those that an import has kept and not told, for whatever reason."""
    wanted = list(names)
    if not wanted:
        return {}
    kinds, ids = zip(*wanted, strict=True)
    rows = await uow.db.fetch(FIND_UNTOLD, uow.practice_id, source, kinds, ids)
    return {(row["kind"], row["id"]): row["visits_from"] for row in rows}


async def forget_untold(uow: UnitOfWork, source: str, names: Iterable[Name]) -> None:
    """They are told now."""
    told = list(names)
    if told:
        kinds, ids = zip(*told, strict=True)
        await uow.db.execute(FORGET_UNTOLD, uow.practice_id, source, kinds, ids)


async def release(uow: UnitOfWork, source: str, come: Iterable[Name]) -> set[UUID]:
    """Have told what waited for these; the connections that it came over."""
    names = list(come)
    if not names:
        return set()
    types, ids = zip(*names, strict=True)
    rows = await uow.db.fetch(RELEASE, uow.practice_id, source, types, ids)
    return {row["connection_id"] for row in rows}


def _fingerprints(uow: UnitOfWork, kind: str, token: Token) -> list[bytes]:
    """An identifier's, under each of the practice's keys; it is kept under the first."""
    return uow.fingerprints(json.dumps([kind, *token]), "fhir-identifier")


def _opened(
    uow: UnitOfWork,
    source: str,
    kind: str,
    id: str,
    version: int,
    changed_at: datetime,
    sealed: bytes,
    sent_at: datetime,
) -> Kept:
    content = uow.unseal(sealed, _place(source, kind, id))
    return Kept(kind, id, version, changed_at, content, sent_at)


def _place(source: str, kind: str, id: str) -> str:
    return f"fhir/{source}/{kind}/{id}"
