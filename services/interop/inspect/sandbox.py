"""The connection that a message is inspected for: the real one's profile, or a sandbox's.

The sandbox's profile knows every payer and clinician that a message names, so that what is refused
is the message's own fault. What it was asked for is remembered: a real profile has to say it. It
takes a message that tells no coverage as of a patient who pays (`no_coverage_is_self_pay`), so that
a visit alone is posted, and the front desk is not asked about each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from libs.events.contracts import Event
from libs.events.contracts.values import Npi, Short
from services.interop.connections.model import Connection, Kind, Payer, Profile
from services.interop.inspect.model import ToMap, unmapped_codes

SANDBOX_NPI = "1234567893"
"""The example of CMS's description of the NPI; it is nobody's."""

_SHORT: TypeAdapter[str] = TypeAdapter(Short)
_NPI: TypeAdapter[str] = TypeAdapter(Npi)


class AnyPayer(dict[str, Payer]):
    """Knows every payer; its id is made from the EHR's code."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or not _fits(_SHORT, name):
            return False
        self.setdefault(name, Payer(payer_id=payer_id_from(name), payer_name=name))
        return True


class AnyPractitioner(dict[str, str]):
    """Knows every clinician: by the NPI that the EHR's id is, else by the sandbox's."""

    def get(self, name: str, default: object = None) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not _fits(_SHORT, name):
            return None
        return self.setdefault(name, name if _fits(_NPI, name) else SANDBOX_NPI)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A connection to inspect for, and what its profile was asked for while it made itself up."""

    connection: Connection
    is_made_up: bool

    @property
    def profile(self) -> Profile:
        """The profile with which a real connection answers the same."""
        profile = self.connection.profile
        if not self.is_made_up:
            return profile
        return profile.model_copy(
            update={
                "payers": dict(profile.payers),
                "practitioners": dict(profile.practitioners),
            }
        )

    def to_map(self, events: Iterable[Event]) -> ToMap:
        """What a real profile would have to say, of messages that became these events."""
        return ToMap(
            payers=tuple(self.payers),
            practitioners=tuple(self.practitioners),
            codes=unmapped_codes(events),
        )

    @property
    def payers(self) -> list[str]:
        payers = self.connection.profile.payers
        return list(payers) if isinstance(payers, AnyPayer) else []

    @property
    def practitioners(self) -> list[str]:
        """Those that name no NPI themselves."""
        known = self.connection.profile.practitioners
        made_up = known if isinstance(known, AnyPractitioner) else {}
        return [name for name, npi in made_up.items() if name != npi]


def sandbox(
    kind: Kind, profile: Profile | None, time_zone: str, *, fill_in: bool = False
) -> Sandbox:
    """A connection with this profile, or with one that takes any payer and clinician.

    `fill_in`: it takes any where the profile names none.
    """
    used = profile or Profile(
        chart_number_is_member_id=kind == "fhir",  # Synthea names payers without the number
        no_coverage_is_self_pay=True,
    )
    is_made_up = profile is None or fill_in
    if is_made_up:
        used = used.model_copy(
            update={
                "payers": used.payers or AnyPayer(),
                "practitioners": used.practitioners or AnyPractitioner(),
            }
        )
    opened = datetime(2000, 1, 1, tzinfo=UTC)
    connection = Connection(
        practice_id=UUID(int=1),
        connection_id=UUID(int=2),
        kind=kind,
        source_system="sandbox",
        sending_application=None,
        sending_facility=None,
        time_zone=time_zone,
        profile=used,
        key_sha256=b"",
        opened_at=opened,
        key_changed_at=opened,
        last_seen_at=None,
        received=0,
        refused=0,
    )
    return Sandbox(connection, is_made_up)


def payer_id_from(name: str) -> str:
    """A payer id in the shape of claims; of a name without letters and digits, its digest's."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())[:30]
    return letters if len(letters) >= 2 else sha256(name.encode()).hexdigest()[:12].upper()


def _fits(shape: TypeAdapter[str], text: str) -> bool:
    try:
        shape.validate_python(text)
    except ValidationError:
        return False
    return True
