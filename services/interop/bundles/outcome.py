"""What a FHIR sender is answered (FHIR R4 OperationOutcome; http.html#transaction-response)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.interop.bundles.model import Bundle
from services.interop.messages.model import Refusal

_ISSUE_TYPES = {
    "login": "login",
    "forbidden": "forbidden",
    "connection-suspended": "forbidden",
    "connection-closed": "forbidden",
    "too-long": "too-long",
    "not-supported": "not-supported",
    "not-json": "structure",
    "not-a-bundle": "structure",
    "duplicate-name": "structure",
    "too-deep": "structure",
    "payer-unknown": "code-invalid",
    "appointment-unknown": "not-found",
    "appointment-already-booked": "conflict",
    "control-id-reused": "duplicate",
}
"""IssueType codes; an element that is missing is `required`, any other rule `value`."""


def operation_outcome(refusals: Sequence[Refusal]) -> dict[str, Any]:
    """One issue per refusal: where, as a FHIRPath expression, and what to do, without the value."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(one) for one in refusals]}


def _issue(refusal: Refusal) -> dict[str, Any]:
    other = "required" if refusal.code.endswith("-missing") else "value"
    return {
        "severity": "error",
        "code": _ISSUE_TYPES.get(refusal.code, other),
        "details": {"coding": [{"code": refusal.code}], "text": refusal.fix},
        "diagnostics": f"{refusal.where}: {refusal.fix}",
        "expression": [refusal.where],
    }


def transaction_response(bundle: Bundle) -> dict[str, Any]:
    """One entry per entry, in its order; we keep what a resource means, not the resource."""
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [
            {"response": {"status": "201 Created", "location": f"{entry.type}/{entry.id}"}}
            for entry in bundle.entries
        ],
    }
