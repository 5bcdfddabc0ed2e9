"""A subscriber is told each change of its claims: by number, in order, and once."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

from fhir.resources.R4B.bundle import Bundle

from libs.events.examples import billing
from libs.events.examples import interop as examples
from services.interop.subscriptions.model import KEPT_EVENTS
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, send
from tests.interop.fhir.test_bad_bundles import PATIENT
from tests.interop.subscriptions.conftest import (
    SECRET,
    Hook,
    event,
    later,
    look,
    said,
    story,
    subscribe,
    subscription,
)
from tests.interop.writeback.conftest import open_hl7, send_visit

FHIR = "http://mainstay.test/fhir"


async def test_an_endpoint_is_asked_by_a_handshake_before_anything_is_told(
    interop: Harness, key: str, hook: Hook
) -> None:
    made = await send(interop, key, "POST", "/Subscription", subscription(hook.url))
    assert (made.status_code, made.json()["status"]) == (201, "requested")
    assert made.headers["location"] == f"{FHIR}/Subscription/{made.json()['id']}"
    assert hook.got == []
    await interop.fire_timers()
    [bundle] = hook.bundles()
    assert bundle["type"] == "history"
    assert said(bundle) == {
        "subscription": made.headers["location"],
        "topic": "urn:mainstay:SubscriptionTopic:claim-status",
        "status": "requested",
        "type": "handshake",
        "events-since-subscription-start": "0",
    }
    request = bundle["entry"][0]["request"]
    assert request == {"method": "GET", "url": f"{made.headers['location']}/$status"}
    assert (await look(interop, key, made.json()["id"]))["status"] == "active"


async def test_a_claims_story_is_told_event_by_event(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook)
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert hook.told() == [("event-notification", str(n)) for n in range(1, 6)]
    claim = f"{FHIR}/ClaimResponse/{billing.claim_paid().claim_id}"
    for number, bundle in enumerate(hook.bundles(), 1):
        assert event(bundle)["focus"] == claim
        assert said(bundle)["events-since-subscription-start"] == str(number)
        assert len(bundle["entry"]) == 1, "only ids were asked for"
        Bundle.model_validate(bundle)


async def test_an_empty_notification_names_nothing(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook, content="empty")
    await interop.receive(*story(visit)[:1])
    await interop.fire_timers()
    [bundle] = hook.bundles()
    assert event(bundle).keys() == {"event-number", "timestamp"}
    assert "topic" not in said(bundle)
    assert len(bundle["entry"]) == 1
    assert str(billing.claim_paid().claim_id) not in json.dumps(bundle)


async def test_a_full_notification_holds_the_claim_as_it_stood_then(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook, content="full-resource")
    await interop.receive(*story(visit))
    await interop.fire_timers()
    claims = [bundle["entry"][1]["resource"] for bundle in hook.bundles()]
    assert [claim["outcome"] for claim in claims] == [
        "queued", "queued", "queued", "partial", "complete",
    ]  # fmt: skip
    for bundle in hook.bundles():
        assert bundle["entry"][1]["fullUrl"] == event(bundle)["focus"]
        Bundle.model_validate(bundle)


async def test_each_header_is_sent_and_the_body_is_of_the_type_that_was_asked_for(
    interop: Harness, key: str, hook: Hook
) -> None:
    asked = subscription(hook.url, header=[f"Authorization: {SECRET}", "X-Clinic: 7"])
    asked["channel"]["payload"] = "application/json"
    await send(interop, key, "POST", "/Subscription", asked)
    await interop.fire_timers()
    [(headers, _)] = hook.got
    assert (headers["Authorization"], headers["X-Clinic"]) == (SECRET, "7")
    assert headers["Content-Type"] == "application/json"


async def test_heartbeats_come_at_their_period_and_count_no_event(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook, heartbeat=60)
    await later(interop, 59)
    assert hook.got == []
    await later(interop, 1)
    await interop.receive(*story(visit)[:1])
    await interop.fire_timers()
    await later(interop, 60)
    assert hook.told() == [("heartbeat", None), ("event-notification", "1"), ("heartbeat", None)]
    assert [said(b)["events-since-subscription-start"] for b in hook.bundles()] == ["0", "1", "1"]
    assert said(hook.bundles()[0])["status"] == "active"


async def test_who_is_off_or_gone_hears_no_heartbeat_and_no_event(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    one = await subscribe(interop, key, hook, heartbeat=60)
    other = await subscribe(interop, key, hook, heartbeat=60, reason="another")
    off = subscription(hook.url, heartbeat=60, id=one["id"], status="off")
    answer = await send(interop, key, "PUT", f"/Subscription/{one['id']}", off)
    assert answer.json()["status"] == "off"
    gone = await send(interop, key, "DELETE", f"/Subscription/{other['id']}")
    assert gone.status_code == 204
    await interop.receive(*story(visit))
    await later(interop, 600)
    assert hook.got == []
    assert (await send(interop, key, "GET", f"/Subscription/{other['id']}")).status_code == 404
    status = said((await send(interop, key, "GET", f"/Subscription/{one['id']}/$status")).json())
    assert status["events-since-subscription-start"] == "0"


async def test_a_subscription_ends_when_it_says(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook, end="2026-03-02T13:00:00Z")
    first, second, *_ = story(visit)
    await interop.receive(first)
    await interop.fire_timers()
    await later(interop, 3600)
    await interop.receive(second)
    await interop.fire_timers()
    assert hook.told() == [("event-notification", "1")]
    assert (await look(interop, key, made["id"]))["status"] == "off"


async def test_a_filter_tells_of_one_patient_also_under_another_chart(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    other = PATIENT | {"id": "p2", "identifier": [{"value": "1002"}]}
    assert (await send(interop, key, "PUT", "/Patient/p2", other)).status_code == 201
    await subscribe(interop, key, hook, filter="ClaimResponse?patient=Patient/p2")
    mine = Hook(url=hook.url)
    await subscribe(interop, key, mine, filter="patient=p1")
    hook.got.clear()
    first, second, *_ = story(visit)
    await interop.receive(first)
    await interop.fire_timers()
    assert len(hook.got) == 1, "only the one about p1"
    merged = other | {"link": [{"other": {"reference": "Patient/p1"}, "type": "replaces"}]}
    assert (await send(interop, key, "PUT", "/Patient/p2", merged)).status_code == 200
    await interop.receive(second)
    await interop.fire_timers()
    assert len(hook.got) == 3, "p2's chart is p1's patient now"


async def test_an_ehr_that_sends_hl7_is_told_over_fhir_from_its_subscription_on(
    interop: Harness, key: str, hook: Hook, open_connection: OpenConnection
) -> None:
    hl7 = await open_hl7(open_connection, name="hl7 of the same EHR")
    before = await send_visit(interop, hl7)
    await interop.receive(billing.charges_posted(encounter_id=before))
    await subscribe(interop, key, hook, content="full-resource")
    await interop.receive(billing.claim_submitted())
    await interop.fire_timers()
    assert hook.got == [], "a claim is followed from its beginning on, or not at all"
    claim = uuid5(examples.NAMESPACE, "another claim")
    await interop.receive(billing.charges_posted(encounter_id=before, claim_id=claim))
    await interop.fire_timers()
    [bundle] = hook.bundles()
    found = bundle["entry"][1]["resource"]
    assert found["patient"] == {"type": "Patient", "identifier": {"value": "1001"}}
    assert found["extension"][0]["valueReference"]["identifier"] == {"value": "V9"}


async def test_an_event_again_is_told_once(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    await subscribe(interop, key, hook)
    charges = billing.charges_posted(encounter_id=visit)
    await interop.receive(charges, charges)
    await interop.fire_timers()
    assert len(hook.got) == 1


async def test_what_happened_can_be_asked_for_by_number(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook)
    await interop.receive(*story(visit))
    path = f"/Subscription/{made['id']}/$events"

    async def numbers(query: str, body: Any = None) -> list[str]:
        answer = await send(interop, key, "POST" if body else "GET", f"{path}{query}", body)
        bundle = answer.json()
        Bundle.model_validate(bundle)
        assert said(bundle)["type"] == "query-event"
        rows = bundle["entry"][0]["resource"]["parameter"]
        return [r["part"][0]["valueString"] for r in rows if r["name"] == "notification-event"]

    assert await numbers("") == ["1", "2", "3", "4", "5"]
    assert await numbers("?eventsSinceNumber=2&eventsUntilNumber=3") == ["2", "3"]
    assert await numbers("?eventsSinceNumber=9") == []
    parameters = [{"name": "eventsSinceNumber", "valueString": "5"}]
    assert await numbers("", {"resourceType": "Parameters", "parameter": parameters}) == ["5"]
    full = await send(interop, key, "GET", f"{path}?content=full-resource&eventsSinceNumber=4")
    assert [e["resource"]["outcome"] for e in full.json()["entry"][1:]] == ["partial", "complete"]
    refused = await send(interop, key, "GET", f"{path}?eventsSinceNumber=one")
    assert refused.status_code == 400


async def test_of_what_was_taken_the_last_thousand_are_kept(
    interop: Harness, key: str, hook: Hook, visit: UUID
) -> None:
    made = await subscribe(interop, key, hook)
    first, second, *_ = story(visit)
    await interop.receive(first)
    await interop.fire_timers()
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("UPDATE subscription SET events = $1, sent = $1", KEPT_EVENTS)
    await interop.receive(second)
    await interop.fire_timers()
    bundle = (await send(interop, key, "GET", f"/Subscription/{made['id']}/$events")).json()
    assert event(bundle)["event-number"] == str(KEPT_EVENTS + 1), "the first is forgotten"


async def test_another_practices_claims_are_not_told(
    interop: Harness, key: str, hook: Hook, visit: UUID, open_connection: OpenConnection
) -> None:
    elsewhere = uuid5(examples.NAMESPACE, "other practice")
    theirs = await open_connection(kind="fhir", profile=PROFILE, practice_id=elsewhere)
    await subscribe(interop, theirs, hook)
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert hook.got == []
