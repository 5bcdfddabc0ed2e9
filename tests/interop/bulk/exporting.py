"""An EHR's export: the samples' resources, one file for each type, or lines made up for a test."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import httpx

from tests.harness import Harness
from tests.interop.fhir import test_bad_bundles as bundles
from tests.interop.fhir.reading import PATIENTS

NDJSON = {"content-type": "application/fhir+ndjson"}
EVER = "1900-01-01"
ENCOUNTER: dict[str, Any] = bundles.ENCOUNTER | {
    "participant": [{"individual": {"reference": "Practitioner/dr"}}]
}

Resource = dict[str, Any]


def practice(patients: int) -> list[Resource]:
    """As many patients, each with a visit that is billed."""
    found: list[Resource] = []
    for number in range(patients):
        text = json.dumps([bundles.PATIENT, ENCOUNTER, bundles.CONDITION, bundles.CLAIM])
        for name in ("p1", "e1", "c1", "cl1"):
            text = text.replace(f'/{name}"', f'/{name}-{number}"')
            text = text.replace(f'"id": "{name}"', f'"id": "{name}-{number}"')
        found += json.loads(text.replace('"1001"', f'"{1001 + number}"'))
    return found


def samples() -> dict[str, list[Resource]]:
    """The sample patients' resources by type, referring to one another as an export does."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for path in PATIENTS:
        bundle: Resource = json.loads(path.read_bytes())
        text = json.dumps([entry["resource"] for entry in bundle["entry"]])
        for entry in bundle["entry"]:
            name = entry["fullUrl"].removeprefix("urn:uuid:")
            text = text.replace(entry["fullUrl"], f"{entry['resource']['resourceType']}/{name}")
        for one in json.loads(text):
            if one not in found[one["resourceType"]]:
                found[one["resourceType"]].append(one)
    return dict(found)


def ndjson(resources: Iterable[Resource]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in resources)


async def send_file(
    interop: Harness, key: str, content: bytes, query: str = "", **headers: str
) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with interop.http(key=key) as client:
        return await client.post(f"/fhir/$import{query}", content=content, headers=NDJSON | names)


def counts(answer: httpx.Response) -> dict[str, Any]:
    """What is counted and is not nothing."""
    assert answer.status_code == 200, answer.text
    told = {one["name"]: one for one in answer.json()["parameter"]}
    found = {name: one["valueInteger"] for name, one in told.items() if "valueInteger" in one}
    return {name: count for name, count in found.items() if count}


def issues(answer: httpx.Response) -> list[tuple[str, str]]:
    """(line, code) of each refusal."""
    assert answer.status_code == 200, answer.text
    [outcome] = [one["resource"] for one in answer.json()["parameter"] if one["name"] == "outcome"]
    return [
        (one["location"][0] if "location" in one else "", one["details"]["coding"][0]["code"])
        for one in outcome["issue"]
        if one["severity"] == "error"
    ]
