"""What a FHIR sender is answered when all went well (FHIR R4 §3.1.0.11.3, §3.1.1.1, §2.4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID, uuid5

from services.interop.fhir.criteria import LARGEST_PAGE, Search
from services.interop.fhir.find import Found, Page
from services.interop.fhir.model import Resource
from services.interop.fhir.operations import Operation
from services.interop.fhir.outcome import operation_outcome, status_of
from services.interop.fhir.strict import read_json
from services.interop.fhir.versions import Change
from services.interop.messages.model import Refusal

Return = Literal["minimal", "representation", "OperationOutcome"]
_PHRASES = {
    200: "OK",
    201: "Created",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    304: "Not Modified",
    412: "Precondition Failed",
    422: "Unprocessable Entity",
}

PASSED_OVER = Refusal(
    "type-not-kept", "resourceType", "resources of this type are passed over and not kept"
)


def read_prefer(header: str, otherwise: Return) -> Return:
    """Prefer: return=… (FHIR R4 §3.1.0.1.9)."""
    for told in ("minimal", "representation", "OperationOutcome"):
        if f"return={told}" in header.replace(" ", ""):
            return told  # type: ignore[return-value]
    return otherwise


def status_of_change(change: Change) -> int:
    """A create that is sent again is answered as it was; an update that changes nothing is 200."""
    if change.effect == "created":
        return 201
    is_create = change.operation.method == "POST"
    return 201 if is_create and change.effect == "unchanged" and change.version == 1 else 200


def bundle_response(kind: str, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": f"{kind}-response", "entry": list(answers)}


def entry_answer(change: Change, prefer: Return, at: datetime | None) -> dict[str, Any]:
    """One entry of a transaction-response or batch-response."""
    if change.effect == "passed over":
        outcome = operation_outcome([PASSED_OVER], "information")
        return {"response": {"status": "200 OK", "outcome": outcome}}
    status = status_of_change(change)
    response: dict[str, Any] = {
        "status": f"{status} {_PHRASES[status]}",
        "location": f"{change.type}/{change.id}/_history/{change.version}",
        "etag": etag(change.version),
    }
    if prefer == "OperationOutcome":
        response["outcome"] = operation_outcome([])
    found: dict[str, Any] = {"response": response}
    if prefer == "representation" and at is not None:
        found["resource"] = shown(change.type, change.content, change.version, at)
    return found


def found_answer(operation: Operation, found: Found, base: str) -> dict[str, Any]:
    """The entry that answers a GET: the resource, or a searchset."""
    if isinstance(found, Page):
        page = searchset(operation.type, found, base)
        return {"resource": page, "response": {"status": "200 OK"}}
    response: dict[str, Any] = {
        "status": "200 OK",
        "etag": etag(found.version),
        "lastModified": found.changed_at.isoformat(timespec="milliseconds"),
    }
    if operation.if_none_match == response["etag"]:
        return {"response": response | {"status": "304 Not Modified"}}
    resource = shown(found.type, found.content, found.version, found.changed_at)
    return {"resource": resource, "response": response}


def refused_answer(refusals: Sequence[Refusal]) -> dict[str, Any]:
    status = status_of(refusals)
    phrase = _PHRASES.get(status, "Error")
    return {
        "response": {"status": f"{status} {phrase}", "outcome": operation_outcome(refusals)},
    }


def message_response(
    header: Resource,
    message_id: UUID,
    at: datetime,
    refusals: Sequence[Refusal] = (),
) -> dict[str, Any]:
    """The answer to a message: its own header, naming the one that it answers (§2.4.4).

    What was wrong is its details: to be mended (fatal-error), or to be tried again.
    """
    event = {name: value for name, value in header.items() if name.startswith("event")}
    response: dict[str, Any] = {"identifier": header.get("id", "unknown"), "code": "ok"}
    outcomes: list[dict[str, Any]] = []
    if refusals:
        passes = refusals[0].code == "try-again"
        outcome = operation_outcome(refusals) | {"id": str(uuid5(message_id, "outcome"))}
        full_url = f"urn:uuid:{outcome['id']}"
        response["code"] = "transient-error" if passes else "fatal-error"
        response["details"] = {"reference": full_url}
        outcomes = [{"fullUrl": full_url, "resource": outcome}]
    answering: dict[str, Any] = {
        "resourceType": "MessageHeader",
        "id": str(message_id),
        **event,
        "source": {"name": "Mainstay", "endpoint": "urn:mainstay:interop"},
        "response": response,
    }
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": at.isoformat(),
        "entry": [{"fullUrl": f"urn:uuid:{message_id}", "resource": answering}, *outcomes],
    }


def etag(version: int) -> str:
    return f'W/"{version}"'


def headers_of(kind: str, id: str, version: int, at: datetime, base: str) -> dict[str, str]:
    return {
        "Location": f"{base}/{kind}/{quote(id)}/_history/{version}",
        "ETag": etag(version),
        "Last-Modified": format_datetime(at, usegmt=True),
    }


def shown(kind: str, content: bytes, version: int, at: datetime) -> dict[str, Any]:
    """A kept resource as it is read: with its version and when it came."""
    resource: dict[str, Any] = read_json(content, kind)
    meta = {"versionId": str(version), "lastUpdated": at.isoformat(timespec="milliseconds")}
    return {**resource, "meta": {**resource.get("meta", {}), **meta}}


def searchset(kind: str, page: Page, base: str) -> dict[str, Any]:
    """A page of a search; `next` leads to the rest."""
    search, found = page.search, page.kept
    links = [{"relation": "self", "url": f"{base}/{kind}?{_query(search, search.after)}"}]
    if len(found) > search.count:
        found = found[: search.count]
        if found:
            query = _query(search, found[-1].id)
            links.append({"relation": "next", "url": f"{base}/{kind}?{query}"})
    entries = [
        match(f"{base}/{kind}/{one.id}", shown(one.type, one.content, one.version, one.changed_at))
        for one in found
    ]
    if search.passed_over:
        told = Refusal("parameter-unknown", "search", "some parameters were passed over")
        outcome = operation_outcome([told], "warning")
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    return matches(entries, total=page.total, link=links)


def match(full_url: str, resource: dict[str, Any]) -> dict[str, Any]:
    """An entry of a searchset."""
    return {"fullUrl": full_url, "resource": resource, "search": {"mode": "match"}}


def matches(entries: Sequence[dict[str, Any]], **told: Any) -> dict[str, Any]:
    """A searchset, with what else it tells; one that found nothing has no `entry`: an array is
    never empty (FHIR R4 §2.6.2)."""
    found: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", **told}
    return {**found, "entry": list(entries)} if entries else found


def _query(search: Search, after: str) -> str:
    told = {
        "_id": search.id,
        "identifier": None if search.token is None else _written(search.token),
        "_count": str(search.count) if search.count != LARGEST_PAGE else None,
        "_after": after or None,
    }
    return urlencode({name: value for name, value in told.items() if value is not None})


def _written(token: tuple[str | None, str]) -> str:
    system, value = token
    return value if system is None else f"{system}|{value}"
