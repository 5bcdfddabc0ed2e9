"""What the message pages show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.events.transport.database import Db
from services.interop.connections.model import Connection
from services.interop.inbox import store
from services.interop.inbox.claims import THE_PATIENT
from services.interop.messages.model import Fate

MOST_VISITS = 50
"""Of a message; a bundle may hold years of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the list."""

    message_id: UUID
    received_at: datetime
    fate: Fate
    type: str
    control_id: str
    connection: str
    why: tuple[tuple[str, str], ...]
    """Place and code of what was wrong."""

    @classmethod
    def of(cls, row: Any, names: dict[UUID, str]) -> Row:
        refusals: list[dict[str, str]] = json.loads(row["refusals"])
        return cls(
            message_id=row["message_id"],
            received_at=row["received_at"],
            fate=row["fate"],
            type=row["type"],
            control_id=row["control_id"],
            connection=names.get(row["connection_id"], ""),
            why=tuple((one["where"], one["code"]) for one in refusals),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the EHR was told of a claim, and what it answered."""

    connection_id: UUID
    number: int
    control_id: str
    made_at: datetime
    tries: int
    ended_at: datetime | None
    answer: str | None
    condition: str | None
    is_last: bool
    """Nothing was told of the claim after it."""

    @property
    def is_refused(self) -> bool:
        return self.answer is not None and self.answer not in ("AA", "CA")


@dataclass(frozen=True, slots=True)
class Claim:
    """How a visit's claim stands."""

    claim_id: UUID
    payer_id: str | None
    state: str | None
    charge_cents: int
    paid_cents: int
    adjusted_cents: int
    patient_cents: int
    told: tuple[Told, ...]

    @property
    def standing(self) -> str:
        """In a word or two."""
        if self.state is not None and self.state != "ready":
            return self.state
        if self.charge_cents == 0:
            return "taken back" if self.payer_id is not None else "not priced"
        return "the patient pays" if self.payer_id == THE_PATIENT else "to be sent"

    @property
    def open_cents(self) -> int:
        return self.charge_cents - self.paid_cents - self.adjusted_cents - self.patient_cents


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that the message told of."""

    encounter_id: UUID
    state: str
    service_on: date
    queries_open: int
    is_of_message: bool
    """False: a later message said more of it."""
    claims: tuple[Claim, ...]


async def load_visits(db: Db, practice_id: UUID, message_id: UUID) -> tuple[Visit, ...]:
    """With what came of each: the claims, and what their EHR was told."""
    visits = await store.list_visits(db, practice_id, message_id, MOST_VISITS)
    found = await store.list_claims(db, practice_id, [one["encounter_id"] for one in visits])
    sent = await store.list_written_back(db, practice_id, [one["claim_id"] for one in found])
    last = {one["claim_id"]: one["number"] for one in sent}
    told: dict[UUID, list[Told]] = {}
    for one in sent:
        columns = dict(one)
        claim_id = columns.pop("claim_id")
        made = Told(**columns, is_last=last[claim_id] == one["number"])
        told.setdefault(claim_id, []).append(made)
    claims: dict[UUID, list[Claim]] = {}
    for one in found:
        columns = dict(one)
        encounter_id = columns.pop("encounter_id")
        claim = Claim(**columns, told=tuple(told.get(one["claim_id"], ())))
        claims.setdefault(encounter_id, []).append(claim)
    return tuple(
        Visit(
            encounter_id=one["encounter_id"],
            state=one["state"],
            service_on=one["service_on"],
            queries_open=one["queries_open"],
            is_of_message=one["message_id"] == message_id,
            claims=tuple(claims.get(one["encounter_id"], ())),
        )
        for one in visits
    )


def name_of(connection: Connection) -> str:
    """As people tell it apart."""
    own = [connection.sending_application, connection.sending_facility]
    named = " ".join(part for part in own if part)
    return f"{connection.source_system} · {connection.kind}" + (f" · {named}" if named else "")


def counted(types: Iterable[str]) -> dict[str, int]:
    """How many events of each type, in the order in which they first came."""
    return dict(Counter(types))
