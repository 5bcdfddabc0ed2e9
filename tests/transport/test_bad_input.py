"""Whatever stands on a topic: it parks with a precise reason, is not lost, and stops nobody.

One partition holds every bad record, each between two good ones; a consumer in a process of its own
reads it once, and its logs are kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.badrecords import (
    ALL_HEADERS,
    HEADER_NAMES,
    NUMBER,
    OF_A_STRANGER,
    OVER,
    SECRET,
    Bad,
    Sent,
    bad,
    good,
    instead,
    missing,
    replaced,
)
from tests.transport.ledger import LEDGER, ORDERS
from tests.transport.platform import TestPlatform, end, eventually
from tests.transport.platform import test_platform as new_platform

BROKEN = SECRET.encode()
CONTRACT = "ValidationError: "

CASES = (
    Bad("no-headers", "is missing", missing(*ALL_HEADERS)),
    *[Bad(f"without-{n}", f"header {n} is missing", missing(n)) for n in HEADER_NAMES],
    Bad("older-specversion", "header ce_specversion", {"ce_specversion": b"0.3"}),
    Bad("id-is-no-uuid", "header ce_id", {"ce_id": BROKEN}),
    Bad("practice-is-no-uuid", "header ce_practiceid", {"ce_practiceid": BROKEN}),
    Bad("correlation-is-no-uuid", "header ce_correlationid", {"ce_correlationid": BROKEN}),
    Bad("causation-is-no-uuid", "header ce_causationid", {"ce_causationid": BROKEN}),
    Bad("time-is-none", "header ce_time", {"ce_time": BROKEN}),
    Bad("time-without-zone", "header ce_time", {"ce_time": b"2026-03-02T12:00:00"}),
    Bad("type-not-utf8", "header ce_type", {"ce_type": b"\xff" + BROKEN}),
    Bad("sequence-is-none", "header ce_sequence", {"ce_sequence": BROKEN}),
    Bad("sequence-too-high", "header ce_sequence", {"ce_sequence": b"0001-" + b"9" * 20}),
    Bad("text", "header content-type", {"content-type": b"text/plain"}),
    Bad("structured", "header content-type", {"content-type": b"application/cloudevents+json"}),
    Bad("unknown-type", "no contract has this ce_type", {"ce_type": b"teller.SECRET.v1"}),
    Bad("unknown-version", "no contract has this ce_type", {"ce_type": b"teller.move-ordered.v9"}),
    Bad("no-value", "the record has no value", body=instead(None)),
    Bad("empty", "json_invalid", body=instead(b"")),
    Bad("not-json", "json_invalid", body=instead(BROKEN)),
    Bad("half-a-body", "json_invalid", body=lambda body: body[:-1]),
    Bad("two-bodies", "json_invalid", body=lambda body: body + body),
    Bad("nested-too-deep", "json_invalid", body=instead(b"[" * 10_000)),
    Bad("a-list", "model_type", body=lambda body: b"[" + body + b"]"),
    Bad("invalid-utf8", "json_invalid", body=replaced(SECRET.encode(), b"\xff\xfe")),
    Bad("half-a-character", "json_invalid", body=replaced(SECRET.encode(), b"\\ud800")),
    Bad("nul", "the data holds a NUL character", body=replaced(SECRET.encode(), b"\\u0000")),
    Bad("bare-nul", "json_invalid", body=replaced(SECRET.encode(), b"\0")),
    Bad("nan", "number: ", body=replaced(b'"cents":1', b'"number":NaN,"cents":1')),
    Bad("name-twice", "twice", body=replaced(NUMBER, b'"account":"' + BROKEN + b'","number":')),
    Bad(
        "name-twice-apart",
        "twice",
        body=replaced(NUMBER, b'"account" \t: "' + BROKEN + b'","number":'),
    ),
    Bad("over-the-limit", "524288", body=instead(OVER)),
    Bad("field-missing", "cents: missing", body=replaced(b'"cents":1,', b"")),
    Bad("field-of-another-kind", "cents: int_type", body=replaced(b'"cents":1', b'"cents":"1"')),
    Bad("another-practice", "is not the data's practice_id", {"ce_practiceid": OF_A_STRANGER}),
    Bad("no-key", "key", key=lambda _: None),
    Bad("another-key", "the record's key is not the contract's key", key=lambda key: key + b"-2"),
    Bad("key-not-utf8", "key", key=lambda key: b"\xff" + key),
)

PARAMETERS = [pytest.param(case, id=case.name) for case in CASES]

PROCESS = """
import asyncio, sys
from libs.service.logs import start_logging
from tests.transport.victim import main
start_logging("ledger", "json")
asyncio.run(main("ledger", *sys.argv[1:]))
"""


@dataclass(frozen=True)
class Told:
    """What was sent, and what had become of it when everything was read."""

    sent: dict[str, Sent]
    parked: dict[str, asyncpg.Record]
    handled: set[str]
    positions: tuple[int, int]
    """The checkpoint's next offset, and the log's end."""
    logs: str


@pytest.fixture(scope="module")
async def told(
    databases: Databases, addresses: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    sent: dict[str, Sent] = {}
    everything: list[Sent] = []
    for one in CASES:
        everything.append(good(f"before-{one.name}", len(everything) + 1))
        sent[one.name] = bad(one, len(everything) + 1)
        everything += [sent[one.name], good(f"after-{one.name}", len(everything) + 2)]
    logs = tmp_path_factory.mktemp("logs") / "consumer.log"
    async with new_platform(databases, addresses.kafka) as platform:
        await send(addresses.kafka, everything)
        yield await read_once(platform, sent, len(everything), logs)


async def send(kafka: str, records: list[Sent]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=2**22) as producer:
        for one in records:
            await producer.send(
                ORDERS.name, one.value, key=one.key, partition=0, headers=one.headers
            )


async def read_once(
    platform: TestPlatform, sent: dict[str, Sent], log_end: int, logs: Path
) -> Told:
    position = (
        "SELECT next_offset FROM checkpoint WHERE consumer = $1 AND topic = $2 AND partition = 0"
    )

    async def everything_is_read() -> bool:
        row = await platform.ledger_row(position, LEDGER, ORDERS.name)
        return row is not None and row["next_offset"] >= log_end

    with logs.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROCESS, platform.ledger_dsn, platform.kafka),
            stdout=out,
            stderr=out,
        )
        try:
            await eventually(everything_is_read, within_seconds=60)
        finally:
            await end(process)
    async with platform.ledger_db() as db:
        rows = await db.fetch("SELECT * FROM parked_event")
        accounts = await db.fetch("SELECT account FROM account WHERE moves = 1")
        next_offset = await db.fetchval(position, LEDGER, ORDERS.name)
    places = dict(zip(range(1, log_end, 3), sent, strict=True))
    return Told(
        sent=sent,
        parked={places[row["offset_"]]: row for row in rows},
        handled={row["account"] for row in accounts},
        positions=(next_offset, log_end),
        logs=logs.read_text(),
    )


@pytest.mark.parametrize("case", PARAMETERS)
def test_it_parks_with_its_reason_and_as_it_came(told: Told, case: Bad) -> None:
    assert case.name in told.parked, "it parks"
    row, sent = told.parked[case.name], told.sent[case.name]
    assert row["error"].startswith("UnreadableEventError: ")
    assert case.reason in row["error"]
    assert row["payload"] == sent.value
    kept = [(name, value.encode("latin-1")) for name, value in json.loads(row["headers"])]
    assert kept == sent.headers


def test_the_events_around_them_are_handled_and_nothing_else_parks(told: Told) -> None:
    around = {f"{side}-{case.name}" for case in CASES for side in ("before", "after")}
    assert told.handled == around
    assert set(told.parked) == set(told.sent)


def test_the_partition_is_read_to_its_end(told: Told) -> None:
    next_offset, log_end = told.positions
    assert next_offset == log_end


def test_neither_log_nor_reason_repeats_what_was_sent(told: Told) -> None:
    parkings = [line for line in told.logs.splitlines() if "event parked" in line]
    assert len(parkings) == len(CASES), "each parking is told"
    assert SECRET not in told.logs
    assert [name for name, row in told.parked.items() if SECRET in (row["error"] or "")] == []
