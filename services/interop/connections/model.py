"""A connection to an EHR: its key, and how the practice's EHR writes what we need (its profile)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.values import Npi, PayerId, Short

Kind = Literal["hl7v2", "fhir", "cloudevents"]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32,128}$")]
"""What only the connection's EHR knows; holds no HL7 delimiter, so it fits MSH-8 unescaped."""

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
    codes: Annotated[tuple[CodeRow, ...], Field(max_length=20_000)] = ()


@dataclass(frozen=True, slots=True)
class ConnectionKey:
    """`msk_<practice uuid hex>_<connection uuid hex>_<secret>`: names where it may be looked up."""

    practice_id: UUID
    connection_id: UUID
    secret: str = field(repr=False)

    @classmethod
    def read(cls, text: str) -> ConnectionKey | None:
        """The key that a caller sent, or None where it is none."""
        parts = text.split("_", 3)
        if len(parts) != 4 or parts[0] != "msk" or not 32 <= len(parts[3]) <= 128:
            return None
        if len(parts[1]) != 32 or len(parts[2]) != 32 or not text.isascii():
            return None
        try:
            return cls(UUID(hex=parts[1]), UUID(hex=parts[2]), parts[3])
        except ValueError:
            return None

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
    last_seen_at: datetime | None
    received: int
    refused: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
