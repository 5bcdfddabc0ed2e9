"""Whom a payer may call, where the service was, and who is named on a claim."""

from __future__ import annotations

from typing import Any

from libs.events.contracts.people import ReferringProvider, Subscriber
from libs.events.examples.agreements import practice_onboarded
from libs.events.examples.interop import COVERAGE, NPI
from services.billing.x12 import read_batches
from services.billing.x12.claims_837p import Person, ProfessionalClaim, ProfessionalClaims
from tests.billing.desk import Desk, visit
from tests.harness import Harness

HOSPITAL = {
    "name": "Mercy Hospital",
    "npi": "1245319599",
    "address": {
        "line": "1 Mercy Way",
        "city": "Columbus",
        "state": "OH",
        "postal_code": "432150000",
    },
}


async def put(desk: Desk, path: str, content: dict[str, Any]) -> int:
    async with desk.billing.http(desk.practice_id) as client:
        return (await client.put(path, json=content)).status_code


def only_batch(desk: Desk) -> ProfessionalClaims:
    """The one interchange that went out, read back by the product's own reader."""
    desk.sent()
    [path] = desk.outbound.glob("*.837")
    with path.open("rb") as stream:
        [batch] = read_batches(stream)
    return batch


def only_claim(desk: Desk) -> ProfessionalClaim:
    [claim] = only_batch(desk).claims
    return claim


async def test_a_practices_own_billing_office_is_named_to_the_receiver(desk: Desk) -> None:
    office = {"contact_name": "Dana Ruiz", "contact_phone": "6145550111"}
    assert await put(desk, "/billing-office", office) == 200
    assert await put(desk, "/billing-office", office) == 200
    async with desk.billing.http(desk.practice_id) as client:
        assert (await client.get("/billing-office")).json() == office
    await desk.see_patients()
    submitter = only_batch(desk).submitter
    assert (submitter.contact_name, submitter.contact_phone) == ("Dana Ruiz", "6145550111")


async def test_a_service_in_a_hospital_names_the_hospital(desk: Desk) -> None:
    assert await put(desk, "/service-facilities/21", HOSPITAL) == 200
    await desk.see_patients(place_of_service="21")
    facility = only_claim(desk).service_facility
    assert facility is not None
    assert (facility.name, facility.npi) == ("Mercy Hospital", "1245319599")
    assert facility.address.city == "Columbus"


async def test_a_service_in_the_office_names_no_other_place(desk: Desk) -> None:
    assert await put(desk, "/service-facilities/21", HOSPITAL) == 200
    assert await put(desk, "/service-facilities/98", HOSPITAL) == 404
    await desk.see_patients()
    assert only_claim(desk).service_facility is None


async def test_an_insured_parent_is_named_as_the_subscriber(desk: Desk) -> None:
    parent = Subscriber(family="Rivera", given="José")
    coverage = COVERAGE.model_copy(update={"relationship": "child", "subscriber": parent})
    await desk.see_patients(coverage=coverage)
    claim = only_claim(desk)
    assert claim.subscriber.name == Person("Rivera", "Jose")
    assert claim.subscriber.demographics is None
    assert claim.patient is not None
    assert claim.patient.name == Person("Rivera", "Alma")


async def test_who_sent_the_patient_and_what_the_payer_agreed_to_stand_on_the_claim(
    desk: Desk,
) -> None:
    sent_by = ReferringProvider(npi="1982671236", family="Low", given="Sue")
    await desk.see_patients(referring=sent_by, prior_authorization="AUTH77")
    claim = only_claim(desk)
    assert claim.referring_provider is not None
    assert claim.referring_provider.name == Person("Low", "Sue")
    assert claim.prior_authorization == "AUTH77"


async def test_a_clinician_who_bills_in_person_is_named_once(billing: Harness, desk: Desk) -> None:
    await desk.see_patients()
    assert only_claim(desk).rendering_provider is not None
    async with billing.uow(desk.practice_id) as uow:
        await uow.db.execute("UPDATE practice SET npi = $1", practice_onboarded(npi=NPI).npi)
    for path in desk.outbound.glob("*.837"):
        path.unlink()
    await desk.billing.receive(visit(7))
    await desk.send()
    assert only_claim(desk).rendering_provider is None
