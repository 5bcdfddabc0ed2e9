"""The data of an event: from the wire's bytes to an instance of its contract."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from libs.events.contracts import Event, contracts, upcasters
from libs.events.transport.envelope import Envelope
from libs.events.transport.faults import UnreadableEventError, describe
from libs.events.transport.keys import Keys
from libs.events.transport.protection import open_marked

E = TypeVar("E", bound=Event)

LARGEST_EVENT_BYTES = 512 * 1024

_HIDDEN = re.compile(rb'"[ \t\r\n]')
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def holds_nul(json_text: bytes) -> bool:
    """True where a text in this JSON holds a NUL character, which PostgreSQL cannot keep."""
    return b"\\u0000" in json_text and _NUL.search(json_text) is not None


def read_event(envelope: Envelope, value: bytes | None, keys: Keys) -> Event:
    """Parse the data of a received event by its contract, marked fields opened.

    What it does not know, a reader passes over: the publisher may be newer and say more. Whoever
    makes an event is held to exactly its contract. An event of an older version is lifted to the
    latest. Raises UnreadableEventError; ErasedEventError where nobody can read it any more.
    """
    contract = contracts().get(envelope.type)
    if contract is None:
        raise UnreadableEventError("no contract has this ce_type; is the publisher newer than us?")
    if value is None:
        raise UnreadableEventError("the record has no value")
    if len(value) > LARGEST_EVENT_BYTES:
        raise UnreadableEventError(
            f"the data has {len(value)} bytes; at most {LARGEST_EVENT_BYTES} are read"
        )
    key = envelope.key
    value = open_marked(contract, value, practice_id=envelope.practice_id, key=key, keys=keys)
    if holds_nul(value):
        raise UnreadableEventError("the data holds a NUL character")
    event = _parsed(contract, value)
    if _may_repeat_a_name(value, event) and _repeats_a_name(value):
        raise UnreadableEventError("the data holds a name twice")
    if event.practice_id.int != envelope.practice_id.int:
        raise UnreadableEventError("ce_practiceid is not the data's practice_id")
    if event.key_value != key:
        raise UnreadableEventError("the record's key is not the contract's key")
    # One object for all events of a type: found by identity wherever it is part of a key.
    vars(event)["practice_id"] = envelope.practice_id
    event.with_event_id(envelope.id_text)
    return _lift(event) if event.type in upcasters() else event


def write_kept(event: Event) -> bytes:
    """An event as a service keeps one for later, with its type: the contract may have changed then.

    Its marked fields stand here in clear: seal it (`uow.seal`).
    """
    data = event.model_dump_json()
    return f'{{"id":"{event.event_id}","type":"{event.type}","data":{data}}}'.encode()


def read_kept(kept: bytes, latest: type[E]) -> E:
    """What `write_kept` wrote, whoever wrote it: an older version is lifted, a newer replica's
    fields are passed over, as of an event that is heard. Raises UnreadableEventError.
    """
    said = json.loads(kept)
    contract = contracts().get(said["type"])
    if contract is None:
        raise UnreadableEventError(f"no contract is {said['type']}; is who kept it newer than us?")
    event = _parsed(contract, json.dumps(said["data"]).encode()).with_event_id(UUID(said["id"]))
    event = _lift(event)
    if not isinstance(event, latest):
        raise UnreadableEventError(f"{event.type} is kept where {latest.type} belongs")
    return event


def _parsed(contract: type[Event], data: bytes) -> Event:
    try:
        return contract.__pydantic_validator__.validate_json(data, extra="ignore")
    except ValidationError as error:
        raise UnreadableEventError(describe(error)) from None


def _may_repeat_a_name(value: bytes, event: Event) -> bool:
    """False where a look at the bytes proves that no name comes twice in an object (RFC 8259, 4).

    As many names as fields were set, none of them hidden by white space: true of whatever a relay
    writes for a contract without nested values, at a tenth of the price of parsing again.
    """
    if value.count(b'":') != len(event.__pydantic_fields_set__):
        return True
    spaced = b" " in value or b"\n" in value or b"\t" in value or b"\r" in value
    return spaced and _HIDDEN.search(value) is not None


def _repeats_a_name(value: bytes) -> bool:
    repeated = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) != len(pairs)
        return found

    json.loads(value, object_pairs_hook=look)
    return repeated


def _lift(event: Event) -> Event:
    """Go up the chain of upcasters; what identifies and places an event stays what it is."""
    while (upcast := upcasters().get(event.type)) is not None:
        try:
            lifted = upcast(event)
        except Exception as error:
            why = f"the upcaster of {event.type} failed: {describe(error)}"
            raise UnreadableEventError(why) from None
        if lifted.practice_id != event.practice_id or lifted.key_value != event.key_value:
            raise UnreadableEventError(
                f"the upcaster of {event.type} changes the practice or the key"
            )
        event = lifted.with_event_id(event.event_id)
    return event
