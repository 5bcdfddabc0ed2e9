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


def capability_statement(base: str, token_url: str | None) -> dict[str, Any]:
    """`token_url` None: access tokens are not given at this address."""
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
                "security": _security(token_url),
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
                    _IMPORT,
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


def _security(token_url: str | None) -> dict[str, Any]:
    """Also as SMART 1 tells it, which clients still read; it is deprecated since SMART 2."""
    stated: dict[str, Any] = {
        "description": "The connection's key, or an access token, as a bearer token. A connection "
        "sees what its own EHR has sent, and how the claims for that stand."
    }
    if token_url is None:
        return stated
    return {
        **stated,
        "extension": [
            {"url": _OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]},
        ],
        "service": [{"coding": [{"system": _SECURITY_SERVICES, "code": "SMART-on-FHIR"}]}],
    }


_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"


_IMPORT = {
    "name": "import",
    "definition": "urn:mainstay:fhir:import",
    "documentation": "A file of an export as application/fhir+ndjson, one resource a line; "
    "visitsFrom=DAY keeps earlier visits as history, more=true says that another file follows.",
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
