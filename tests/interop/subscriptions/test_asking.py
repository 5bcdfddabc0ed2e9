"""Who subscribes: what is taken, what is refused and why, and what of it is shown again."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

import pytest
from fhir.resources.R4B.subscription import Subscription

from libs.events.examples import interop as examples
from services.interop.subscriptions.model import MASK, MOST_SUBSCRIPTIONS
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, codes, send
from tests.interop.subscriptions.conftest import (
    EXTENSION,
    SECRET,
    Hook,
    look,
    said,
    story,
    subscribe,
    subscription,
)

SOMEWHERE = "https://ehr.clinic.example/hook"


def changed(*path: str, to: Any, url: str = SOMEWHERE) -> dict[str, Any]:
    """A good subscription, its value at `path` replaced, or taken out with None."""
    found = place = subscription(url)
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return found


def extended(name: str, **value: Any) -> dict[str, Any]:
    return {"extension": [{"url": f"{EXTENSION}{name}", **value}]}


REFUSED = {
    "status": changed("status", to="error"),
    "topic-unknown": changed("criteria", to="Observation?code=1234-5"),
    "channel-not-served": changed("channel", "type", to="email"),
    "payload-not-served": changed("channel", "payload", to="application/fhir+xml"),
    "payload-content": changed("channel", "_payload", to=None),
    "element-missing": changed("reason", to=None),
    "code-unknown": changed("status", to="begun"),
    "heartbeat": subscription(SOMEWHERE, heartbeat=1),
    "timeout": subscription(SOMEWHERE, timeout=0),
    "end": changed("end", to="2026-03-02T11:59:59Z"),
    "patient-unknown": subscription(SOMEWHERE, filter="ClaimResponse?patient=Patient/nobody"),
    "extension-not-served": changed("_criteria", to=extended("unheard-of", valueString="x")),
    "header": subscription(SOMEWHERE, header=["Host: elsewhere.example"]),
    "header-unknown": subscription(SOMEWHERE, header=[f"Authorization: {MASK}"]),
    "type-mismatch": {"resourceType": "Patient"},
}


@pytest.mark.parametrize("code", REFUSED)
async def test_what_is_not_served_is_refused_with_its_reason(
    interop: Harness, key: str, code: str
) -> None:
    answer = await send(interop, key, "POST", "/Subscription", REFUSED[code])
    assert (answer.status_code, codes(answer)) == (422, [code])


@pytest.mark.parametrize(
    "filter",
    ["ClaimResponse?status=active", "Encounter?patient=Patient/p1", "patient=p1&request=c", "x"],
)
async def test_a_filter_that_cannot_be_applied_is_refused(
    interop: Harness, key: str, filter: str
) -> None:
    answer = await send(
        interop, key, "POST", "/Subscription", subscription(SOMEWHERE, filter=filter)
    )
    assert codes(answer) == ["filter-not-served"]


@pytest.mark.parametrize(
    "header",
    ["no-colon", "X-A: b\r\nX-C: d", "X-A: ", "X A: b", "X-A: \u00e9", "X-A: " + "b" * 5000],
)
async def test_a_header_that_is_none_is_refused_without_its_value(
    interop: Harness, key: str, header: str
) -> None:
    asked = subscription(SOMEWHERE, header=["X-Good: 1", header])
    answer = await send(interop, key, "POST", "/Subscription", asked)
    assert answer.status_code == 422
    assert "header[1]" in answer.json()["issue"][0]["expression"][0]
    assert "X-C" not in answer.text


PRIVATE = [
    "https://localhost/hook",
    "https://127.0.0.1/hook",
    "https://127.1/hook",
    "https://2130706433/hook",
    "https://[::1]/hook",
    "https://[::ffff:10.0.0.1]/hook",
    "https://[64:ff9b::a00:1]/hook",
    "https://10.1.2.3/hook",
    "https://192.168.0.9/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/hook",
    "https://224.0.0.1/hook",
    "https://0.0.0.0/hook",
    "https://kubernetes.default.svc.internal/hook",
    "https://printer/hook",
]


@pytest.mark.parametrize("url", PRIVATE)
async def test_an_endpoint_of_our_own_network_is_refused_unless_the_machine_allows_it(
    interop: Harness, key: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    assert (await send(interop, key, "POST", "/Subscription", subscription(url))).status_code == 201
    monkeypatch.delenv("INTEROP_SUBSCRIPTION_PRIVATE_ENDPOINTS")
    answer = await send(interop, key, "POST", "/Subscription", subscription(url))
    assert codes(answer) == ["endpoint-private"]
    assert "hook" not in answer.text


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://ehr.clinic.example/hook", "endpoint-not-https"),
        ("ftp://ehr.clinic.example/hook", "endpoint-not-https"),
        ("https://me:secret@ehr.clinic.example/hook", "endpoint-credentials"),
        ("https://ehr.clinic.example:0/hook", "endpoint"),
        ("https://ehr.clinic.example/a b", "endpoint"),
        ("/hook", "endpoint"),
        ("https://", "endpoint"),
    ],
)
async def test_an_endpoint_has_to_be_a_plain_https_address(
    interop: Harness, key: str, monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    monkeypatch.delenv("INTEROP_SUBSCRIPTION_PRIVATE_ENDPOINTS")
    answer = await send(interop, key, "POST", "/Subscription", subscription(url))
    assert codes(answer) == [code]
    assert "secret" not in answer.text


async def test_a_name_that_leads_into_our_own_network_is_not_followed(
    interop: Harness, key: str, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name says nothing of where it leads: that is looked at when it is resolved."""
    here = hook.url.replace("127.0.0.1", "localhost")
    made = (await send(interop, key, "POST", "/Subscription", subscription(here))).json()
    monkeypatch.delenv("INTEROP_SUBSCRIPTION_PRIVATE_ENDPOINTS")
    await interop.fire_timers()
    assert hook.got == []
    status = (await send(interop, key, "GET", f"/Subscription/{made['id']}/$status")).json()
    assert said(status)["error"]["coding"][0]["code"] == "dns-resolution-error"


async def test_a_subscription_is_read_back_valid_and_without_its_headers_values(
    interop: Harness, key: str, hook: Hook
) -> None:
    asked = subscription(hook.url, header=[f"Authorization: {SECRET}"], heartbeat=60)
    made = await send(interop, key, "POST", "/Subscription", asked)
    found = await look(interop, key, made.json()["id"])
    Subscription.model_validate(found)
    assert found["channel"]["header"] == [f"Authorization: {MASK}"]
    assert {**asked["channel"], "header": [f"Authorization: {MASK}"]} == found["channel"]
    listed = await send(interop, key, "GET", "/Subscription")
    assert SECRET not in made.text + listed.text + json.dumps(found)
    async with interop.uow(examples.PRACTICE) as uow:
        content = await uow.db.fetchval("SELECT content FROM subscription")
    assert json.loads(content).keys() == {"alg", "kid", "iv", "ct"}


async def test_what_was_shown_may_be_sent_back_and_the_secret_stays(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook, header=[f"Authorization: {SECRET}"])
    shown = await look(interop, key, made["id"])
    again = await send(
        interop, key, "PUT", f"/Subscription/{made['id']}", shown | {"reason": "still ours"}
    )
    assert again.json()["status"] == "active", "it goes on as it was, without another handshake"
    assert again.json()["reason"] == "still ours"
    await interop.receive(*story(visit)[:1])
    await interop.fire_timers()
    [(headers, _)] = hook.got
    assert headers["Authorization"] == SECRET


async def test_another_secret_or_endpoint_is_asked_for_by_a_handshake(
    interop: Harness, key: str, hook: Hook
) -> None:
    made = await subscribe(interop, key, hook, header=[f"Authorization: {SECRET}"])
    asked = subscription(hook.url, header=["Authorization: another"], id=made["id"])
    answer = await send(interop, key, "PUT", f"/Subscription/{made['id']}", asked)
    assert answer.json()["status"] == "requested"
    await interop.fire_timers()
    assert hook.told() == [("handshake", None)]
    assert hook.got[0][0]["Authorization"] == "another"


async def test_the_same_again_is_the_same_subscription(
    interop: Harness, key: str, hook: Hook
) -> None:
    first = await subscribe(interop, key, hook)
    again = await subscribe(interop, key, hook)
    assert (again["id"], again["status"]) == (first["id"], "active")
    other = await subscribe(interop, key, hook, reason="another")
    assert other["id"] != first["id"]


async def test_subscriptions_are_found_by_status_and_endpoint(
    interop: Harness, key: str, hook: Hook
) -> None:
    active = await subscribe(interop, key, hook)
    waiting = (await send(interop, key, "POST", "/Subscription", subscription(SOMEWHERE))).json()

    async def found(query: str) -> list[str]:
        bundle = (await send(interop, key, "GET", f"/Subscription{query}")).json()
        assert bundle["type"] == "searchset"
        return sorted(entry["resource"]["id"] for entry in bundle.get("entry", []))

    assert await found("") == sorted([active["id"], waiting["id"]])
    assert await found("?status=active") == [active["id"]]
    assert await found("?status=requested,error") == [waiting["id"]]
    assert await found(f"?url={SOMEWHERE}") == [waiting["id"]]
    assert await found("?status=off") == []
    refused = await send(interop, key, "GET", "/Subscription?name=x")
    assert (refused.status_code, codes(refused)) == (400, ["parameter-unknown"])
    every = (await send(interop, key, "GET", "/Subscription/$status")).json()
    assert (every["type"], every["total"]) == ("searchset", 2)
    one = (await send(interop, key, "GET", "/Subscription/$status?status=active")).json()
    assert one["total"] == 1


async def test_another_connections_subscription_is_like_one_that_is_missing(
    interop: Harness, key: str, hook: Hook, open_connection: OpenConnection
) -> None:
    made = await subscribe(interop, key, hook)
    elsewhere = uuid5(examples.NAMESPACE, "other practice")
    foreign = await open_connection(kind="fhir", profile=PROFILE, practice_id=elsewhere)
    other = await open_connection(kind="fhir", profile=PROFILE, name="another of this practice")
    body = subscription(hook.url, id=made["id"], status="off")
    for theirs in (foreign, other):
        for method, path in (("GET", ""), ("GET", "/$status"), ("GET", "/$events"), ("PUT", "")):
            asked = body if method == "PUT" else None
            answer = await send(interop, theirs, method, f"/Subscription/{made['id']}{path}", asked)
            assert (answer.status_code, codes(answer)) == (404, ["not-found"])
        gone = await send(interop, theirs, "DELETE", f"/Subscription/{made['id']}")
        assert gone.status_code == 204
        listed = (await send(interop, theirs, "GET", "/Subscription")).json()
        assert listed["total"] == 0
    assert (await look(interop, key, made["id"]))["status"] == "active"


async def test_an_unknown_key_opens_nothing(interop: Harness, key: str) -> None:
    for path in ("/Subscription", "/ClaimResponse", "/Subscription/$status"):
        answer = await send(interop, key[:-1] + "x", "GET", path)
        assert (answer.status_code, codes(answer)) == (401, ["login"])


async def test_nobody_subscribes_without_end(interop: Harness, key: str, hook: Hook) -> None:
    made = await subscribe(interop, key, hook)
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute(
            """
            INSERT INTO subscription
            SELECT s.practice_id, gen_random_uuid(), s.connection_id, s.source_system, s.topic,
                   s.patient_id, 'off', NULL, 0, 0, 0, 0, s.base, s.content, s.changed_at
              FROM subscription s, generate_series(2, $1)
            """,
            MOST_SUBSCRIPTIONS,
        )
    answer = await send(interop, key, "POST", "/Subscription", subscription(SOMEWHERE))
    assert codes(answer) == ["too-many-subscriptions"]
    await send(interop, key, "DELETE", f"/Subscription/{made['id']}")
    again = await send(interop, key, "POST", "/Subscription", subscription(SOMEWHERE))
    assert again.status_code == 201
