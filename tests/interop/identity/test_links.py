"""Patient.link in a FHIR bundle, and merges as CloudEvents."""

from __future__ import annotations

from typing import Any
from uuid import uuid4, uuid5

import pytest

from libs.events.contracts.interop import PatientMerged, PatientRegistered, PatientUnmerged
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.test_bundles import post
from tests.interop.identity.conftest import chart
from tests.interop.partners.test_events_in import envelope
from tests.interop.partners.test_events_in import post as post_event

SYSTEM = "urn:oid:1.2.3"


def url(mrn: str) -> str:
    return f"urn:uuid:{uuid5(examples.NAMESPACE, mrn)}"


def patient(mrn: str, *links: tuple[str, Any]) -> dict[str, Any]:
    linked = {"link": [{"other": other, "type": kind} for kind, other in links]}
    return {
        "fullUrl": url(mrn),
        "resource": {
            "resourceType": "Patient",
            "id": mrn,
            "identifier": [{"system": SYSTEM, "value": mrn}],
            "name": [{"family": "Rivera", "given": ["Alma"]}],
            "birthDate": "1984-05-17",
            **(linked if links else {}),
        },
        "request": {"method": "PUT", "url": f"Patient/{mrn}"},
    }


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def to(mrn: str) -> dict[str, str]:
    return {"reference": url(mrn)}


BY_NUMBER = {"identifier": {"system": SYSTEM, "value": "2"}}


@pytest.mark.parametrize(
    "entries",
    [
        [patient("1"), patient("2", ("replaced-by", to("1")))],
        [patient("1", ("replaces", to("2"))), patient("2", ("replaced-by", to("1")))],
        [patient("1", ("replaces", BY_NUMBER))],
    ],
    ids=["replaced-by", "both sides", "by number"],
)
async def test_a_link_merges_from_either_side(
    interop: Harness, open_connection: OpenConnection, entries: list[dict[str, Any]]
) -> None:
    key = await open_connection(kind="fhir")
    answer = await post(interop, key, bundle(*entries))
    assert answer.status_code == 200, answer.text
    [registered] = await interop.published(PatientRegistered)
    [merged] = await interop.published(PatientMerged)
    assert registered.patient_id == merged.survivor_id == chart("1", SYSTEM)
    assert merged.patient_id == chart("2", SYSTEM)


async def test_a_chain_in_one_bundle_ends_at_its_survivor(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    chain = bundle(
        patient("3", ("replaced-by", to("2"))), patient("2", ("replaced-by", to("1"))), patient("1")
    )
    assert (await post(interop, key, chain)).status_code == 200
    merged = await interop.published(PatientMerged)
    assert {(m.patient_id, m.survivor_id) for m in merged} == {
        (chart("2", SYSTEM), chart("1", SYSTEM)),
        (chart("3", SYSTEM), chart("1", SYSTEM)),
    }


async def test_other_kinds_of_links_are_left_alone(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    pair = bundle(patient("1"), patient("2", ("seealso", to("1")), ("refer", to("1"))))
    assert (await post(interop, key, pair)).status_code == 200
    assert len(await interop.published(PatientRegistered)) == 2
    assert await interop.published(PatientMerged) == []


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        ([patient("1", ("replaces", to("1")))], "entry[0].resource.link[0]"),
        (
            [patient("1", ("replaced-by", to("2"))), patient("2", ("replaced-by", to("1")))],
            "entry[1].resource.link[0]",
        ),
        ([patient("1", ("replaces", to("9")))], "entry[0].resource.link[0].other.reference"),
        (
            [patient("1", ("replaces", {"reference": "Patient/9"}))],
            "entry[0].resource.link[0].other",
        ),
        ([patient("1", ("replaced-by", BY_NUMBER))], "entry[0].resource.link[0]"),
    ],
    ids=["itself", "loop", "not in the bundle", "never sent", "survivor unknown"],
)
async def test_a_link_that_cannot_be_is_refused_with_its_place(
    interop: Harness, open_connection: OpenConnection, entries: list[dict[str, Any]], where: str
) -> None:
    key = await open_connection(kind="fhir")
    answer = await post(interop, key, bundle(*entries))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == [f"Bundle.{where}"]
    assert await interop.published_all() == []


async def test_two_numbers_in_use_of_one_system_are_refused_an_old_one_is_not_looked_at(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    record = {"coding": [{"code": "MR"}]}
    both = patient("1")
    numbers = [{"system": SYSTEM, "value": value, "type": record} for value in ("1", "2")]
    both["resource"]["identifier"] = numbers
    answer = await post(interop, key, bundle(both))
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[0].resource.identifier"]
    numbers[1]["use"] = "old"
    assert (await post(interop, key, bundle(both))).status_code == 200


async def test_a_visit_of_a_replaced_record_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    booking = {
        "resource": {
            "resourceType": "Appointment",
            "id": "a",
            "status": "booked",
            "start": "2026-03-05T14:30:00Z",
            "end": "2026-03-05T15:00:00Z",
            "participant": [{"actor": to("2"), "status": "accepted"}],
        },
        "request": {"method": "POST", "url": "Appointment"},
    }
    told = bundle(patient("1"), patient("2", ("replaced-by", to("1"))), booking)
    answer = await post(interop, key, told)
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert issue["details"]["text"] == "name the patient that replaced this one"
    assert issue["expression"] == ["Bundle.entry[2].resource.participant"]


async def test_a_partner_merges_its_own_patients_and_parts_them_again(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    for number, event in enumerate(
        [
            examples.patient_registered(),
            examples.patient_registered(patient_id=examples.OTHER_CHART, mrn="MRN-2"),
            examples.patient_merged(),
            examples.patient_updated(patient_id=examples.OTHER_CHART, mrn="MRN-2"),
            examples.appointment_booked(patient_id=examples.OTHER_CHART),
            examples.encounter_posted(source="cloudevents", patient_id=examples.OTHER_CHART),
            examples.appointment_missed(patient_id=examples.OTHER_CHART),
            examples.patient_unmerged(),
        ]
    ):
        answer = await post_event(interop, key, envelope(event, event_id=str(number)))
        assert answer.status_code == 202, answer.text
    _, _, merged, updated, *about, parted = await interop.published_all()
    assert isinstance(merged, PatientMerged)
    assert isinstance(parted, PatientUnmerged)
    assert updated.model_dump()["mrn"] == "MRN-1001"
    assert {e.model_dump()["patient_id"] for e in (updated, *about)} == {examples.PATIENT}


async def test_a_partner_cannot_merge_what_it_did_not_register(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    other = await open_connection(name="other", source_system="other")
    await post_event(interop, key, envelope(examples.patient_registered()))
    foreign = examples.patient_registered(patient_id=examples.OTHER_CHART)
    await post_event(interop, other, envelope(foreign))
    for told in (examples.patient_merged(), examples.patient_merged(patient_id=uuid4())):
        answer = await post_event(interop, key, envelope(told, event_id=str(uuid4())))
        assert answer.json()["refusals"][0]["code"] == "patient-unknown", answer.text
    assert await interop.published(PatientMerged) == []
