"""A Subscription resource as what it asks for; what is not served is refused, never passed over.

Sources: FHIR R4 Subscription; Subscriptions R5 Backport IG 1.1, profile backport-subscription and
its extensions; RFC 9110 §5.1 and §5.5 (names and values of headers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qsl

from services.interop.fhir.check import check_resource
from services.interop.fhir.elements import as_list, as_object, as_rows
from services.interop.fhir.model import refuse
from services.interop.messages.model import Refusal, RefusedError
from services.interop.subscriptions.endpoint import refuse_endpoint
from services.interop.subscriptions.model import Asked, Content, Header, Resource, Status
from services.interop.subscriptions.topics import IG, TOPICS, Topic

_EXTENSION = f"{IG}/StructureDefinition/backport-"
FILTER, CONTENT = f"{_EXTENSION}filter-criteria", f"{_EXTENSION}payload-content"
HEARTBEAT, TIMEOUT = f"{_EXTENSION}heartbeat-period", f"{_EXTENSION}timeout"
MAX_COUNT = f"{_EXTENSION}max-count"

MEDIA_TYPES = ("application/fhir+json", "application/json")
SHORTEST_HEARTBEAT_SECONDS = 60
LONGEST_HEARTBEAT_SECONDS = 30 * 86400
MOST_HEADERS, LONGEST_HEADER = 10, 4000

_OURS = (
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
"""Headers that say how a request is sent; they are not its reader's to choose."""
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([!-~][ -~]*)")
_CONTENTS: Mapping[str, Content] = {
    "empty": "empty",
    "id-only": "id-only",
    "full-resource": "full-resource",
}
_STATUSES: Mapping[str, Status] = {"requested": "requested", "active": "active", "off": "off"}


def read_subscription(resource: dict[str, Any], *, private: bool) -> Asked:
    """What is asked for; RefusedError with all that is wrong with it.

    `private`: endpoints of our own network are taken.
    """
    refusals = _refusals_of_r4(resource)
    endpoint = as_object(resource.get("channel")).get("endpoint")
    refused = refuse_endpoint(str(endpoint), private=private)
    if refused is not None:
        refusals.append(refused)
    if refusals:
        raise RefusedError(*refusals)
    return read_kept(
        {
            name: value
            for name, value in resource.items()
            if name not in ("id", "meta", "error", "resourceType")
        }
    )


def _refusals_of_r4(resource: dict[str, Any]) -> list[Refusal]:
    """Without the endpoint, whose hosts are ours to judge, and what only we say."""
    told = {name: value for name, value in resource.items() if name not in ("meta", "error")}
    if isinstance(told.get("channel"), dict):
        channel = cast(dict[str, Any], told["channel"])
        told["channel"] = {n: v for n, v in channel.items() if n != "endpoint"}
    return check_resource(told, "Subscription").refusals


def read_kept(resource: Resource) -> Asked:
    """Of a resource whose elements were looked at; raises RefusedError."""
    channel = as_object(resource.get("channel"))
    topic = _topic(resource)
    patient = _filter(_extensions(resource.get("_criteria"), "criteria", (FILTER,)), topic)
    _extensions(channel.get("_type"), "channel.type", ())
    if channel.get("type") != "rest-hook":
        fix = "ask for a rest-hook: other channels are not served"
        refuse("channel-not-served", "Subscription.channel.type", fix)
    channel_says = _extensions(channel, "channel", (HEARTBEAT, TIMEOUT, MAX_COUNT))
    status = _STATUSES.get(str(resource.get("status")))
    if status is None:
        fix = "send requested to be told, off to be told nothing; error is for us to say"
        refuse("status", "Subscription.status", fix)
    return Asked(
        status=status,
        topic=topic.url,
        patient=patient,
        endpoint=str(channel.get("endpoint")),
        media_type=_media_type(channel),
        headers=tuple(_headers(channel)),
        content=_content(channel),
        heartbeat_seconds=_heartbeat(channel_says.get(HEARTBEAT)),
        timeout_seconds=_timeout(channel_says.get(TIMEOUT)),
        ends_at=_end(resource),
        resource={name: value for name, value in resource.items() if name != "status"},
    )


def _topic(resource: Resource) -> Topic:
    topic = TOPICS.get(str(resource.get("criteria")))
    if topic is None:
        fix = f"subscribe to a topic that is served: {', '.join(TOPICS)}"
        refuse("topic-unknown", "Subscription.criteria", fix)
    return topic


def _filter(told: Mapping[str, list[Resource]], topic: Topic) -> str | None:
    """The id of the one patient that a filter names (IG, "Subscription Filters")."""
    where = f"Subscription.criteria.extension('{FILTER}')"
    filters = [str(one.get("valueString")) for one in told.get(FILTER, ())]
    if not filters:
        return None
    known = " or ".join(f"{topic.focus}?{name}=Patient/ID" for name in topic.filters)
    kind, _, query = filters[0].rpartition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    found = re.fullmatch(r"(?:Patient/)?([A-Za-z0-9\-.]{1,64})", pairs[0][1] if pairs else "")
    if len(filters) > 1 or len(pairs) != 1 or kind not in ("", topic.focus) or found is None:
        refuse("filter-not-served", where, f"filter by {known}, once, or not at all")
    if pairs[0][0] not in topic.filters:
        refuse("filter-not-served", where, f"filter by {known}, once, or not at all")
    return found[1]


def _media_type(channel: Resource) -> str:
    told = channel.get("payload")
    if told not in MEDIA_TYPES:
        fix = f"ask for {' or '.join(MEDIA_TYPES)}"
        refuse("payload-not-served", "Subscription.channel.payload", fix)
    return str(told)


def _content(channel: Resource) -> Content:
    said = _extensions(channel.get("_payload"), "channel.payload", (CONTENT,)).get(CONTENT, [])
    found = _CONTENTS.get(str(said[0].get("valueCode"))) if len(said) == 1 else None
    if found is None:
        where = f"Subscription.channel.payload.extension('{CONTENT}')"
        refuse("payload-content", where, f"say one of {', '.join(_CONTENTS)} as valueCode")
    return found


def _heartbeat(told: list[Resource] | None) -> int | None:
    if told is None:
        return None
    seconds = told[0].get("valueUnsignedInt")
    if (
        len(told) > 1
        or not isinstance(seconds, int)
        or not SHORTEST_HEARTBEAT_SECONDS <= seconds <= LONGEST_HEARTBEAT_SECONDS
    ):
        fix = (
            f"send {SHORTEST_HEARTBEAT_SECONDS} to {LONGEST_HEARTBEAT_SECONDS} seconds as"
            " valueUnsignedInt, or leave it out"
        )
        refuse("heartbeat", f"Subscription.channel.extension('{HEARTBEAT}')", fix)
    return seconds


def _timeout(told: list[Resource] | None) -> int | None:
    if told is None:
        return None
    seconds = told[0].get("valueUnsignedInt")
    if len(told) > 1 or not isinstance(seconds, int) or seconds < 1:
        fix = "send at least one second as valueUnsignedInt, or leave it out"
        refuse("timeout", f"Subscription.channel.extension('{TIMEOUT}')", fix)
    return seconds


def _headers(channel: Resource) -> Iterator[Header]:
    """Name and value of each; a value may hold a secret, so it is never told again."""
    where = "Subscription.channel.header"
    rows = as_list(channel.get("header"))
    if len(rows) > MOST_HEADERS:
        refuse("header", where, f"send at most {MOST_HEADERS} headers")
    for place, row in enumerate(rows):
        found = _HEADER.fullmatch(str(row)) if len(str(row)) <= LONGEST_HEADER else None
        if found is None:
            fix = "write the header as Name: value, in visible ASCII"
            refuse("header", f"{where}[{place}]", fix)
        if found[1].lower() in _OURS:
            refuse("header", f"{where}[{place}]", "this header is set by whoever sends a request")
        yield found[1], found[2].rstrip()


def _end(resource: Resource) -> datetime | None:
    told = resource.get("end")
    return None if told is None else datetime.fromisoformat(str(told))


def _extensions(element: Any, name: str, known: tuple[str, ...]) -> Mapping[str, list[Resource]]:
    """An element's extensions by their addresses; one that is not known would be ignored."""
    found: dict[str, list[Resource]] = {}
    for place, row in enumerate(as_rows(as_object(element).get("extension"))):
        if row is None:
            continue
        url = as_object(row).get("url")
        if url not in known:
            fix = "leave out this extension: what it asks for is not served"
            where = f"Subscription.{name}.extension[{place}]"
            refuse("extension-not-served", where, fix)
        found.setdefault(str(url), []).append(as_object(row))
    return found
