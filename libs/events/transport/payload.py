"""The data of an event: from the wire's bytes to an instance of its contract."""

from __future__ import annotations

import re

from pydantic import ValidationError

from libs.events.contracts import Event, contracts
from libs.events.transport.envelope import Envelope
from libs.events.transport.faults import UnreadableEventError, describe

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def holds_nul(json_text: bytes) -> bool:
    """True where a text in this JSON holds a NUL character, which PostgreSQL cannot keep."""
    return b"\\u0000" in json_text and _NUL.search(json_text) is not None


def read_event(envelope: Envelope, value: bytes | None) -> Event:
    """Parse the data of a received event by its contract; raises UnreadableEventError.

    What it does not know, a reader passes over: the publisher may be newer and say more. Whoever
    makes an event is held to exactly its contract.
    """
    contract = contracts().get(envelope.type)
    if contract is None:
        raise UnreadableEventError("no contract has this ce_type; is the publisher newer than us?")
    if value is None:
        raise UnreadableEventError("the record has no value")
    if holds_nul(value):
        raise UnreadableEventError("the data holds a NUL character")
    try:
        event = contract.model_validate_json(value, extra="ignore")
    except ValidationError as error:
        raise UnreadableEventError(describe(error)) from None
    if event.practice_id != envelope.practice_id:
        raise UnreadableEventError("ce_practiceid is not the data's practice_id")
    if event.key_value != envelope.key:
        raise UnreadableEventError("the record's key is not the contract's key")
    return event.with_event_id(envelope.id)
