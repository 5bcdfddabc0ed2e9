"""Parked events: what could not be handled waits with its key, and only its key.

A failing event is kept with its original bytes and headers; later ones of its key queue behind it.
A retry is a request in the row: the consumer that owns the partition carries it out, in order,
beside the checkpoint, under the key's lock. A key is one key in all generations of a topic: `topic`
is the first one's name, and an event keeps where it stood.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from libs.events.transport.database import Db

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"

# Locks the keys it finds: a retry that empties a key and a batch that adds to it take turns.
FIND_PARKED = """
SELECT key FROM parked_key
 WHERE consumer = $1 AND topic = $2 AND key = ANY($3::text[]) FOR UPDATE
"""
ANY_PARKED = """
SELECT EXISTS (SELECT FROM parked_key WHERE consumer = $1 AND topic = $2 AND partition = $3)
"""
PARK_KEY = """
INSERT INTO parked_key (practice_id, consumer, topic, stood_on, partition, key)
VALUES ($1, $2, $3, nullif($4, $3), $5, $6)
ON CONFLICT DO NOTHING
"""
PARK_EVENT = """
INSERT INTO parked_event
    (practice_id, consumer, topic, stood_on, partition, offset_, key, headers, payload, error,
     parked_at)
VALUES ($1, $2, $3, nullif($4, $3), $5, $6, $7, $8, $9, $10, $11)
"""
FIND_REQUESTS = """
SELECT practice_id, topic, coalesce(stood_on, topic) AS stood_on, partition, key, request,
       coalesce(requested_by, '') AS requested_by
  FROM parked_key WHERE consumer = $1 AND request IS NOT NULL
 ORDER BY requested_at
"""
LOCK_KEY = """
SELECT request FROM parked_key
 WHERE practice_id = $1 AND consumer = $2 AND topic = $3 AND key = $4 FOR UPDATE
"""
FIRST_EVENT = """
SELECT id, coalesce(stood_on, topic) AS stood_on, partition, offset_, headers, payload
  FROM parked_event
 WHERE practice_id = $1 AND consumer = $2 AND topic = $3 AND key = $4 ORDER BY id LIMIT 1
"""
FORGET_EVENT = "DELETE FROM parked_event WHERE id = $1"
FORGET_KEY = """
DELETE FROM parked_key WHERE practice_id = $1 AND consumer = $2 AND topic = $3 AND key = $4
"""
SET_REQUEST = """
UPDATE parked_key SET request = $5
 WHERE practice_id = $1 AND consumer = $2 AND topic = $3 AND key = $4
"""
# An unreadable record is of no practice; readable ones of its key waited under their own.
RELEASE_FOLLOWERS = """
UPDATE parked_key k SET request = 'retry', requested_by = $4, requested_at = $5
 WHERE consumer = $1 AND topic = $2 AND key = $3 AND request IS NULL
   AND (SELECT error FROM parked_event e
         WHERE e.practice_id = k.practice_id AND e.consumer = k.consumer
           AND e.topic = k.topic AND e.key = k.key ORDER BY e.id LIMIT 1) IS NULL
"""
NOTE_ERROR = "UPDATE parked_event SET error = $2, parked_at = $3 WHERE id = $1"
NOTE_ACT = """
INSERT INTO parked_act (practice_id, consumer, topic, partition, offset_, act, acted_by, acted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


LONGEST_KEY_BYTES = 500


@dataclass(frozen=True, slots=True)
class Request:
    """A person's wish about a parked key: retry it, or discard its first event and go on.

    `topic`: its first generation; `stood_on`, `partition`: where the key's first event stood, whose
    owner carries it out.
    """

    practice_id: UUID
    topic: str
    stood_on: str
    partition: int
    key: str
    request: str
    requested_by: str


def key_of(record: Record) -> str:
    """The record's key as a text that PostgreSQL can keep and index, whatever its bytes are."""
    raw = record.key or b""
    if len(raw) > LONGEST_KEY_BYTES:
        return f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


async def find_parked(db: Db, consumer: str, line: str, keys: Sequence[str]) -> set[str]:
    """Which of these keys wait in a topic or another generation of it (`line`: the first one's
    name); needs the transport's sight."""
    rows = await db.fetch(FIND_PARKED, consumer, line, sorted(set(keys)))
    return {row["key"] for row in rows}


async def park(
    db: Db,
    consumer: str,
    line: str,
    record: Record,
    practice_id: UUID,
    error: str | None,
    at: datetime,
) -> None:
    """Keep a record as it came; `error` None: it only waits behind its key."""
    key, stood_on = key_of(record), (record.topic, record.partition)
    headers = [[_keepable(n), _keepable((v or b"").decode("latin-1"))] for n, v in record.headers]
    await db.execute(PARK_KEY, practice_id, consumer, line, *stood_on, key)
    await db.execute(
        PARK_EVENT,
        practice_id,
        consumer,
        line,
        *stood_on,
        record.offset,
        key,
        json.dumps(headers),
        record.value,
        error,
        at,
    )


def _keepable(text: str) -> str:
    return text.replace("\0", "")


async def find_requests(db: Db, consumer: str) -> list[Request]:
    return [Request(**dict(row)) for row in await db.fetch(FIND_REQUESTS, consumer)]


def stored_headers(text: str) -> list[tuple[str, bytes]]:
    """The headers of a parked event, as bytes again."""
    return [(name, value.encode("latin-1")) for name, value in json.loads(text)]


def stored_record(request: Request, row: asyncpg.Record) -> Record:
    """A parked event as the record that it was; its key as `key_of` wrote it."""
    key, value = request.key.encode(), row["payload"]
    return ConsumerRecord(
        topic=row["stood_on"],
        partition=row["partition"],
        offset=row["offset_"],
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key),
        serialized_value_size=len(value or b""),
        headers=stored_headers(row["headers"]),
    )
