"""A message read without a socket or a database: what it tells, or why it is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from services.interop.connections.model import Connection, Profile
from services.interop.encounters.post import ToldVisit
from services.interop.messages.model import RefusedError
from services.interop.messages.told import Told, ToldPatient
from services.interop.mllp.understand import understand
from services.interop.patients.model import KnownPatient
from tests.interop.mllp.conftest import PROFILE

OPENED = datetime(2026, 1, 1, tzinfo=UTC)

CONNECTION = Connection(
    practice_id=UUID(int=1),
    connection_id=UUID(int=2),
    kind="hl7v2",
    source_system="ehr",
    sending_application="EHR",
    sending_facility="MAIN",
    time_zone="America/New_York",
    profile=Profile.model_validate_json(json.dumps(PROFILE)),
    key_sha256=b"",
    opened_at=OPENED,
    key_changed_at=OPENED,
    last_seen_at=None,
    received=0,
    refused=0,
)


def read(message: str | bytes) -> list[Told]:
    raw = message.encode() if isinstance(message, str) else message
    return understand(raw, CONNECTION)


def patient_of(message: str | bytes) -> KnownPatient:
    [told] = read(message)
    assert isinstance(told, ToldPatient)
    return told.patient


def visit_of(message: str | bytes) -> ToldVisit:
    *_, told = read(message)
    assert isinstance(told, ToldVisit)
    return told


def refusals_of(message: str | bytes) -> list[tuple[str, str]]:
    """(code, place) of each refusal; none where the message is taken."""
    try:
        read(message)
    except RefusedError as refused:
        return [(one.code, one.where) for one in refused.refusals]
    return []
