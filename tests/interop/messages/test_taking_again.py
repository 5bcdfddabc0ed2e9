"""What was refused is taken again as it was asked for, whatever it was and however it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from libs.events.contracts import Event
from libs.events.contracts.interop import EncounterPosted
from libs.events.examples import interop as examples
from tests.conftest import Addresses
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE as FHIR_PROFILE
from tests.interop.fhir.asking import send as send_fhir
from tests.interop.fhir.test_bad_bundles import PATIENT
from tests.interop.health.sending import order
from tests.interop.messages.again import again, refused, the_fate
from tests.interop.messages.test_inspecting import OPEN, P03, answer_title, asked, mend
from tests.interop.messages.test_inspecting import send as send_hl7
from tests.interop.mllp.conftest import PROFILE as HL7_PROFILE
from tests.interop.partners.ingesting import binary, ingest_topic
from tests.interop.partners.test_events_in import BATCH, JSON, envelope, post

REGISTERED = examples.patient_registered()
VISIT = examples.encounter_posted(source="cloudevents")
REPLACED = PATIENT | {
    "id": "p9",
    "identifier": [{"value": "9009"}],
    "link": [{"type": "replaced-by", "other": {"reference": "Patient/p1"}}],
}


@dataclass(frozen=True)
class Kind:
    """A kind of connection, something that it refuses, and what mends that."""

    opened: dict[str, Any]
    refuse: Callable[[Harness, str], Awaitable[Any]]
    mend: Callable[[Harness, str], Awaitable[Any]]


async def _refuse_hl7(interop: Harness, key: str) -> None:
    await send_hl7(interop, key, P03)


async def _refuse_fhir(interop: Harness, key: str) -> None:
    answered = await send_fhir(interop, key, "PUT", "/Patient/p9", REPLACED)
    assert answered.status_code == 422, answered.text


async def _refuse_event(interop: Harness, key: str) -> None:
    assert (await post(interop, key, envelope(VISIT, event_id="2"))).status_code == 422


async def _mend_hl7(interop: Harness, key: str) -> None:
    await mend(interop, HL7_PROFILE)


async def _mend_fhir(interop: Harness, key: str) -> None:
    made = await send_fhir(interop, key, "PUT", "/Patient/p1", PATIENT)
    assert made.status_code == 201


async def _mend_event(interop: Harness, key: str) -> None:
    assert (await post(interop, key, envelope(REGISTERED))).status_code == 202


KINDS = {
    "hl7v2": Kind(OPEN, _refuse_hl7, _mend_hl7),
    "fhir": Kind({"kind": "fhir", "profile": FHIR_PROFILE}, _refuse_fhir, _mend_fhir),
    "cloudevents": Kind({"kind": "cloudevents"}, _refuse_event, _mend_event),
}
of_each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@of_each_kind
async def test_whatever_was_refused_is_taken_again_once_its_cause_is_gone(
    interop: Harness, open_connection: OpenConnection, kind: Kind
) -> None:
    key = await open_connection(**kind.opened)
    await kind.refuse(interop, key)
    [message_id] = await refused(interop)
    assert await the_fate(interop, message_id) == "refused"
    await kind.mend(interop, key)
    before = len(await interop.published_all())
    assert [await the_fate(interop, message_id) for _ in range(2)] == ["accepted"] * 2
    after = await interop.published_all()
    story = (await asked(interop, "GET", f"/messages/{message_id}")).json()
    told = [(one["event_id"], one["subject"]) for one in story["events"]]
    assert told == [(str(one.event_id), one.key_value) for one in after[before:]]
    assert told, "something came of it"


@of_each_kind
async def test_what_is_in_testing_is_rehearsed_and_what_is_shut_is_not_taken(
    interop: Harness, open_connection: OpenConnection, kind: Kind
) -> None:
    key = await open_connection(**kind.opened)
    await kind.refuse(interop, key)
    await kind.mend(interop, key)
    [message_id] = await refused(interop)
    before = await interop.published_all()
    for command, state in (("suspend", "suspended"), ("close", "closed")):
        assert (await order(interop, command)).status_code == 200
        answered = await again(interop, message_id)
        assert (answered.status_code, answer_title(answered)) == (
            409, f"its connection is {state} and takes no messages",
        )  # fmt: skip
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("UPDATE connection SET state = 'testing'")
    assert await the_fate(interop, message_id) == "rehearsed"
    assert await interop.published_all() == before


@of_each_kind
async def test_what_its_sender_sent_again_since_is_not_taken_again(
    interop: Harness, open_connection: OpenConnection, kind: Kind
) -> None:
    key = await open_connection(**kind.opened)
    await kind.refuse(interop, key)
    await kind.mend(interop, key)
    if kind is KINDS["fhir"]:
        await send_fhir(interop, key, "PUT", "/Patient/p9", REPLACED)
    elif kind is KINDS["cloudevents"]:
        await post(interop, key, envelope(VISIT, event_id="2"))
    else:
        await kind.refuse(interop, key)  # the same message, taken now
    [message_id] = await refused(interop)
    before = await interop.published_all()
    answered = await again(interop, message_id)
    assert answered.status_code == 409
    assert "taken since" in answer_title(answered)
    assert await interop.published_all() == before


async def _binary(interop: Harness, key: str, event: Event, addresses: Addresses) -> None:
    headers = {
        "content-type": JSON,
        **{f"ce-{name}": text for name, text in envelope(event, event_id="2").items()
           if name != "data"},
    }  # fmt: skip
    async with interop.http(key=key) as client:
        data = event.model_dump_json()
        assert (await client.post("/events", content=data, headers=headers)).status_code == 422


async def _in_a_batch(interop: Harness, key: str, event: Event, addresses: Addresses) -> None:
    await post(interop, key, [envelope(event, event_id="2")], content_type=BATCH)


async def _by_kafka(interop: Harness, key: str, event: Event, addresses: Addresses) -> None:
    async with ingest_topic(addresses.kafka, interop) as topic:
        await topic.take(binary(key, event, event_id="2"))


@pytest.mark.parametrize("way", [_binary, _in_a_batch, _by_kafka])
async def test_an_event_is_read_again_by_the_attributes_that_it_came_with(
    interop: Harness, open_connection: OpenConnection, addresses: Addresses, way: Any
) -> None:
    key = await open_connection()
    await way(interop, key, VISIT, addresses)
    await post(interop, key, envelope(REGISTERED))
    [message_id] = await refused(interop)
    assert await the_fate(interop, message_id) == "accepted"
    [posted] = await interop.published(EncounterPosted)
    assert posted.encounter_id == VISIT.encounter_id
    assert (await post(interop, key, envelope(VISIT, event_id="2"))).status_code == 200
    assert len(await interop.published(EncounterPosted)) == 1


async def test_an_event_that_cannot_be_read_is_refused_as_before(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, b"{")
    await post(interop, key, b"{", content_type=BATCH)
    for message_id in await refused(interop):
        answered = (await again(interop, message_id)).json()
        assert answered["fate"] == "refused"
        assert [one["code"] for one in answered["refusals"]] == ["not-json"]


async def test_what_was_kept_without_how_it_was_asked_for_says_so(
    interop: Harness, open_connection: OpenConnection
) -> None:
    """As a message from before that was kept."""
    key = await open_connection()
    await _refuse_event(interop, key)
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("UPDATE message SET asked = NULL")
    [message_id] = await refused(interop)
    answered = await again(interop, message_id)
    assert answered.status_code == 409
    assert "sender sends it again" in answer_title(answered)
