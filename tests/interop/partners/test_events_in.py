"""A partner's CloudEvents over HTTP: taken once, in every content mode, and published as ours."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from cloudevents.v1.conversion import to_binary, to_structured
from cloudevents.v1.http import CloudEvent

from libs.events.contracts import Event
from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentMissed,
    EncounterPosted,
    PatientRegistered,
    PatientUpdated,
)
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection, said

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def envelope(event: Event, *, event_id: str = "1", **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/partner/ehr",
        "type": event.type,
        "data": event.model_dump(mode="json"),
        **changes,
    }


async def post(
    interop: Harness, key: str, body: Any, *, content_type: str = STRUCTURED
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with interop.http(key=key) as client:
        return await client.post("/events", content=content, headers={"content-type": content_type})


async def fates(interop: Harness) -> list[str]:
    async with interop.http(examples.PRACTICE) as client:
        messages = (await client.get("/messages")).json()
    return sorted(message["fate"] for message in messages)


ENCOUNTER = examples.encounter_posted(source="cloudevents")


async def test_a_registered_patients_encounter_is_published_exactly_as_sent(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, envelope(examples.patient_registered()))
    answer = await post(interop, key, envelope(ENCOUNTER, event_id="2"))
    assert answer.status_code == 202, answer.text
    [registered] = await interop.published(PatientRegistered)
    [posted] = await interop.published(EncounterPosted)
    assert said([registered, posted]) == said([examples.patient_registered(), ENCOUNTER])
    async with interop.http(examples.PRACTICE) as client:
        story = (await client.get(f"/messages/{answer.json()['message_id']}")).json()
    assert story["fate"] == "accepted"
    assert story["events"] == [
        {
            "event_id": str(posted.event_id),
            "event_type": "interop.encounter-posted.v1",
            "subject": str(posted.encounter_id),
        }
    ]


@pytest.mark.parametrize("write", [to_binary, to_structured])
async def test_what_the_cloudevents_sdk_writes_is_taken(
    interop: Harness, open_connection: OpenConnection, write: Any
) -> None:
    key = await open_connection()
    attributes = {"source": "/partner/ehr", "type": "interop.patient-registered.v1"}
    headers, body = write(
        CloudEvent(attributes, examples.patient_registered().model_dump(mode="json"))
    )
    headers.setdefault("content-type", JSON)
    async with interop.http(key=key) as client:
        answer = await client.post("/events", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert said(await interop.published_all()) == said([examples.patient_registered()])


async def test_the_same_event_in_another_content_mode_is_a_duplicate(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = envelope(examples.patient_registered())
    first = await post(interop, key, told)
    second = await post(interop, key, [told], content_type=BATCH)
    attributes = {f"ce-{name}": told[name] for name in ("specversion", "id", "source", "type")}
    async with interop.http(key=key) as client:
        third = await client.post("/events", json=told["data"], headers=attributes)
    assert (first.status_code, second.status_code, third.status_code) == (202, 200, 200)
    assert second.json()[0]["fate"] == third.json()["fate"] == "duplicate"
    assert third.json()["message_id"] == first.json()["message_id"]
    assert len(await interop.published_all()) == 1
    assert await fates(interop) == ["accepted", "duplicate", "duplicate"]


async def test_the_same_event_sent_many_times_at_once_is_taken_once(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = envelope(examples.patient_registered())
    answers = await asyncio.gather(*[post(interop, key, told) for _ in range(8)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len(await interop.published_all()) == 1


async def test_an_id_used_again_for_other_content_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, envelope(examples.patient_registered()))
    answer = await post(interop, key, envelope(examples.patient_updated()))
    assert answer.status_code == 422
    assert [r["code"] for r in answer.json()["refusals"]] == ["control-id-reused"]
    assert await fates(interop) == ["accepted", "refused"]


async def test_an_unknown_type_is_told_which_types_are_taken_and_kept(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = envelope(examples.query_opened())
    answer = await post(interop, key, told)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["types_taken"] == [
        "interop.appointment-booked.v1",
        "interop.appointment-cancelled.v1",
        "interop.appointment-changed.v1",
        "interop.appointment-completed.v1",
        "interop.appointment-missed.v1",
        "interop.encounter-corrected.v1",
        "interop.encounter-posted.v1",
        "interop.encounter-voided.v1",
        "interop.patient-merged.v1",
        "interop.patient-registered.v1",
        "interop.patient-unmerged.v1",
        "interop.patient-updated.v1",
    ]
    assert await fates(interop) == ["refused"]
    assert await interop.published_all() == []


async def test_a_patients_life_flows_through_in_order(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = [
        examples.patient_registered(),
        examples.patient_updated(),
        examples.appointment_booked(),
        examples.appointment_missed(),
        examples.appointment_cancelled(reason="booked-in-error"),
        examples.appointment_booked(),
        examples.appointment_changed(),
        examples.appointment_completed(starts_on=examples.appointment_changed().starts_on),
        ENCOUNTER,
    ]
    batch = [envelope(event, event_id=str(n)) for n, event in enumerate(told)]
    answer = await post(interop, key, batch, content_type=BATCH)
    assert [one["fate"] for one in answer.json()] == ["accepted"] * 9
    assert said(await interop.published_all()) == said(told)


async def test_one_bad_event_of_a_batch_leaves_the_others_alone(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    batch = [
        envelope(ENCOUNTER, event_id="early"),
        "no event",
        envelope(examples.patient_registered(), event_id="patient"),
        envelope(ENCOUNTER, event_id="late"),
    ]
    answer = await post(interop, key, batch, content_type=BATCH)
    assert [one["fate"] for one in answer.json()] == ["refused", "refused", "accepted", "accepted"]
    codes = [one["refusals"][0]["code"] for one in answer.json()[:2]]
    assert codes == ["patient-unknown", "not-an-event"]


@pytest.mark.parametrize("kind", [AppointmentBooked, AppointmentMissed, EncounterPosted])
async def test_news_of_an_unknown_patient_is_refused(
    interop: Harness, open_connection: OpenConnection, kind: type[Event]
) -> None:
    made: dict[type[Event], Event] = {
        AppointmentBooked: examples.appointment_booked(),
        AppointmentMissed: examples.appointment_missed(),
        EncounterPosted: ENCOUNTER,
    }
    answer = await post(interop, await open_connection(), envelope(made[kind]))
    assert answer.status_code == 422
    assert await interop.published_all() == []


async def test_an_encounter_is_posted_once_and_its_change_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, envelope(examples.patient_registered()))
    changed = examples.encounter_posted(source="cloudevents", diagnoses=("Z00.01",))
    same = await post(interop, key, envelope(ENCOUNTER, event_id="2"))
    again = await post(interop, key, envelope(ENCOUNTER, event_id="3"))
    other = await post(interop, key, envelope(changed, event_id="4"))
    assert (same.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert other.json()["refusals"][0]["code"] == "encounter-already-posted"
    assert said(await interop.published(EncounterPosted)) == said([ENCOUNTER])


async def test_an_update_that_says_nothing_new_publishes_nothing(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, envelope(examples.patient_registered()))
    same = examples.patient_updated(person=examples.PERSON)
    assert (await post(interop, key, envelope(same, event_id="2"))).status_code == 202
    assert await interop.published(PatientUpdated) == []


async def test_another_systems_patient_cannot_be_changed(
    interop: Harness, open_connection: OpenConnection
) -> None:
    owner = await open_connection()
    await post(interop, owner, envelope(examples.patient_registered()))
    other = await open_connection(name="other", source_system="another ehr")
    answer = await post(interop, other, envelope(examples.patient_updated()))
    assert answer.json()["refusals"][0]["code"] == "patient-unknown"


async def test_another_practices_event_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    foreign = examples.patient_registered(practice_id=examples.QUERY)
    extension = envelope(examples.patient_registered(), practiceid=str(UUID(int=1)))
    for told in (envelope(foreign), extension):
        answer = await post(interop, key, told)
        assert answer.json()["refusals"][0]["code"] == "practice-mismatch"
