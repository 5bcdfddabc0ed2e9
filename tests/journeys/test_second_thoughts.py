"""What is answered late, taken back or does not arrive: through the services' own doors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from libs.events.examples import interop as examples
from libs.local.demo.months import APPLICATION, Message, upcoming
from libs.local.run.feed import SEED, Feeder
from libs.local.run.platform import LocalPlatform
from libs.local.run.progress import Display
from libs.local.run.settle import settle
from services.interop.patients.model import patient_id_of
from tests.billing.remittance import payment
from tests.journeys.doors import as_decided, at, deliver, paid_claim, post_batch, said, send

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
ANSWERS = {
    "unmapped-diagnosis": "Z00.00",
    "missing-diagnosis": "Z00.00",
    "unmapped-procedure": "G0463",
    "missing-charge": "G0463",
}


@pytest.fixture
async def fed(live: LocalPlatform, fed: Feeder, shown: Display) -> Feeder:
    """With the public samples, so that there are open queries."""
    await fed.public_samples()
    await settle(live, shown, within_seconds=180)
    return fed


async def test_a_clinician_answers_a_query_about_a_visit(live: LocalPlatform, fed: Feeder) -> None:
    for door in fed.doors:
        async with at(live, "interop", door) as interop:
            queries = (await interop.get("/queries", params={"state": "open"})).json()
            npi = door.practice.clinicians[0].npi
            for query in queries:
                body = {"answer": ANSWERS.get(query["reason"], npi), "answered_for_npi": npi}
                answer = await interop.post(f"/queries/{query['query_id']}/answer", json=body)
                assert answer.status_code == 200, answer.text
                await said(live, "interop.query-answered.v1", query_id=query["query_id"])
                return
    pytest.fail("no practice has an open query")


async def test_a_payer_takes_a_payment_back_and_the_fee_goes_back_with_it(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    async with at(live, "billing", door) as billing:
        claim, posted = await paid_claim(billing)
        decided = as_decided(claim, posted, left="patient_cents")
        file = payment(decided.reversed(), trace="TAKENBACK1", payer=claim["payer_id"])
        deliver(live, door, "taken-back.835", file)
        await said(live, "billing.payment-reversed.v1", payment_id=posted["payment_id"])
        practice, cents = str(door.practice.practice_id), posted["paid_cents"]
        fee = "agreements.management-fee-reversed.v1"
        await said(live, fee, practice_id=practice, collected_cents=cents)
        history = (await billing.get(f"/claims/{claim['claim_id']}")).json()
    assert history["claim"]["state"] == "submitted", "it waits for the payer's correction"


async def test_an_appointment_is_moved_then_cancelled_and_another_is_kept(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[1]
    *_, booking = upcoming(door.practice, datetime.now(UTC), SEED, 7)  # nobody else's
    await send(live, door, booking, a_day_later(booking), cancelled(booking))
    practice_id = str(door.practice.practice_id)
    [changed] = await said(live, "interop.appointment-changed.v1", practice_id=practice_id)
    told = json.loads(changed.value or b"")
    about = {"appointment_id": told["appointment_id"], "reason": "cancelled"}
    await said(live, "interop.appointment-cancelled.v1", starts_on=told["starts_on"], **about)
    # Charges of a visit that was booked say that it took place.
    await said(live, "interop.appointment-completed.v1", practice_id=practice_id)


def a_day_later(booking: Message) -> Message:
    sch, *rest = booking.segments
    day = sch.split("|")[11].split("^")[3][:8]
    later = f"{date.fromisoformat(day) + timedelta(days=1):%Y%m%d}"
    segments = [sch.replace(day, later), *rest[:-1], rest[-1].replace(day, later)]
    return replace(
        booking,
        kind="SIU^S13^SIU_S12",
        control_id=f"{booking.control_id}13",
        segments=tuple(segments),
    )


def cancelled(booking: Message) -> Message:
    return replace(booking, kind="SIU^S15^SIU_S12", control_id=f"{booking.control_id}15")


async def test_a_reminder_arrives_and_is_answered_with_stop_and_another_reaches_nobody(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    practice_id = str(door.practice.practice_id)
    *_, arrives, lost = upcoming(door.practice, datetime.now(UTC), SEED, 10)  # nobody else's
    await send(live, door, arrives, nowhere(lost))
    await said(live, "engagement.message-failed.v1", practice_id=practice_id, reason="550")
    mrn = next(s for s in arrives.segments if s.startswith("PID")).split("|")[3].split("^")[0]
    patient_id = str(patient_id_of(door.practice.practice_id, APPLICATION, mrn))
    [sent] = await said(live, "engagement.message-sent.v1", patient_id=patient_id)
    told = json.loads(sent.value or b"")
    async with at(live, "engagement", door) as engagement:
        reply = {"message_id": told["message_id"], "text": "stop"}
        answer = await engagement.post("/replies", json=reply)
        assert answer.json() == {"action": "consent-withdrawn"}
    await said(live, "engagement.consent-withdrawn.v1", patient_id=told["patient_id"])


async def test_an_interface_that_is_mostly_refused_is_down_until_it_recovers(
    live: LocalPlatform, fed: Feeder
) -> None:
    door = fed.doors[0]
    async with at(live, "interop", door) as interop:
        command = {"connection_id": str(uuid4()), "kind": "cloudevents", "source_system": "late",
                   "time_zone": door.practice.time_zone, "secret": "f" * 40}  # fmt: skip
        opened = await interop.post("/connections", json=command)
    key, about = opened.json()["api_key"], {"connection_id": command["connection_id"]}
    data = examples.patient_registered(practice_id=door.practice.practice_id, patient_id=uuid4())
    event = {"specversion": "1.0", "source": "/late", "id": "1", "type": data.type,
             "data": data.model_dump(mode="json")}  # fmt: skip
    await post_batch(live, key, [{**event, "type": "late.nothing-known.v1"}] * 20)
    await said(live, "interop.interface-down.v1", **about, reason="failing")
    await post_batch(live, key, [event] * 15)  # taken once, and fourteen times again
    await said(live, "interop.interface-up.v1", **about, because="recovered")


def nowhere(message: Message) -> Message:
    """The same, of a patient whose mail reaches nobody."""
    segments = [s.replace("@patients.example", "@patients.invalid") for s in message.segments]
    assert segments != [*message.segments]
    return replace(message, segments=tuple(segments))
