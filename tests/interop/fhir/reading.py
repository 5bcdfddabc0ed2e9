"""A bundle read without HTTP or a database: what it tells, or why it is refused."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.interop.connections.model import Connection, Profile
from services.interop.encounters.model import ToldVisit
from services.interop.fhir.inspect import read_resources
from services.interop.messages.model import RefusedError
from services.interop.messages.told import Told
from tests.interop.hl7v2.reading import CONNECTION

SAMPLES = Path(__file__).parents[3] / "samples"
PATIENTS = sorted((SAMPLES / "fhir").glob("*_*.json"))
NPI = "1245319599"
MEDIGAP = {"payer_id": "MEDIGAP01", "payer_name": "Medigap Plan F"}
BLUESTONE = {"payer_id": "BLUST", "payer_name": "Bluestone Health Plan"}


def value_map() -> list[dict[str, str]]:
    """The rows of the sample practice's signed map, as the file has them."""
    with (SAMPLES / "maps" / "value-map.csv").open(newline="") as rows:
        return list(csv.DictReader(rows))


def connection(*bundles: dict[str, Any]) -> Connection:
    """A connection whose profile knows the samples' payer, practitioners and value map."""
    practitioners = [one["id"] for b in bundles for one in resources(b, "Practitioner")]
    columns = ("system", "code", "kind", "target")
    profile = {
        "payers": {"private": BLUESTONE, "Acme": BLUESTONE, "Medigap": MEDIGAP},
        "chart_number_is_member_id": True,
        "practitioners": dict.fromkeys(practitioners, NPI),
        "places_of_service": {"AMB": "11", "EMER": "23", "IMP": "21"},
        "codes": [{column: row[column] for column in columns} for row in value_map()],
    }
    return replace(
        CONNECTION, kind="fhir", profile=Profile.model_validate_json(json.dumps(profile))
    )


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def read(body: dict[str, Any] | bytes, over: Connection | None = None) -> list[Told]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read_resources(raw, over or connection())
    if found.refusals:
        raise RefusedError(*found.refusals)
    return list(found.told)


def visits_of(told: list[Told]) -> list[ToldVisit]:
    return [one for one in told if isinstance(one, ToldVisit)]


def refusals_of(body: dict[str, Any] | bytes) -> list[tuple[str, str]]:
    """(code, FHIRPath) of each refusal; none where the bundle is taken."""
    try:
        read(body)
    except RefusedError as refused:
        return [(one.code, one.where) for one in refused.refusals]
    return []
