"""The `mainstay` command against a platform that runs: what it tells, and what it never tells."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
import typer
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from libs.cli.app import app
from libs.cli.platform import Platform
from libs.cli.projections import rebuild_and_tell
from tests.cli.orders import CANARY, parked, place, run, seen
from tests.transport.ledger import (
    LEDGER,
    ORDERS,
    PRACTICE,
    healed,
    ledger,
    teller,
    totals,
)
from tests.transport.platform import TestPlatform, eventually


async def test_parked_events_are_listed_shown_and_retried_in_order(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place(publishing, 1, 2, 3, poison=1)
        await parked(platform, 3)
        rows = (await run(platform, "parked", "list", "--json")).json()
        assert [(r["service"], r["type"], r["key"], r["error"]) for r in rows] == [
            (LEDGER, "teller.move-ordered.v1", "account-0", "PoisonError"),
            (LEDGER, "teller.move-ordered.v1", "account-0", None),
            (LEDGER, "teller.move-ordered.v1", "account-0", None),
        ]
        first, second = str(rows[0]["id"]), str(rows[1]["id"])
        listed = await run(platform, "parked", "list", "--service", LEDGER)
        assert "PoisonError" in listed.out
        assert listed.out.count("waits behind its key") == 2
        shown = (await run(platform, "parked", "show", LEDGER, first, "--json")).json()
        assert shown["ce_practiceid"] == str(PRACTICE)
        assert (shown["error"], shown["key"]) == ("PoisonError", "account-0")
        assert "PoisonError" in (await run(platform, "parked", "show", LEDGER, first)).out

        refused = await run(platform, "parked", "retry", LEDGER, second)
        assert refused.code == 2
        assert "that is first of its key" in refused.text
        healed.add(1)
        try:
            assert (await run(platform, "parked", "retry", LEDGER, first)).code == 0
            await seen(platform, "1 2 3 ")
        finally:
            healed.clear()
        await parked(platform, 0)
        assert (await run(platform, "parked", "list")).out == "nothing is parked\n"


async def test_a_discarded_event_is_given_up_and_the_rest_of_its_key_handled(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place(publishing, 1, 2, 3, poison=1)
        await parked(platform, 3)
        [first, *_] = (await run(platform, "parked", "list", "--json")).json()
        assert (await run(platform, "parked", "discard", LEDGER, str(first["id"]))).code == 0
        await seen(platform, "2 3 ")
        async with platform.ledger_db() as db:
            acts = await db.fetch("SELECT act, acted_by FROM parked_act ORDER BY id")
        assert [act["act"] for act in acts] == ["discarded", "retried", "retried"]
        assert all(act["acted_by"] for act in acts), "each act is somebody's"


async def test_a_parked_record_of_nobody_knows_whom_is_shown_without_its_headers_values(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger):
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka)
        await producer.start()
        note = [("x-note", str(CANARY).encode())]
        await producer.send_and_wait(ORDERS.name, str(CANARY).encode(), key=b"k", headers=note)
        await producer.stop()
        await parked(platform, 1)
    [row] = (await run(platform, "parked", "list", "--json")).json()
    shown = (await run(platform, "parked", "show", LEDGER, str(row["id"]), "--json")).json()
    assert shown["x-note"] == "(not shown)"
    assert shown["bytes"] == len(str(CANARY))


async def test_consumers_are_listed_and_one_that_stopped_is_resumed_by_either_of_its_names(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place(publishing, 1, 2)
        await seen(platform, "1 2 ")

        async def both_began() -> bool:
            row = await platform.ledger_row("SELECT count(DISTINCT consumer) AS n FROM checkpoint")
            return row is not None and row["n"] == 2

        await eventually(both_began)
    for name in (LEDGER, f"{LEDGER}.totals"):
        async with platform.ledger_db() as db:
            await db.execute("INSERT INTO consumer_stop VALUES ($1, 'too much failed')", name)
    rows = {r["consumer"]: r for r in (await run(platform, "consumers", "list", "--json")).json()}
    assert set(rows) == {LEDGER, f"{LEDGER}.totals.g1"}
    assert rows[LEDGER]["handled"] == 2
    assert {row["reason"] for row in rows.values()} == {"too much failed"}
    assert "too much failed" in (await run(platform, "consumers", "list")).out
    for name in rows:
        assert (await run(platform, "consumers", "resume", LEDGER, name)).code == 0
    again = await run(platform, "consumers", "resume", LEDGER, LEDGER)
    assert (again.code, "has not stopped" in again.text) == (2, True)


async def test_an_event_is_shown_with_who_handled_it_and_traced_to_what_it_caused(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        [event_id, _] = await place(publishing, 1, 2)
        await seen(platform, "1 2 ")

        async def folded() -> bool:
            row = await platform.ledger_row("SELECT sum(moves) AS n FROM total")
            return row is not None and row["n"] == 2

        await eventually(folded)
    shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
    assert (shown["type"], shown["key"]) == ("teller.move-ordered.v1", "account-0")
    assert shown["consumers"] == {LEDGER: "handled"}
    assert f"{LEDGER}: handled" in (await run(platform, "events", "show", str(event_id))).out

    story = (await run(platform, "events", "trace", str(event_id), "--json")).json()
    caused = [event for event in story if event["causation_id"] == str(event_id)]
    assert [event["type"] for event in caused] == ["ledger.cents-moved.v1"]
    assert caused[0]["consumers"] == {f"{LEDGER}.totals.g1": "handled"}
    assert caused[0]["correlation_id"] == shown["correlation_id"]
    told = (await run(platform, "events", "trace", str(event_id))).out
    assert told.index("teller.move-ordered.v1") < told.index("ledger.cents-moved.v1")


async def test_projections_are_listed_also_those_of_a_service_that_the_code_does_not_have(
    platform: TestPlatform,
) -> None:
    async with platform.start(ledger):

        async def there() -> bool:
            row = await platform.ledger_row("SELECT count(*) AS n FROM projection")
            return row is not None and row["n"] == 1

        await eventually(there)
    [row] = (await run(platform, "projections", "list", "--json")).json()
    assert (row["service"], row["name"], row["generation"]) == (LEDGER, "totals", 1)
    assert row["in_code"] is None
    assert "gone" in (await run(platform, "projections", "list")).out


UNKNOWN: dict[tuple[str, ...], str] = {
    ("parked", "show", LEDGER, "99999999"): "no parked event 99999999",
    ("parked", "retry", LEDGER, "99999999"): "no parked event 99999999",
    ("parked", "discard", LEDGER, "99999999"): "no parked event 99999999",
    ("parked", "show", "nobody", "1"): "there is no service 'nobody'",
    ("parked", "list", "--service", "nobody"): "there is no service 'nobody'",
    ("consumers", "resume", "nobody", "x"): "there is no service 'nobody'",
    ("projections", "rebuild", "nobody", "x"): "there is no service 'nobody'",
    ("projections", "rebuild", LEDGER, "x"): "has these projections: none",
    ("projections", "rollback", LEDGER, "x"): "has these projections: none",
    ("projections", "forget", "nobody", "x"): "there is no service 'nobody'",
    ("projections", "status", "nobody"): "there is no service 'nobody'",
    ("projections", "as-of", LEDGER, "x", "2026-11-25T08:00:00Z"): "has these projections: none",
    ("outbox", "resume", "nobody"): "there is no service 'nobody'",
    ("outbox", "resume", LEDGER): "nothing is refused in the outbox of",
    ("outbox", "raise-epoch", "nobody"): "there is no service 'nobody'",
    ("events", "show", str(uuid4())): "no topic holds an event",
    ("events", "trace", str(uuid4())): "no topic holds an event",
    ("events", "show", "not-an-id"): "should be a valid UUID",
}


async def test_what_is_not_there_is_named_and_the_exit_code_is_2(platform: TestPlatform) -> None:
    for arguments, said in UNKNOWN.items():
        answer = await run(platform, *arguments)
        assert answer.code == 2, arguments
        assert said in answer.text, arguments
        assert "Traceback" not in answer.text


def test_without_a_platform_file_the_command_says_how_to_get_one() -> None:
    answer = CliRunner().invoke(
        app, ["parked", "list"], env={"MAINSTAY_PLATFORM": "/nowhere", "COLUMNS": "200"}
    )
    assert answer.exit_code == 2
    assert "start `make run`, or set MAINSTAY_PLATFORM" in answer.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "agreements"], "MAINSTAY_DATABASE_URL"),
        (["run", "nobody"], "there are:"),
        (["migrate", "agreements"], "MAINSTAY_ADMIN_DATABASE_URL is not set"),
        (["migrate", "nobody"], "there are:"),
        (["topics", "apply"], "env var: 'MAINSTAY_KAFKA'"),
    ],
)
def test_a_missing_setting_is_named(arguments: list[str], said: str) -> None:
    names = ("DATABASE_URL", "KAFKA", "ADMIN_DATABASE_URL", "DATABASE_PASSWORD")
    environment: dict[str, str | None] = {f"MAINSTAY_{name}": None for name in names}
    answer = CliRunner().invoke(app, arguments, env={**environment, "COLUMNS": "200"})
    assert answer.exit_code == 2
    assert said in answer.output


def test_the_help_begins_with_what_the_command_does() -> None:
    answer = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    assert "Run Mainstay's services, and see and mend what their events did." in answer.output


async def test_a_rebuild_says_which_generation_is_read_now_or_why_it_could_not_be_made(
    platform: TestPlatform, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = Platform(kafka=platform.kafka, databases={LEDGER: platform.ledger_dsn})
    with pytest.raises(typer.Exit) as refused:
        await asyncio.to_thread(rebuild_and_tell, addresses, LEDGER, totals)
    assert refused.value.exit_code == 1
    assert "not rebuilt: totals was never folded" in capsys.readouterr().err
    async with platform.start(teller) as publishing, platform.start(ledger):
        await place(publishing, 1, 2)
        await seen(platform, "1 2 ")
        await asyncio.to_thread(rebuild_and_tell, addresses, LEDGER, totals)
    assert "totals is read from generation 2 now" in capsys.readouterr().out
