"""What is wrong, as FHIR says it: an OperationOutcome and its HTTP status (FHIR R4 §3.1.0.4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.interop.messages.model import Refusal

_ISSUE_TYPES = {
    "login": "login",
    "forbidden": "forbidden",
    "insufficient_scope": "forbidden",
    "connection-suspended": "forbidden",
    "connection-closed": "forbidden",
    "connection-testing": "forbidden",
    "too-long": "too-long",
    "too-many-entries": "too-costly",
    "not-supported": "not-supported",
    "method-not-taken": "not-supported",
    "method-not-served": "not-supported",
    "type-not-kept": "not-supported",
    "type-unknown": "not-supported",
    "parameter-unknown": "not-supported",
    "not-found": "not-found",
    "reference-unknown": "not-found",
    "not-json": "structure",
    "not-a-bundle": "structure",
    "duplicate-name": "structure",
    "unknown-element": "structure",
    "json-type": "structure",
    "not-a-list": "structure",
    "empty-element": "structure",
    "nested-bundle": "structure",
    "too-deep": "too-costly",
    "too-many-repeats": "too-costly",
    "too-costly": "too-costly",
    "not-gzip": "structure",
    "visit-is-history": "business-rule",
    "patient-unknown": "not-found",
    "modifier-extension": "extension",
    "narrative": "security",
    "url": "security",
    "code-unknown": "code-invalid",
    "payer-unknown": "code-invalid",
    "relationship-unknown": "code-invalid",
    "try-again": "transient",
    "appointment-unknown": "not-found",
    "appointment-already-booked": "conflict",
    "version-stale": "conflict",
    "matches-several": "multiple-matches",
    "control-id-reused": "duplicate",
    "duplicate-entry": "duplicate",
}
"""IssueType codes; an element that is missing is `required`, any other rule `value`."""

_STATUSES = {
    "login": 401,
    "forbidden": 403,
    "insufficient_scope": 403,
    "connection-suspended": 403,
    "connection-closed": 403,
    "connection-testing": 403,
    "type-not-kept": 404,
    "not-found": 404,
    "method-not-served": 405,
    "version-stale": 412,
    "matches-several": 412,
    "too-long": 413,
    "too-many-entries": 413,
    "not-supported": 415,
    "try-again": 503,
    "parameter-unknown": 400,
    "parameter-twice": 400,
    "parameter-value": 400,
}
"""Whatever else is wrong with a resource is 422: it is understood, and may not be taken."""


def status_of(refusals: Sequence[Refusal]) -> int:
    """The status of the first refusal; nothing wrong is no reason to ask."""
    return _STATUSES.get(refusals[0].code, 422)


def operation_outcome(
    refusals: Sequence[Refusal], severity: str = "error", *, warnings: Sequence[Refusal] = ()
) -> dict[str, Any]:
    """One issue per refusal: where, as a FHIRPath expression, and what to do, without the value."""
    issues = [_issue(one, severity) for one in refusals]
    issues += [_issue(one, "warning") for one in warnings]
    return {"resourceType": "OperationOutcome", "issue": issues or [_ALL_OK]}


_ALL_OK = {"severity": "information", "code": "informational", "details": {"text": "all is well"}}


def _issue(refusal: Refusal, severity: str) -> dict[str, Any]:
    other = "required" if refusal.code.endswith("-missing") else "value"
    return {
        "severity": severity,
        "code": _ISSUE_TYPES.get(refusal.code, other),
        "details": {"coding": [{"code": refusal.code}], "text": refusal.fix},
        "diagnostics": f"{refusal.where}: {refusal.fix}",
        "expression": [refusal.where],
    }
