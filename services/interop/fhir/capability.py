"""The CapabilityStatement, from the tables that the code itself goes by (FHIR R4 §3.1.0.13)."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from services.interop.fhir.criteria import PARAMETERS
from services.interop.fhir.model import TAKEN
from services.interop.subscriptions.capability import INSTANTIATES, stated_resources

INTERACTIONS = ("read", "create", "update", "search-type")
"""Of every type that is taken; subscriptions and claims say their own."""

SYSTEM_INTERACTIONS = ("transaction", "batch")
STATED_ON = "2026-03-01"


def capability_statement(base: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": STATED_ON,
        "kind": "instance",
        "instantiates": [INSTANTIATES],
        "software": {"name": "Mainstay interop"},
        "implementation": {"description": "A practice's back office", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "description": "The connection's key as a bearer token. A connection sees "
                    "what its own EHR has sent, and how the claims for that stand."
                },
                "resource": sorted(
                    [*map(_resource, TAKEN), *stated_resources()], key=itemgetter("type")
                ),
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                "operation": [
                    {
                        "name": "process-message",
                        "definition": "http://hl7.org/fhir/OperationDefinition/"
                        "MessageHeader-process-message",
                    },
                    _VALIDATE,
                ],
            }
        ],
        "messaging": [
            {
                "documentation": "Each resource of a message is created or updated by its id; "
                "all of them or none. The event is not looked at."
            }
        ],
    }


_VALIDATE = {
    "name": "validate",
    "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
}


def _resource(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": False,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": name, "type": kind} for name, kind in PARAMETERS.items()],
        "operation": [_VALIDATE],
    }
