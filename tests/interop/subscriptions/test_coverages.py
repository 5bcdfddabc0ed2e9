"""A subscriber is told what payers say of its patients' coverage, and may read it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid5

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.coverageeligibilityresponse import CoverageEligibilityResponse

from libs.events.contracts.interop import EncounterPosted
from libs.events.examples.billing_eligibility import (
    INQUIRY,
    copayment,
    coverage_ended,
    coverage_verified,
)
from libs.events.examples.interop import NAMESPACE
from services.interop.subscriptions.topics import COVERAGE_ELIGIBILITY
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, send
from tests.interop.subscriptions.conftest import Hook, event, said, story, subscribe

FHIR = "http://mainstay.test/fhir"
KIND = "CoverageEligibilityResponse"


@pytest.fixture
async def chart(interop: Harness, visit: object) -> dict[str, Any]:
    """The chart that the EHR's visit named, as billing's events name it."""
    [posted] = await interop.published(EncounterPosted)
    return {"patient_id": posted.patient_id}


async def test_what_a_payer_says_is_told_in_its_order_and_whole(
    interop: Harness, key: str, hook: Hook, chart: dict[str, Any]
) -> None:
    topic = COVERAGE_ELIGIBILITY.url
    await subscribe(interop, key, hook, content="full-resource", criteria=topic)
    share = copayment(kind="coinsurance", period=None, cents=None, basis_points=2_000)
    benefits = (copayment(), share, copayment(kind="active", cents=None))
    verified = coverage_verified(**chart, benefits=benefits)
    ended = coverage_ended(**chart, inquiry_id=uuid5(NAMESPACE, "the next"))
    await interop.receive(verified, verified, ended)
    await interop.fire_timers()
    first, second = hook.bundles()
    assert said(first)["topic"] == topic
    assert event(first)["focus"] == f"{FHIR}/{KIND}/{INQUIRY}"
    Bundle.model_validate(first)
    told = first["entry"][1]["resource"]
    CoverageEligibilityResponse.model_validate(told)
    [insurance] = told["insurance"]
    assert (insurance["inforce"], insurance["benefitPeriod"]) == (True, {"start": "2026-01-01"})
    copay, percent, authorized = insurance["item"]
    assert copay["benefit"][0]["allowedMoney"] == {"value": 25, "currency": "USD"}
    assert copay["category"]["coding"][0]["code"] == "98"
    assert percent["benefit"][0]["allowedString"] == "20 %"
    assert authorized["authorizationRequired"] is False
    [nothing] = second["entry"][1]["resource"]["insurance"]
    assert (nothing["inforce"], nothing["benefitPeriod"]) == (False, {"end": "2026-02-28"})


async def test_who_follows_claims_is_told_of_no_coverage_and_the_other_way_round(
    interop: Harness, key: str, hook: Hook, chart: dict[str, Any], visit: Any
) -> None:
    await subscribe(interop, key, hook)
    await interop.receive(coverage_verified(**chart))
    await interop.fire_timers()
    assert hook.bundles() == []
    await subscribe(interop, key, hook, criteria=COVERAGE_ELIGIBILITY.url)
    await interop.receive(*story(visit)[:1])
    await interop.fire_timers()
    assert [said(bundle)["topic"] for bundle in hook.bundles()] == [
        "urn:mainstay:SubscriptionTopic:claim-status"
    ]


async def test_answers_are_read_searched_and_asked_for_again(
    interop: Harness, key: str, hook: Hook, chart: dict[str, Any]
) -> None:
    made = await subscribe(interop, key, hook, criteria=COVERAGE_ELIGIBILITY.url)
    await interop.receive(coverage_verified(**chart, service_on=date(2026, 3, 9)))
    read = await send(interop, key, "GET", f"/{KIND}/{INQUIRY}")
    assert (read.status_code, read.json()["servicedDate"]) == (200, "2026-03-09")
    CoverageEligibilityResponse.model_validate_json(read.content)
    found = (await send(interop, key, "GET", f"/{KIND}?_id={INQUIRY}")).json()
    assert [one["resource"]["id"] for one in found["entry"]] == [str(INQUIRY)]
    of_them = (await send(interop, key, "GET", f"/{KIND}?patient=Patient/p1")).json()
    assert [one["resource"]["id"] for one in of_them["entry"]] == [str(INQUIRY)]
    nobody = (await send(interop, key, "GET", f"/{KIND}?patient=Patient/nobody")).json()
    assert nobody.get("entry", []) == []
    assert (await send(interop, key, "GET", f"/{KIND}/{made['id']}")).status_code == 404
    assert (await send(interop, key, "GET", f"/{KIND}?status=active")).status_code == 400
    again = (await send(interop, key, "GET", f"/Subscription/{made['id']}/$events")).json()
    assert event(again)["focus"] == f"{FHIR}/{KIND}/{INQUIRY}"


async def test_another_systems_patients_are_not_told_of(
    interop: Harness, key: str, hook: Hook, chart: dict[str, Any], open_connection: OpenConnection
) -> None:
    other = await open_connection(
        kind="fhir", profile=PROFILE, name="another EHR", source_system="another"
    )
    await subscribe(interop, other, hook, criteria=COVERAGE_ELIGIBILITY.url)
    await interop.receive(coverage_verified(**chart))
    await interop.fire_timers()
    assert hook.bundles() == []
    assert (await send(interop, other, "GET", f"/{KIND}/{INQUIRY}")).status_code == 404
    assert (await send(interop, key, "GET", f"/{KIND}/{INQUIRY}")).status_code == 200


async def test_a_patient_who_is_not_known_here_is_passed_over(
    interop: Harness, key: str, hook: Hook
) -> None:
    await subscribe(interop, key, hook, criteria=COVERAGE_ELIGIBILITY.url)
    await interop.receive(coverage_verified())
    await interop.fire_timers()
    assert hook.bundles() == []
    assert json.loads((await send(interop, key, "GET", f"/{KIND}")).content).get("entry", []) == []
