"""`mainstay events` wherever an event may be, and how long its hops took."""

from __future__ import annotations

from tests.cli.orders import parked, place, run, seen
from tests.transport.ledger import LEDGER, PRACTICE, TELLER, ledger, order, teller
from tests.transport.platform import TestPlatform, eventually


async def test_an_event_is_found_in_its_outbox_before_it_is_sent(platform: TestPlatform) -> None:
    async with platform.start(teller, worker=False) as publishing:
        async with platform.teller_db() as relay_waits:
            await relay_waits.execute("LOCK TABLE outbox_shard IN EXCLUSIVE MODE")
            [event_id] = await place(publishing, 1)
            shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
            told = await run(platform, "events", "trace", str(event_id))
    assert (shown["outbox"], shown["offset"], shown["consumers"]) == (TELLER, None, {})
    assert f"in the outbox of {TELLER}" in told.out


async def test_an_event_is_shown_with_its_cause_what_it_caused_and_how_long_the_hops_took(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        [event_id] = await place(publishing, 1)
        await seen(platform, "1 ")

        async def appended() -> bool:
            shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
            return bool(shown["caused"])

        await eventually(appended, what="the effect is on its topic")
    shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
    assert shown["cause"] == []
    [caused] = shown["caused"]
    assert caused["type"] == "ledger.cents-moved.v1"
    assert set(shown["handled_at"]) == {LEDGER}
    effect = (await run(platform, "events", "show", caused["id"], "--json")).json()
    assert effect["cause"] == [{"id": str(event_id), "type": "teller.move-ordered.v1"}]
    assert (
        f"caused by        {event_id}" in (await run(platform, "events", "show", caused["id"])).out
    )
    told = (await run(platform, "events", "trace", str(event_id))).out
    assert f"{LEDGER}: handled after " in told


async def test_a_parked_event_is_told_as_parked_and_a_discarded_one_as_discarded(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        [event_id, _] = await place(publishing, 1, 2, poison=1)
        await parked(platform, 2)
        shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
        assert shown["consumers"] == {LEDGER: "parked"}
        await run(platform, "parked", "discard", "--key", "account-0")
        await parked(platform, 0)
        shown = (await run(platform, "events", "show", str(event_id), "--json")).json()
        assert (shown["consumers"], shown["handled_at"]) == ({LEDGER: "discarded"}, {})


async def test_what_lies_further_back_than_the_topics_are_read_is_not_found_and_it_says_so(
    platform: TestPlatform,
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with publishing.work.unit_of_work(PRACTICE) as uow:
            await uow.publish(order("account-0", 1, 5))
        await seen(platform, "1 ")
    event_id = str(order("account-0", 1, 5).event_id)
    answer = await run(platform, "events", "show", event_id, "--days", "0")
    assert (answer.code, "--days looks further back" in answer.text) == (2, True)
    assert (await run(platform, "events", "show", event_id)).code == 0
