"""`mainstay lag`: of what is read, of what there is, and where a server is away."""

from __future__ import annotations

import signal
import socket

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.cli.mainstay import mainstay
from tests.cli.orders import run
from tests.transport.ledger import LEDGER, MOVES, ORDERS, TELLER, ledger, teller
from tests.transport.platform import TestPlatform, eventually
from tests.transport.rebuilding import begin_again, die_at, move, shows


async def shards(platform: TestPlatform) -> set[tuple[str, str, int]]:
    rows = (await run(platform, "lag", "--json")).json()
    assert {row["service"] for row in rows} <= {LEDGER}
    return {(row["consumer"], row["topic"], row["partition"]) for row in rows}


async def test_nobody_is_behind_where_nothing_was_ever_heard(platform: TestPlatform) -> None:
    assert await shards(platform) == set()
    text = await run(platform, "lag")
    assert (text.code, "records" in text.out) == (0, True)


async def test_only_what_is_read_is_behind(platform: TestPlatform) -> None:
    """Neither the generation that a swap kept, nor one whose rebuild was given up."""
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 30)
        await shows(platform, 30)
        assert await begin_again(platform) == 2
        assert await die_at(platform, "rebuild", "rebuild.caught-up") == -signal.SIGKILL
        live = {(f"{LEDGER}.totals.g2", MOVES.name, p) for p in range(MOVES.partitions)}
        handlers = {(LEDGER, ORDERS.name, p) for p in range(ORDERS.partitions)}

        async def only_the_live_one() -> bool:
            return await shards(platform) == live | handlers

        await eventually(only_the_live_one)


async def test_a_topic_that_is_gone_has_no_lag_and_the_others_do(platform: TestPlatform) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 30)
        await shows(platform, 30)
    admin = AIOKafkaAdminClient(bootstrap_servers=platform.kafka)
    await admin.start()
    await admin.delete_topics([MOVES.name])
    await admin.close()

    async def gone() -> bool:
        return {topic for _, topic, _ in await shards(platform)} == {ORDERS.name}

    await eventually(gone)


@pytest.mark.parametrize("command", [("lag",), ("outbox", "status"), ("projections", "status")])
async def test_a_server_that_does_not_answer_is_told_in_one_line_with_exit_code_1(
    platform: TestPlatform, command: tuple[str, ...]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        before, _, database = platform.teller_dsn.rpartition("/")
        away = f"{before.rpartition(':')[0]}:{port}/{database}"
        answer = await mainstay(*command, kafka=platform.kafka, databases={TELLER: away})
    assert answer.code == 1
    assert answer.text == "a server does not answer: ConnectionRefusedError\n"


async def test_a_broker_that_does_not_answer_is_told_as_well(platform: TestPlatform) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await move(publishing, 3)
        await shows(platform, 3)
    databases = {LEDGER: platform.ledger_dsn}
    answer = await mainstay("lag", kafka="127.0.0.1:1", databases=databases)
    assert answer.code == 1
    assert "a server does not answer: KafkaConnectionError\n" in answer.text
    assert "Traceback" not in answer.text
