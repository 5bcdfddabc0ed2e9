"""A FHIR R4 bundle, or a resource alone, answered as the service would."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from services.interop.connections.model import Profile
from services.interop.fhir.elements import as_list, as_object
from services.interop.fhir.inspect import read_resources
from services.interop.inspect.desk import Desk
from services.interop.inspect.model import (
    InspectedFhir,
    Issue,
    ToMap,
    UnreadableError,
)
from services.interop.inspect.sandbox import Sandbox, sandbox
from services.interop.messages.model import Inbound, RefusedError
from services.interop.messages.told import Told

NO_JSON = "not JSON: give a FHIR R4 bundle of type transaction as JSON in UTF-8"


@dataclass(frozen=True, slots=True)
class FhirInspection:
    """What was found, what a real profile would have to map, and the sandbox that was used."""

    found: InspectedFhir
    to_map: ToMap
    used: Sandbox
    history: int = 0
    """Visits and appointments of an export that are kept and not told."""


def inspect_fhir(
    file: str, raw: bytes, *, profile: Profile | None, time_zone: str
) -> FhirInspection:
    """As for a practice that knows nothing before the bundle; raises UnreadableError."""
    resources = _resources(raw)
    used = sandbox("fhir", profile, time_zone)
    desk = Desk(used.connection)
    inbound = Inbound(type="Bundle", control_id=f"sha256:{sha256(raw).hexdigest()}", raw=raw)
    reading = read_resources(raw, used.connection)

    def read() -> list[Told]:
        if reading.refusals and reading.kind != "batch":
            raise RefusedError(*reading.refusals)
        return list(reading.told)

    taken = desk.receive(inbound, read)
    refused = taken.refusals or reading.refusals
    found = InspectedFhir(
        file=file,
        resources=dict(resources),
        accepted=0 if taken.refusals else sum(not one.refusals for one in reading.resources),
        refused=tuple(Issue.of(refusal) for refusal in refused),
        events=dict(Counter(event.type for event in taken.events)),
    )
    return FhirInspection(found, used.to_map(taken.events), used)


def _resources(raw: bytes) -> Counter[str]:
    """How many resources of each type a bundle holds; one resource alone counts as itself."""
    try:
        found: Any = json.loads(raw)
    except RecursionError:
        return Counter()  # refused as too deep
    except ValueError:
        raise UnreadableError(NO_JSON) from None
    told = as_object(found)
    if told.get("resourceType") != "Bundle":
        kind = told.get("resourceType")
        return Counter([kind] if isinstance(kind, str) else [])
    kinds = (as_object(as_object(e).get("resource")).get("resourceType") for e in
             as_list(told.get("entry")))  # fmt: skip
    return Counter(kind for kind in kinds if isinstance(kind, str))
