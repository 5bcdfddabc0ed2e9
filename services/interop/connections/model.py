"""A connection to an EHR: its key, its state, and how the EHR writes what we need (its profile)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from libs.events.contracts import Contract
from libs.events.contracts.people import Sex
from libs.events.contracts.values import Npi, PayerId, Short
from services.interop.connections.fields import FieldMap
from services.interop.connections.naming import read_named
from services.interop.messages.model import Refusal, RefusedError

Kind = Literal["hl7v2", "fhir", "cloudevents"]
State = Literal["testing", "live", "suspended", "closed"]
DownReason = Literal["silent", "failing"]
AppointmentStatus = Literal["changed", "completed", "missed", "cancelled", "deleted"]
"""What a status of the EHR's schedule says of an appointment."""

Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32,128}$")]
"""What only the connection's EHR knows; holds no HL7 delimiter, so it fits MSH-8 unescaped."""

Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: Monday is 1."""

PlaceOfService = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
"""CMS place of service code."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not a time zone of the IANA database, such as America/New_York")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""A name of the IANA time zone database."""


class Payer(Contract):
    """Our name for what the EHR calls a payer."""

    payer_id: PayerId
    payer_name: Short


class CodeRow(Contract):
    """One row of the practice's signed value map: an EHR's code and what is billed for it."""

    system: Short
    """The source code system's URI, such as http://snomed.info/sct."""
    code: Short
    kind: Literal["diagnosis", "procedure"]
    target: Short
    """An ICD-10-CM code for a diagnosis, a HCPCS code for a procedure."""


class Profile(Contract):
    """How an EHR writes things; signed off by the practice, so nothing here is our guess."""

    payers: dict[Short, Payer] = Field(default_factory=dict[str, Payer], max_length=2000)
    """By the EHR's payer code or name."""
    self_pay: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    """The EHR's payer codes or names that mean that the patient pays."""
    chart_number_is_member_id: bool = False
    """For an EHR that names a payer without the member's number, as Synthea does."""
    practitioners: dict[Short, Npi] = Field(default_factory=dict[str, str], max_length=5000)
    """By the EHR's practitioner id."""
    places_of_service: dict[Short, PlaceOfService] = Field(
        default_factory=dict[str, str], max_length=200
    )
    """By the EHR's class of visit (PV1-2, or FHIR Encounter.class)."""
    default_place_of_service: PlaceOfService = "11"
    """Where the EHR tells no class, or the practice maps none at all."""
    no_coverage_is_self_pay: bool = False
    """True: this EHR tells a coverage wherever there is one, so where it never did, the patient
    pays. False: the front desk is asked."""
    charges_are: Literal["snapshot", "additive"] = "snapshot"
    """How a visit's DFT messages relate: each says all of its charges, or each adds a batch."""
    query_due_days: Annotated[int, Field(ge=1, le=365)] = 14
    """By when a query is to be answered. Payers take claims for 90 days at the shortest usual
    filing limit (Medicare: a year, 42 CFR 424.44), and a refused claim must still fit into it."""
    codes: Annotated[tuple[CodeRow, ...], Field(max_length=20_000)] = ()
    codes_without_system_are_billable: bool = False
    """For an EHR that names no code system: its diagnoses are ICD-10-CM, its procedures CPT or
    HCPCS. False: a code without a system is in the map above, or its clinician is asked."""
    fields: FieldMap = FieldMap()
    """Of an HL7 v2 connection: where its messages hold what others write elsewhere."""
    sexes: dict[Short, Sex] = Field(default_factory=dict[str, Sex], max_length=50)
    """By what an HL7 v2 message writes in PID-8 in place of F and M."""
    appointment_statuses: dict[Short, AppointmentStatus] = Field(
        default_factory=dict[str, AppointmentStatus], max_length=200
    )
    """By the status of an S14 or S15 (SCH-25), in any case of letters; table 0278's Complete,
    Noshow, Cancelled and Deleted are known of an S14 without it."""
    production_only: bool = False
    """For a practice that has gone live: an HL7 v2 message without P in MSH-11 is refused, so that
    what an EHR's test system sends never becomes a bill."""
    certificate_name: Short | None = None
    """Over MLLP with client certificates: the name that this connection's certificate has, its
    subject's common name or a DNS name. Its key then opens nothing where another one is shown."""

    def check_for(self, kind: Kind) -> None:
        """Raises ValueError for a key that a connection of this kind has no use for."""
        if kind != "hl7v2" and (self.fields.mapped or self.sexes or self.appointment_statuses):
            raise ValueError("fields, sexes and appointment_statuses are of hl7v2 connections")

    @cached_property
    def targets(self) -> dict[tuple[str, str, str], str]:
        """What is billed, by the kind, system and code of a row of the map."""
        return {(row.kind, row.system, row.code): row.target for row in self.codes}

    @cached_property
    def statuses(self) -> dict[str, AppointmentStatus]:
        """What each status says, by the status in capitals."""
        return {name.upper(): told for name, told in self.appointment_statuses.items()}


class Expected(Contract):
    """How often a live connection should be heard, counted in the hours in which it is awaited."""

    every_minutes: Annotated[int, Field(ge=1, le=24 * 60)]
    from_hour: Annotated[int, Field(ge=0, le=23)] = 0
    """In the connection's time zone."""
    to_hour: Annotated[int, Field(ge=1, le=24)] = 24
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = (
        1, 2, 3, 4, 5, 6, 7,
    )  # fmt: skip

    @model_validator(mode="after")
    def opens_before_it_closes(self) -> Self:
        if self.from_hour >= self.to_hour:
            raise ValueError("from_hour must be before to_hour; a day ends at 24")
        return self


class WriteBack(Contract):
    """Where an EHR listens for what becomes of its visits and appointments, HL7 v2 over MLLP."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = False
    """True: over TLS, to an EHR whose certificate is this host's. False: in clear, as within a VPN.
    """
    appointments: bool = False
    """True: its schedule is also told what others than itself tell of its appointments (SIU)."""


@dataclass(frozen=True, slots=True)
class ConnectionKey:
    """`msk_<practice uuid hex>_<connection uuid hex>_<secret>`: names where it may be looked up."""

    practice_id: UUID
    connection_id: UUID
    secret: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> ConnectionKey | None:
        """The key that a caller sent, or None where it is none."""
        found = read_named(text, "msk")
        return cls(*found) if found is not None and 32 <= len(found[2]) <= 128 else None

    @classmethod
    def read_name(cls, text: str) -> tuple[UUID, UUID] | None:
        """Practice and connection of a key that came without its secret; None where it is none."""
        key = cls.read(f"{text}_{'-' * 32}")
        return key and (key.practice_id, key.connection_id)

    def write(self) -> str:
        return f"msk_{self.practice_id.hex}_{self.connection_id.hex}_{self.secret}"

    def digest(self) -> bytes:
        """The SHA-256 that is stored: enough for a secret of 192 bits or more, never guessed.

        It is also what a connection's Kafka records are signed with, so it is kept like a key.
        """
        return sha256(self.write().encode()).digest()

    def opens(self, key_sha256: bytes) -> bool:
        """Compare in constant time."""
        return compare_digest(self.digest(), key_sha256)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as its messages meet it."""

    practice_id: UUID
    connection_id: UUID
    kind: Kind
    source_system: str
    sending_application: str | None
    sending_facility: str | None
    time_zone: str
    profile: Profile
    key_sha256: bytes = field(repr=False)
    opened_at: datetime
    key_changed_at: datetime
    last_seen_at: datetime | None = None
    received: int = 0
    refused: int = 0
    state: State = "live"
    state_changed_at: datetime | None = None
    """None: as it was opened."""
    expected: Expected | None = None
    recent: int = 0
    """A bit for each of the last hundred messages, the newest lowest: 1 where it was refused."""
    recent_count: int = 0
    down_reason: DownReason | None = None
    down_at: datetime | None = None
    write_back: WriteBack | None = None
    """None: its EHR is told nothing."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def profile_version(self) -> str:
        """Of the profile's content: the same content has the same version.

        Of what it says beyond the defaults, so that a new key leaves the versions of the profiles
        that do not use it, and what was signed, as they were.
        """
        said = self.profile.model_dump_json(exclude_defaults=True)
        return sha256(said.encode()).hexdigest()[:12]

    @property
    def in_state_since(self) -> datetime:
        return self.state_changed_at or self.opened_at


_LEADS_TO: Mapping[State, tuple[State, ...]] = {
    "testing": ("live", "closed"),
    "live": ("suspended", "closed"),
    "suspended": ("live", "closed"),
    "closed": (),
}
_FIXES: Mapping[State, str] = {
    "testing": "take it live first, or close it",
    "live": "only a connection in testing or a suspended one goes live",
    "suspended": "it waits to go live again, or is closed",
    "closed": "a closed connection stays closed; open another one",
}


def decide_state(connection: Connection, wanted: State, now: datetime) -> Connection:
    """The connection in the state that is asked for; in it already: as it is.

    What it last sent is looked at anew, and it is not down any more: nobody awaits a connection
    that was taken off, and one that goes live begins. Raises RefusedError.
    """
    if connection.state == wanted:
        return connection
    if wanted not in _LEADS_TO[connection.state]:
        code = f"connection-{connection.state}"
        raise RefusedError(Refusal(code, "state", _FIXES[connection.state]))
    return replace(
        connection,
        state=wanted,
        state_changed_at=now,
        recent=0,
        recent_count=0,
        down_reason=None,
        down_at=None,
    )


def refuse_shut(state: State) -> Refusal | None:
    """Why a connection in this state takes no message; None where it does."""
    if state == "suspended":
        fix = "this connection is suspended: hold your messages and ask the operator"
        return Refusal("connection-suspended", "connection", fix)
    if state == "closed":
        fix = "this connection is closed: ask the operator for another one"
        return Refusal("connection-closed", "connection", fix)
    return None
