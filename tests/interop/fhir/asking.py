"""Speaking FHIR over HTTP to the service under test."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.harness import Harness

FHIR = {"content-type": "application/fhir+json"}
PROFILE = {
    "payers": {"Acme": {"payer_id": "BLUST", "payer_name": "Bluestone Health Plan"}},
    "chart_number_is_member_id": True,
    "practitioners": {"dr": "1245319599"},
    "codes": [
        {
            "system": "http://snomed.info/sct",
            "code": "38341003",
            "kind": "diagnosis",
            "target": "I10",
        }
    ],
}


async def send(
    interop: Harness, key: str, method: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    content = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
    async with interop.http(key=key) as client:
        return await client.request(method, f"/fhir{path}", content=content, headers=FHIR | names)


def codes(answer: httpx.Response) -> list[str]:
    """Of an OperationOutcome, which every error has to be."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", answer.text
    for issue in outcome["issue"]:
        assert issue["details"]["text"]
        assert issue["expression"]
        assert issue["diagnostics"].endswith(issue["details"]["text"])
    return [issue["details"]["coding"][0]["code"] for issue in outcome["issue"]]
