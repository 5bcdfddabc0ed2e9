"""Subscriptions over FHIR: create, read, search, change, delete, $status and $events.

A connection sees its own; another's answers like one that is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from fastapi import APIRouter, Request, Response

from libs.service.http import work_of
from services.interop.connections.bearer import read_body
from services.interop.connections.model import Connection
from services.interop.fhir.address import base_of
from services.interop.fhir.answers import match, matches, read_prefer
from services.interop.fhir.elements import as_list, as_object
from services.interop.fhir.http import FhirRoute, answer, read_sent
from services.interop.fhir.model import refuse
from services.interop.fhir.outcome import operation_outcome
from services.interop.fhir.strict import read_json
from services.interop.smart.scopes import check_scope
from services.interop.smart.sender import Sender, fhir_sender, granted_sender
from services.interop.subscriptions import store
from services.interop.subscriptions.capability import SUBSCRIPTIONS_BY
from services.interop.subscriptions.change import create_subscription, update_subscription
from services.interop.subscriptions.model import Asked, Content, Subscription, read_id
from services.interop.subscriptions.notification import notification, statuses
from services.interop.subscriptions.read import read_subscription
from services.interop.subscriptions.send import happened_of
from services.interop.subscriptions.settings import SubscriptionSettings
from services.interop.subscriptions.show import shown
from services.interop.subscriptions.topics import CLAIM_STATUS, TOPICS

routes = APIRouter(prefix="/fhir", tags=["fhir"], route_class=FhirRoute)

MOST_EVENTS = 100
"""In one answer to $events; whoever wants more asks on from the last number."""

LARGEST_PARAMETERS = 64 * 1024
_HARMLESS = ("_format", "_pretty")
Params = dict[str, list[str]]


@routes.post("/Subscription")
async def create(request: Request) -> Response:
    """201 and status requested: the endpoint is asked by a handshake before it is active."""
    connection, sent = await _sent(request, "c")
    asked = _read(sent, None)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        made = await create_subscription(asked, base_of(request), connection, uow)
    return _told(made, 201, request)


@routes.api_route("/Subscription/$status", methods=["GET", "POST"])
async def show_statuses(request: Request) -> Response:
    """How the connection's subscriptions stand; those with these ids, in these states."""
    sender, asked = await _asked(request, "s", "id", "status")
    ids, states = asked.get("id"), asked.get("status")
    wanted: Callable[[Subscription], bool] = lambda one: (  # noqa: E731
        (ids is None or str(one.subscription_id) in ids)
        and (states is None or one.status in states)
    )
    found = await _list(request, sender.connection)
    return answer(statuses([one for one in found if wanted(one)]))


@routes.api_route("/Subscription/{id}/$status", methods=["GET", "POST"])
async def show_status(id: str, request: Request) -> Response:
    sender, _ = await _asked(request, "r", "id", "status")
    return answer(statuses([await _find(request, sender.connection, id)]))


@routes.api_route("/Subscription/{id}/$events", methods=["GET", "POST"])
async def show_events(id: str, request: Request) -> Response:
    """The events from eventsSinceNumber to eventsUntilNumber, both included, a hundred at most."""
    names = ("eventsSinceNumber", "eventsUntilNumber", "content")
    sender, asked = await _asked(request, "r", *names)
    since, until = _number(asked, names[0]), _number(asked, names[1])
    connection = sender.connection
    found = await _look_up(request, connection, id)
    topic = CLAIM_STATUS if found is None else TOPICS[found.asked.topic]
    check_scope(sender.scopes, topic.focus, "r")
    if found is None:
        _not_found()
    since, until = since or 1, found.events if until is None else until
    content = _content(asked) or found.asked.content
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        kept = await store.list_events(uow, found.subscription_id, since, until, limit=MOST_EVENTS)
        events = [await happened_of(one, found, uow) for one in kept]
        at = uow.now
    bundle = notification(
        found, "query-event", at, count=found.events, events=events, content=content
    )
    return answer(bundle)


@routes.get("/Subscription/{id}")
async def read(id: str, request: Request) -> Response:
    connection = await granted_sender(request, "Subscription", "r")
    return answer(shown(await _find(request, connection, id)))


@routes.get("/Subscription")
async def search(request: Request) -> Response:
    """By status, url (of the endpoint) and _id; all of them, for there are never many."""
    connection = await granted_sender(request, "Subscription", "s")
    asked = _parameters(request.query_params.multi_items(), tuple(SUBSCRIPTIONS_BY))
    found = await _list(request, connection)
    told: dict[str, Callable[[Subscription], str]] = {
        "status": lambda one: one.status,
        "url": lambda one: one.asked.endpoint,
        "_id": lambda one: str(one.subscription_id),
    }
    for name, values in asked.items():
        wanted = {one for value in values for one in value.split(",")}
        found = [one for one in found if told[name](one) in wanted]
    base = base_of(request)
    entries = [match(f"{base}/Subscription/{one.subscription_id}", shown(one)) for one in found]
    links = [{"relation": "self", "url": str(request.url)}]
    return answer(matches(entries, total=len(found), link=links))


@routes.put("/Subscription/{id}")
async def update(id: str, request: Request) -> Response:
    """Status off ends it, requested has its endpoint asked again where it is off or in error."""
    connection, sent = await _sent(request, "u")
    asked = _read(sent, id)
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        changed = await update_subscription(read_id(id), asked, base_of(request), connection, uow)
    if changed is None:
        _not_found()
    return _told(changed, 200, request)


@routes.delete("/Subscription/{id}")
async def delete(id: str, request: Request) -> Response:
    """204, also where there is none: nothing more is told."""
    connection = await granted_sender(request, "Subscription", "d")
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        await store.delete_subscription(uow, connection.connection_id, read_id(id))
    return Response(status_code=204)


def _read(resource: Any, id: str | None) -> Asked:
    if not isinstance(resource, dict) or resource.get("resourceType") != "Subscription":
        refuse("type-mismatch", "Subscription.resourceType", "send a Subscription")
    if id is not None and resource.get("id") != id:
        refuse("id-mismatch", "Subscription.id", "send the id of the address")
    private = SubscriptionSettings().private_endpoints
    return read_subscription(resource, private=private)


def _told(one: Subscription, status: int, request: Request) -> Response:
    location = f"{base_of(request)}/Subscription/{one.subscription_id}"
    prefer = read_prefer(request.headers.get("prefer", ""), "representation")
    headers = {"Location": location}
    if prefer == "minimal":
        return Response(status_code=status, headers=headers)
    content = operation_outcome([]) if prefer == "OperationOutcome" else shown(one)
    return answer(content, status, headers)


async def _list(request: Request, connection: Connection) -> list[Subscription]:
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        return await store.list_subscriptions(uow, connection.connection_id)


async def _find(request: Request, connection: Connection, id: str) -> Subscription:
    found = await _look_up(request, connection, id)
    if found is None:
        _not_found()
    return found


async def _look_up(request: Request, connection: Connection, id: str) -> Subscription | None:
    async with work_of(request).unit_of_work(connection.practice_id) as uow:
        found = await store.find_subscription(uow, read_id(id))
    is_theirs = found is not None and found.connection_id == connection.connection_id
    return found if is_theirs else None


def _not_found() -> NoReturn:
    refuse("not-found", "Subscription", "this connection has no such subscription")


async def _sent(request: Request, letter: str) -> tuple[Connection, Any]:
    """What was sent, by one who may also read what the subscription tells: of an unknown topic,
    claims."""
    sender, body = await read_sent(request)
    check_scope(sender.scopes, "Subscription", letter)
    resource = read_json(body, "Subscription")
    criteria = as_object(resource).get("criteria")
    check_scope(sender.scopes, TOPICS.get(str(criteria), CLAIM_STATUS).focus, "r")
    return sender.connection, resource


async def _asked(request: Request, letter: str, *known: str) -> tuple[Sender, Params]:
    """Who asks, and an operation's parameters: of the address, or of a Parameters resource."""
    sender = await fhir_sender(request)
    check_scope(sender.scopes, "Subscription", letter)
    told = request.query_params.multi_items()
    body = await read_body(request, most=LARGEST_PARAMETERS)
    if body:
        for row in map(
            as_object, as_list(as_object(read_json(body, "Parameters")).get("parameter"))
        ):
            value = next((v for name, v in row.items() if name.startswith("value")), "")
            told.append((str(row.get("name")), str(value)))
    return sender, _parameters(told, known)


def _parameters(told: list[tuple[str, str]], known: tuple[str, ...]) -> Params:
    found: Params = {}
    for name, value in told:
        if name in known:
            found.setdefault(name, []).append(value)
        elif name not in _HARMLESS:
            refuse("parameter-unknown", "search", f"ask by {', '.join(known)}, and nothing else")
    return found


def _number(asked: Params, name: str) -> int | None:
    if name not in asked:
        return None
    text = asked[name][0]
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        refuse("parameter-value", name, "send a whole number")
    return int(text)


def _content(asked: Params) -> Content | None:
    """A hint, which may be passed over (IG, $events)."""
    match asked.get("content"):
        case ["empty"]:
            return "empty"
        case ["id-only"]:
            return "id-only"
        case ["full-resource"]:
            return "full-resource"
        case _:
            return None
