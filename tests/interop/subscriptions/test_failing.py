"""An endpoint that does not take what it is sent: again, in order, until it is given up."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.interop.subscriptions.model import MOST_FAILURES
from tests.harness import Harness
from tests.interop.fhir.asking import send
from tests.interop.health.sending import order
from tests.interop.subscriptions.conftest import (
    Hook,
    later,
    look,
    said,
    story,
    subscribe,
    subscription,
)


@pytest.mark.parametrize("answer", [None, 500, 404, 302])
async def test_a_handshake_that_is_not_taken_is_an_error(
    interop: Harness, key: str, hook: Hook, answer: int | None
) -> None:
    hook.answers = [answer]
    made = (await send(interop, key, "POST", "/Subscription", subscription(hook.url))).json()
    await interop.fire_timers()
    await later(interop, 3600)
    assert len(hook.got) == 1, "it is not asked again before it wants to be"
    found = await look(interop, key, made["id"])
    assert found["status"] == "error"
    assert found["error"]
    status = (await send(interop, key, "GET", f"/Subscription/{made['id']}/$status")).json()
    told = said(status)
    assert (told["status"], told["type"]) == ("error", "query-status")
    code = "no-response" if answer is None else "error-response"
    assert told["error"]["coding"][0]["code"] == code


async def test_without_an_answer_the_same_bundle_comes_again_before_any_other(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    """As after a kill between a notification and its answer."""
    await subscribe(interop, key, hook)
    hook.answers = [None, 503]
    await interop.receive(*story(visit)[:2])
    await interop.fire_timers()
    assert hook.told() == [("event-notification", "1")]
    await later(interop, 1)
    await later(interop, 2)
    numbers = [number for _, number in hook.told()]
    assert numbers == ["1", "1", "1", "2"]
    assert len({body for _, body in hook.got}) == 2


async def test_an_endpoint_that_is_away_too_long_is_given_up_and_all_is_told_when_it_asks_again(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook)
    hook.answers = [503] * MOST_FAILURES
    first, *rest = story(visit)
    await interop.receive(first)
    await interop.fire_timers()
    for _ in range(MOST_FAILURES):
        await later(interop, 601)
    assert len(hook.got) == MOST_FAILURES
    await interop.receive(*rest)
    await later(interop, 3600)
    assert len(hook.got) == MOST_FAILURES, "nothing is sent to who is in error"
    status = said((await send(interop, key, "GET", f"/Subscription/{made['id']}/$status")).json())
    assert (status["status"], status["events-since-subscription-start"]) == ("error", "5")
    hook.got.clear()
    again = await send(
        interop, key, "PUT", f"/Subscription/{made['id']}",
        subscription(hook.url, id=made["id"]),
    )  # fmt: skip
    assert (again.status_code, again.json()["status"]) == (200, "requested")
    await interop.fire_timers()
    assert hook.told() == [
        ("handshake", None),
        *(("event-notification", str(n)) for n in range(1, 6)),
    ]


async def test_who_is_in_error_for_a_month_is_off(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    hook.answers = [500]
    made = (await send(interop, key, "POST", "/Subscription", subscription(hook.url))).json()
    await interop.fire_timers()
    first, *rest = story(visit)
    await interop.receive(first)
    await later(interop, 29 * 86400)
    assert (await look(interop, key, made["id"]))["status"] == "error"
    await later(interop, 86400)
    assert (await look(interop, key, made["id"]))["status"] == "off"
    await interop.receive(*rest)
    status = said((await send(interop, key, "GET", f"/Subscription/{made['id']}/$status")).json())
    assert status["events-since-subscription-start"] == "1", "nothing gathers any more"


async def test_who_asked_again_in_time_is_not_taken_for_abandoned(
    interop: Harness, key: str, hook: Hook
) -> None:
    hook.answers = [500]
    made = (await send(interop, key, "POST", "/Subscription", subscription(hook.url))).json()
    await interop.fire_timers()
    await send(interop, key, "POST", "/Subscription", subscription(hook.url))
    await later(interop, 31 * 86400)
    assert (await look(interop, key, made["id"]))["status"] == "active"


async def test_what_failed_now_and_then_is_not_given_up(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook)
    for told in story(visit):
        hook.answers = [503] * (MOST_FAILURES // 2)
        await interop.receive(told)
        for _ in range(MOST_FAILURES // 2 + 1):
            await later(interop, 601)
    assert (await look(interop, key, made["id"]))["status"] == "active"


async def test_a_suspended_connection_is_told_nothing_until_it_is_live_again(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook)
    await order(interop, "suspend")
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert hook.got == []
    await order(interop, "go-live")
    await interop.fire_timers()
    assert [number for _, number in hook.told()] == ["1", "2", "3", "4", "5"]


async def test_an_endpoint_that_is_away_delays_no_other(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    away = Hook(url="http://127.0.0.1:9/")  # the discard port: nobody listens
    hook.answers = [200]
    moved = await subscribe(interop, key, hook, reason="moves away")
    await subscribe(interop, key, hook)
    asked = subscription(away.url, reason="moves away", id=moved["id"])
    await send(interop, key, "PUT", f"/Subscription/{moved['id']}", asked)
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert len(hook.got) == 5
    assert (await look(interop, key, moved["id"]))["status"] == "error"
