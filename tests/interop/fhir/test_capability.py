"""The CapabilityStatement says what is served, and what is served it says."""

from __future__ import annotations

from fhirclient.models.capabilitystatement import CapabilityStatement

from tests.harness import Harness
from tests.interop.fhir.asking import send


async def test_the_capability_statement_is_r4_and_says_what_is_served(
    interop: Harness, key: str
) -> None:
    stated = (await send(interop, "none", "GET", "/metadata")).json()
    CapabilityStatement(stated)  # raises for what is no CapabilityStatement of R4
    [rest] = stated["rest"]
    for resource in rest["resource"]:
        kind = resource["type"]
        told = {one["code"] for one in resource["interaction"]}
        assert await _served(interop, key, kind) == told
        for parameter in resource["searchParam"]:
            answer = await send(interop, key, "GET", f"/{kind}?{parameter['name']}=x")
            assert answer.status_code == 200
        for operation in resource.get("operation", []):
            by_type = await send(interop, key, "POST", f"/{kind}/${operation['name']}", {})
            by_id = await send(interop, key, "POST", f"/{kind}/x/${operation['name']}", {})
            unknown = ["nothing is served here" in one.text for one in (by_type, by_id)]
            assert unknown != [True, True]
    stated_kinds = {resource["type"] for resource in rest["resource"]}
    for kind in ("Observation", "Medication", "Bundle", "Group"):
        assert kind not in stated_kinds
        assert await _served(interop, key, kind) == set()


async def _served(interop: Harness, key: str, kind: str) -> set[str]:
    """The interactions that a type has, found by trying each that FHIR knows."""
    tries = {
        "read": ("GET", f"/{kind}/x", None),
        "vread": ("GET", f"/{kind}/x/_history/1", None),
        "update": ("PUT", f"/{kind}/x", {"resourceType": kind, "id": "x", "foo": 1}),
        "patch": ("PATCH", f"/{kind}/x", {}),
        "delete": ("DELETE", f"/{kind}/x", None),
        "history-instance": ("GET", f"/{kind}/x/_history", None),
        "create": ("POST", f"/{kind}", {"resourceType": kind, "foo": 1}),
        "search-type": ("GET", f"/{kind}", None),
    }
    served: set[str] = set()
    for name, (method, path, body) in tries.items():
        answer = await send(interop, key, method, path, body)
        is_looked_at = answer.status_code in (200, 204, 422)
        if is_looked_at or (name == "read" and "no such" in answer.text):
            served.add(name)
    return served
