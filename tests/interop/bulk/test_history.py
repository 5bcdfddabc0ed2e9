"""Visits before the day that an import names are kept, and nothing but an import has them billed.

The visit of these tests took place on 2 March 2026, as `harness.START` has it.
"""

from __future__ import annotations

from typing import Any

import pytest

from libs.events.contracts.interop import AppointmentBooked, EncounterPosted, PatientRegistered
from tests.harness import Harness
from tests.interop.bulk.exporting import ENCOUNTER, counts, issues, ndjson, send_file
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, codes, send
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, PATIENT

VISIT = ndjson([PATIENT, ENCOUNTER, CONDITION, CLAIM])
DAY = "2026-03-02"
LATER = "?visitsFrom=2027-01-01"


def visits_from(answer: Any) -> str:
    [found] = [one for one in answer.json()["parameter"] if one["name"] == "visitsFrom"]
    return found["valueDate"]


async def test_a_visit_before_the_day_is_kept_and_its_patient_is_registered(
    interop: Harness, key: str
) -> None:
    answer = await send_file(interop, key, VISIT, LATER)
    assert counts(answer) == {"lines": 4, "created": 4, "told": 1, "history": 1}
    assert issues(answer) == []
    assert [type(one) for one in await interop.published_all()] == [PatientRegistered]
    kept = await send(interop, key, "GET", f"/Claim/{CLAIM['id']}")
    assert kept.status_code == 200


async def test_a_visit_of_the_day_itself_is_posted(interop: Harness, key: str) -> None:
    await send_file(interop, key, VISIT, f"?visitsFrom={DAY}")
    assert len(await interop.published(EncounterPosted)) == 1


async def test_without_a_day_it_is_the_one_on_which_the_connection_went_live(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile=PROFILE)
    before = ENCOUNTER | {"period": {"start": "2026-03-01T09:00:00-05:00"}}
    answer = await send_file(interop, key, ndjson([PATIENT, before, CONDITION, CLAIM]))
    assert visits_from(answer) == "2026-03-02"
    assert counts(answer)["history"] == 1
    assert await interop.published(EncounterPosted) == []


async def test_history_stays_history_when_its_ehr_sends_a_piece_of_it_again(
    interop: Harness, key: str
) -> None:
    await send_file(interop, key, VISIT, LATER)
    for one in (PATIENT, CONDITION | {"recordedDate": "2026-03-05"}, ENCOUNTER):
        path = f"/{one['resourceType']}/{one['id']}"
        assert (await send(interop, key, "PUT", path, one)).status_code == 200
    assert await interop.published(EncounterPosted) == []


async def test_a_charge_for_history_is_refused_and_not_passed_over_in_silence(
    interop: Harness, key: str
) -> None:
    await send_file(interop, key, VISIT, LATER)
    again = await send(interop, key, "PUT", f"/Claim/{CLAIM['id']}", CLAIM)
    assert codes(again) == ["visit-is-history"]
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in (PATIENT, ENCOUNTER, CONDITION, CLAIM)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert codes(await send(interop, key, "POST", "", bundle)) == ["visit-is-history"]
    assert await interop.published(EncounterPosted) == []


async def test_the_same_file_with_an_earlier_day_posts_it_once(interop: Harness, key: str) -> None:
    for _ in range(2):
        await send_file(interop, key, VISIT, LATER)
    first = await send_file(interop, key, VISIT, f"?visitsFrom={DAY}")
    assert counts(first) == {"lines": 4, "unchanged": 4, "told": 1}
    again = await send_file(interop, key, VISIT, f"?visitsFrom={DAY}")
    assert counts(again) == {"lines": 4, "unchanged": 4}
    assert len(await interop.published(EncounterPosted)) == 1
    changed = CONDITION | {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}}
    await send(interop, key, "PUT", f"/Condition/{CONDITION['id']}", changed)
    assert len(await interop.published_all()) > 2, "it is told like any other from then on"


async def test_a_visit_that_was_billed_before_is_no_history_afterwards(
    interop: Harness, key: str
) -> None:
    await send_file(interop, key, VISIT, f"?visitsFrom={DAY}")
    moved = ENCOUNTER | {"period": {"start": "2026-02-27T09:00:00-05:00"}}
    answer = await send_file(interop, key, ndjson([moved]), LATER)
    assert counts(answer)["history"] == 1
    again = await send(
        interop, key, "PUT", f"/Claim/{CLAIM['id']}", CLAIM | {"created": "2026-03-03"}
    )
    assert again.status_code == 200
    assert "interop.encounter-corrected.v1" in [e.type for e in await interop.published_all()]


async def test_an_appointment_before_the_day_is_kept_too(interop: Harness, key: str) -> None:
    booking = {
        "resourceType": "Appointment",
        "status": "fulfilled",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    lines = [
        PATIENT,
        booking | {"id": "old", "start": "2025-12-31T15:00:00Z"},
        booking | {"id": "new", "start": "2026-03-06T15:00:00Z", "status": "booked"},
    ]
    answer = await send_file(interop, key, ndjson(lines), "?visitsFrom=2026-01-01")
    assert counts(answer) == {"lines": 3, "created": 3, "told": 2, "history": 1}
    [booked] = await interop.published(AppointmentBooked)
    assert booked.starts_at.isoformat().startswith("2026-03-06")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?visitsFrom=yesterday", "parameter-value"),
        ("?since=2026-01-01", "parameter-unknown"),
        ("?more=perhaps", "parameter-value"),
    ],
)
async def test_a_parameter_that_nobody_understands_is_refused_before_anything_is_kept(
    interop: Harness, key: str, query: str, code: str
) -> None:
    answer = await send_file(interop, key, VISIT, query)
    assert (answer.status_code, codes(answer)) == (400, [code])
    assert (await send(interop, key, "GET", f"/Patient/{PATIENT['id']}")).status_code == 404
