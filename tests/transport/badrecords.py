"""Records that no consumer can ever handle, each with what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.work import LARGEST_EVENT_BYTES
from tests.transport.ledger import PRACTICE, TELLER, order

SECRET = "SECRET"
"""Planted in every value and wrong header: it may be in the parked store, and nowhere else."""

Change = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Bad:
    """A good record but for one thing, and the reason that it parks with."""

    name: str
    reason: str
    headers: Mapping[str, bytes | None] = field(default_factory=dict[str, "bytes | None"])
    """Put in place of the good ones; None leaves a header out."""
    body: Change | None = None
    key: Callable[[bytes], bytes | None] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as it is sent."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def good(account: str, place: int) -> Sent:
    """A move of one cent, at its place in the partition's sequence."""
    event = order(account, place, 1)
    origin = Origin(uuid5(PRACTICE, account), None, None)
    headers = write_headers(
        event, source=TELLER, time=datetime(2026, 3, 2, tzinfo=UTC), origin=origin
    )
    headers["ce_sequence"] = write_sequence(1, place)
    sent = [(name, text.encode()) for name, text in headers.items()]
    return Sent(account.encode(), event.model_dump_json().encode(), sent)


def bad(one: Bad, place: int) -> Sent:
    """The record of a case; its key is its own, so that no other waits behind it."""
    base = good(f"{SECRET}-{one.name}", place)
    assert base.key is not None
    headers = [(n, v) for n, v in base.headers if n not in one.headers]
    headers += [(n, v) for n, v in one.headers.items() if v is not None]
    value = base.value if one.body is None else one.body(base.value or b"")
    return Sent(base.key if one.key is None else one.key(base.key), value, headers)


def replaced(old: bytes, new: bytes) -> Change:
    def change(body: bytes) -> bytes:
        assert old in body
        return body.replace(old, new, 1)

    return change


def instead(body: bytes | None) -> Change:
    return lambda _: body


def missing(*names: str) -> dict[str, bytes | None]:
    return dict.fromkeys(names)


HEADER_NAMES = (
    "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_practiceid",
    "ce_correlationid", "ce_sequence",
)  # fmt: skip
ALL_HEADERS = (*HEADER_NAMES, "ce_subject", "content-type")
OF_A_STRANGER = str(UUID(int=7)).encode()
NUMBER = b'"number":'
OVER = b'{"account":"' + SECRET.encode() * (LARGEST_EVENT_BYTES // 6 + 1) + b'"}'
