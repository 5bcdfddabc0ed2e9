"""A partner that has the practice's key may seal what is marked; it opens in its own place only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.events.examples import interop as examples
from libs.events.transport.protection import seal_marked
from tests.harness import Harness
from tests.interop.conftest import OpenConnection, said
from tests.interop.partners.test_events_in import envelope, fates, post
from tests.keys import FIXED_KEYS

REGISTERED = examples.patient_registered()
ENCOUNTER = examples.encounter_posted(source="cloudevents")


def sealed(event: Any, event_id: str = "1") -> dict[str, Any]:
    data = seal_marked(event, event.model_dump_json().encode(), FIXED_KEYS)
    assert b"Rivera" not in data
    return envelope(event, event_id=event_id, data=json.loads(data))


async def test_a_sealed_event_is_taken_like_the_same_in_clear(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    for told in (sealed(REGISTERED), sealed(ENCOUNTER, "2")):
        answer = await post(interop, key, told)
        assert answer.status_code == 202, answer.text
    published = await interop.published_all()
    assert said(published) == said([REGISTERED, ENCOUNTER])


@pytest.mark.parametrize("place", ["another aggregate", "another field", "another type", "changed"])
async def test_a_sealed_value_that_does_not_belong_there_is_refused(
    interop: Harness, open_connection: OpenConnection, place: str
) -> None:
    key = await open_connection()
    told = sealed(REGISTERED)
    person = told["data"]["person"]
    match place:
        case "another aggregate":
            told["data"]["patient_id"] = str(examples.PRACTICE)
        case "another field":
            person["family"], person["given"] = person["given"], person["family"]
        case "another type":
            told["type"] = "interop.patient-updated.v1"
        case _:
            person["family"]["ct"] = person["family"]["ct"][::-1]
    answer = await post(interop, key, told)
    assert answer.status_code == 422
    [refusal] = answer.json()["refusals"]
    assert (refusal["code"], refusal["where"]) == ("does-not-open", "data")
    assert person["family"]["ct"] not in answer.text
    assert await fates(interop) == ["refused"]
