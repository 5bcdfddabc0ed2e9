"""After a restore of its publisher's database a partition goes on in a higher epoch."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from libs.events.contracts import Event
from libs.events.transport.envelope import (
    Origin,
    write_epoch_mark,
    write_headers,
    write_sequence,
)
from tests.transport.ledger import ORDERS, order
from tests.transport.platform import TestPlatform, eventually, ledger

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def headers_of(event: Event, place: tuple[int, int]) -> list[tuple[str, bytes]]:
    written = write_headers(
        event, source="teller", time=NOON, origin=Origin(event.event_id, None, None)
    )
    written["ce_sequence"] = write_sequence(*place)
    return [(name, value.encode()) for name, value in written.items()]


async def test_the_mark_of_a_raised_epoch_is_no_event_and_the_sequence_begins_anew_behind_it(
    platform: TestPlatform,
) -> None:
    one, two = order("account-0", 1, 5), order("account-0", 2, 7)
    producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
    await producer.start()
    for headers, value in (
        (headers_of(one, (1, 1)), one.model_dump_json()),
        (write_epoch_mark(2, source="teller", time=NOON), json.dumps({})),
        (headers_of(two, (2, 1)), two.model_dump_json()),
    ):
        await producer.send_and_wait(
            ORDERS.name, value.encode(), key=b"account-0", partition=0, headers=headers
        )
    await producer.stop()
    async with platform.start(ledger):

        async def both_handled() -> bool:
            row = await platform.ledger_row("SELECT seen FROM account WHERE account = 'account-0'")
            return row is not None and row["seen"] == "1 2 "

        await eventually(both_handled)
    row = await platform.ledger_row(
        "SELECT epoch, last_sequence FROM checkpoint WHERE topic = $1 AND partition = 0",
        ORDERS.name,
    )
    assert row is not None
    assert tuple(row) == (2, 1)
    async with platform.ledger_db() as db:
        assert await db.fetchval("SELECT count(*) FROM parked_event") == 0
