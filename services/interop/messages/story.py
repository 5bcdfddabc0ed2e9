"""A kept message with how it was read, and what came of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.events.transport.keys import KeyUnavailableError
from services.interop.connections.profiles import profile_at
from services.interop.connections.store import find_connection
from services.interop.messages import store
from services.interop.messages.fields import fields_of
from services.interop.messages.mapping import MappedRow, mapping_of
from services.interop.messages.model import Fate
from services.interop.mllp.tree import SegmentView
from services.interop.mllp.understand import fields_read


class RefusalView(Contract):
    """What was wrong, where, and the fix."""

    code: str
    where: str
    fix: str


class EventView(Contract):
    """An event that came of a message."""

    event_id: UUID
    event_type: str
    subject: str | None
    """The id of what it is about, such as a visit; None of one from before this was kept."""


class MessageView(Contract):
    """A kept message; its content is not shown here."""

    message_id: UUID
    connection_id: UUID
    kind: str
    type: str
    control_id: str
    sha256: str
    bytes: int | None
    fate: Fate
    duplicate_of: UUID | None
    refusals: tuple[RefusalView, ...]
    received_at: datetime
    reprocessed_at: datetime | None
    """When it was last taken again."""
    trace_id: str | None
    """Of the trace that it was received in, or taken again; None: it was not traced."""


class AccessView(Contract):
    """Who was shown what a message says, when and what for."""

    accessed_at: datetime
    accessed_by: str
    reason: str


class MessageStory(MessageView):
    """A kept message with how it was read, and what came of it.

    Values stand in `raw` and `segments` only where they were asked for.
    """

    events: tuple[EventView, ...]
    """In their order."""
    segments: tuple[SegmentView, ...]
    """What it fills; none where it cannot be read, or the practice's key is away or erased."""
    mapping: tuple[MappedRow, ...]
    read_from: dict[str, str]
    """Fact → the path of the profile that it was read from, in an HL7 v2 message."""
    profile_version: int
    """The version of the connection's profile that it was read with."""
    accesses: tuple[AccessView, ...]
    raw: str | None = None


async def tell_story(row: Record, uow: UnitOfWork, *, values: bool) -> MessageStory:
    message_id: UUID = row["message_id"]
    events = await store.list_message_events(uow.db, uow.practice_id, message_id)
    accesses = await store.list_accesses(uow.db, uow.practice_id, message_id)
    connection = await find_connection(uow.db, uow.practice_id, row["connection_id"])
    assert connection is not None
    read_at: datetime = row["reprocessed_at"] or row["received_at"]
    profile = await profile_at(connection, read_at, uow)
    opened = await _open(message_id, uow, must=values)
    read = opened if connection.kind != "cloudevents" else None
    read_with = replace(connection, profile=profile.profile)
    return MessageStory(
        **shown(row),
        events=tuple(EventView(**dict(e)) for e in events),
        segments=fields_of(opened or b"", connection.kind, values=values),
        mapping=mapping_of(read, read_with) if read is not None else (),
        read_from=fields_read(opened, read_with) if opened and connection.kind == "hl7v2" else {},
        profile_version=profile.version,
        accesses=tuple(AccessView(**dict(a)) for a in accesses),
        raw=opened.decode("utf-8", "replace") if opened is not None and values else None,
    )


async def _open(message_id: UUID, uow: UnitOfWork, *, must: bool) -> bytes | None:
    try:
        return await store.open_raw(uow, message_id)
    except KeyUnavailableError:
        if must:
            raise
        return None


def shown(row: Any) -> dict[str, Any]:
    refusals = tuple(RefusalView(**r) for r in json.loads(row["refusals"]))
    return {**dict(row), "refusals": refusals}
