"""A partner corrects and voids what it posted, by events that say so."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from libs.events.contracts import Event
from libs.events.contracts.interop import EncounterCorrected, EncounterPosted, EncounterVoided
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.partners.test_events_in import envelope, post

POSTED = examples.encounter_posted(source="cloudevents")
OTHER = UUID(int=7)
UNTRUE = examples.REPLACED.model_copy(update={"event_id": OTHER})
CORRECTED = examples.encounter_corrected(source="cloudevents", replaces=UNTRUE)
VOIDED = examples.encounter_voided(replaces=None)


async def send(interop: Harness, key: str, *events: Event) -> list[int]:
    """Each under an id of its own; returns the answers' statuses."""
    return [
        (await post(interop, key, envelope(event, event_id=f"e{place}"))).status_code
        for place, event in enumerate(events)
    ]


async def test_a_correction_and_a_void_say_what_they_replace_as_we_know_it(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = (examples.patient_registered(), POSTED, CORRECTED, CORRECTED, VOIDED, VOIDED)
    assert await send(interop, key, *told) == [202] * 6
    [posted] = await interop.published(EncounterPosted)
    [corrected] = await interop.published(EncounterCorrected)
    [voided] = await interop.published(EncounterVoided)
    assert corrected.replaces is not None
    assert corrected.replaces.event_id == posted.event_id
    assert corrected.as_posted() == CORRECTED.as_posted()
    assert voided.replaces is not None
    assert (voided.replaces.event_id, voided.replaces.service_on) == (
        corrected.event_id,
        date(2026, 3, 3),
    )


async def test_a_voided_visit_comes_back_by_a_correction_only(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = (examples.patient_registered(), POSTED, VOIDED, POSTED, CORRECTED)
    assert await send(interop, key, *told) == [202, 202, 202, 422, 202]
    [corrected] = await interop.published(EncounterCorrected)
    assert corrected.replaces is None


@pytest.mark.parametrize("event", [CORRECTED, VOIDED], ids=lambda event: event.type)
async def test_a_visit_that_is_not_known_from_this_system_is_refused(
    interop: Harness, open_connection: OpenConnection, event: Any
) -> None:
    owner = await open_connection()
    key = await open_connection(name="other", source_system="another ehr")
    await send(interop, owner, examples.patient_registered())
    first = await post(interop, owner, envelope(event, event_id="x"))
    await post(interop, owner, envelope(POSTED, event_id="y"))
    foreign = await post(interop, key, envelope(event))
    assert first.json()["refusals"][0]["code"] == "encounter-unknown"
    assert foreign.json() == first.json() | {
        k: v for k, v in foreign.json().items() if k != "refusals"
    }
