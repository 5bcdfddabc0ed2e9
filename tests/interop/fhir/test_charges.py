"""What is charged, to whom and for whom: by claims that stand, charge items, and coverages."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from libs.events.contracts.people import Subscriber
from services.interop.encounters.model import ToldVoid
from services.interop.patients.model import ToldPatient
from tests.interop.fhir.reading import read, refusals_of, visits_of
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, HCPCS, PATIENT, bundle

CHARGE: dict[str, Any] = {
    "resourceType": "ChargeItem",
    "id": "ch1",
    "status": "billable",
    "code": {"coding": [{"system": HCPCS, "code": "G0463"}]},
    "subject": {"reference": "Patient/p1"},
    "context": {"reference": "Encounter/e1"},
    "quantity": {"value": 2},
    "priceOverride": {"value": 40, "currency": "USD"},
}
COVERAGE: dict[str, Any] = {
    "resourceType": "Coverage",
    "id": "cov1",
    "status": "active",
    "subscriberId": "W123",
    "beneficiary": {"reference": "Patient/p1"},
    "payor": [{"display": "Acme"}],
}


def having(*more: dict[str, Any], **claim: Any) -> dict[str, Any]:
    """The good bundle with more resources, and its claim changed."""
    found = bundle()
    found["entry"][3]["resource"].update(claim)
    found["entry"] += [
        {"resource": copy.deepcopy(one), "request": {"method": "POST", "url": one["resourceType"]}}
        for one in more
    ]
    return found


@pytest.mark.parametrize(
    "changes",
    [{"status": "draft"}, {"use": "predetermination"}, {"use": "preauthorization"},
     {"status": "cancelled", "use": "preauthorization"},
     {"type": {"coding": [{"code": "pharmacy"}]}}],
    ids=str,
)  # fmt: skip
def test_a_claim_that_does_not_stand_charges_nothing(changes: dict[str, Any]) -> None:
    [told] = visits_of(read(having(**changes)))
    assert told.visit.lines == ()
    assert not told.visit.coverage_is_told
    assert len(told.visit.diagnoses) == 1  # the condition was found all the same


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_visit_whose_every_charge_is_taken_back_is_void(status: str) -> None:
    wrong = CHARGE | {"id": "ch2", "status": "entered-in-error"}
    taken_back = read(having(wrong, status=status))
    assert [one.reason for one in taken_back if isinstance(one, ToldVoid)] == [status]
    assert visits_of(taken_back) == []
    [stands] = visits_of(read(having(CHARGE, wrong, status=status)))
    assert [line.procedure.code for line in stands.visit.lines] == ["G0463"]
    assert not stands.visit.coverage_is_told


def test_a_claims_modifiers_are_billed_in_their_order() -> None:
    item = CLAIM["item"][0] | {
        "modifier": [{"coding": [{"code": code}]} for code in ("25", "59", "GT")]
    }
    [told] = visits_of(read(having(item=[item])))
    assert [line.modifiers for line in told.visit.lines] == [("25", "59", "GT")]


@pytest.mark.parametrize("codes", [["2"], ["25", "two"], ["25", "26", "27", "50", "59"]], ids=str)
def test_a_modifier_that_no_claim_can_carry_is_refused_at_its_place(codes: list[str]) -> None:
    item = CLAIM["item"][0] | {"modifier": [{"coding": [{"code": code}]} for code in codes]}
    [(code, where)] = refusals_of(having(item=[item]))
    assert code == "modifier"
    assert where.startswith("Bundle.entry[3].resource.item[0].modifier")


def test_charge_items_of_a_visit_are_its_lines_where_they_are_billable() -> None:
    planned = CHARGE | {"id": "ch2", "status": "planned"}
    [told] = visits_of(read(having(CHARGE, planned, status="draft")))
    [line] = told.visit.lines
    assert (line.procedure.code, line.units) == ("G0463", 2)
    assert told.visit.ehr_charge_cents == 4_000


@pytest.mark.parametrize(
    ("relationship", "expected"),
    [(None, "self"), ("self", "self"), ("spouse", "spouse"), ("common", "spouse"),
     ("child", "child"), ("parent", "other"), ("injured", "other")],
)  # fmt: skip
def test_a_coverages_relationship_and_group_reach_the_claim(
    relationship: str | None, expected: str
) -> None:
    coverage: dict[str, Any] = COVERAGE | {
        "class": [{"type": {"coding": [{"code": "group"}]}, "value": "G-77"}]
    }
    if relationship is not None:
        coverage["relationship"] = {"coding": [{"code": relationship}]}
    insurance = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov1"}}]
    told = read(having(coverage, insurance=insurance))
    [visit] = visits_of(told)
    [patient] = [one for one in told if isinstance(one, ToldPatient)]
    for found in (visit.visit.coverage, patient.patient.coverage):
        assert found is not None
        assert (found.member_id, found.relationship, found.group_number) == (
            "W123",
            expected,
            "G-77",
        )
    assert patient.coverage_is_told


def test_an_unknown_relationship_is_refused_never_taken_for_self() -> None:
    coverage = COVERAGE | {"relationship": {"coding": [{"code": "cousin"}]}}
    assert refusals_of(having(coverage)) == [
        ("relationship-unknown", "Bundle.entry[4].resource.relationship")
    ]


def test_the_focal_insurance_pays_whatever_the_order() -> None:
    other = {"sequence": 1, "focal": False, "coverage": {"display": "Medigap"}}
    focal = {"sequence": 2, "focal": True, "coverage": {"display": "Acme"}}
    [told] = visits_of(read(having(insurance=[other, focal])))
    assert told.visit.coverage is not None
    assert told.visit.coverage.payer_id == "BLUST"
    assert [other.payer_id for other in told.visit.other_coverages] == ["MEDIGAP01"]


def test_a_further_payer_that_the_map_lacks_is_refused_not_dropped() -> None:
    focal = {"sequence": 1, "focal": True, "coverage": {"display": "Acme"}}
    other = {"sequence": 2, "focal": False, "coverage": {"display": "Nobody's"}}
    assert refusals_of(having(insurance=[focal, other])) == [
        ("payer-unknown", "Bundle.entry[3].resource.insurance.coverage")
    ]


def test_an_authorization_is_the_focal_payers() -> None:
    focal = {"sequence": 1, "focal": True, "coverage": {"display": "Acme"}, "preAuthRef": ["A7"]}
    other = {"sequence": 2, "focal": False, "coverage": {"display": "Medigap"},
             "preAuthRef": ["M8"]}  # fmt: skip
    [told] = visits_of(read(having(insurance=[other, focal])))
    assert told.visit.prior_authorization == "A7"


def test_the_insured_person_is_told_where_that_is_not_the_patient() -> None:
    spouse = {
        "resourceType": "RelatedPerson", "id": "rp1", "patient": {"reference": "Patient/p1"},
        "name": [{"family": "Rivera", "given": ["Jose"]}], "birthDate": "1980-02-29",
    }  # fmt: skip
    coverage = COVERAGE | {
        "relationship": {"coding": [{"code": "spouse"}]},
        "subscriber": {"reference": "RelatedPerson/rp1"},
    }
    insurance = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov1"}}]
    [told] = visits_of(read(having(coverage, spouse, insurance=insurance)))
    assert told.visit.coverage is not None
    assert told.visit.coverage.subscriber == Subscriber(
        family="Rivera", given="Jose", birth_on=date(1980, 2, 29)
    )


def test_a_claim_on_a_coverage_that_ended_is_refused() -> None:
    insurance = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov1"}}]
    ended = COVERAGE | {"status": "cancelled"}
    assert refusals_of(having(ended, insurance=insurance)) == [
        ("coverage-not-active", "Bundle.entry[3].resource.insurance.coverage")
    ]


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_a_condition_that_the_patient_does_not_have_is_no_diagnosis(status: str) -> None:
    refuted = CONDITION | {
        "id": "c2",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]},
        "verificationStatus": {"coding": [{"code": status}]},
    }
    [told] = visits_of(read(having(refuted)))
    assert [code.code for code in told.visit.diagnoses] == ["38341003"]


@pytest.mark.parametrize(
    ("kind", "element"),
    [("Condition", "subject"), ("Condition", "encounter"), ("Claim", "patient")],
)
def test_a_reference_that_a_visit_needs_and_that_leads_nowhere_is_refused(
    kind: str, element: str
) -> None:
    body = bundle()
    place = next(i for i, e in enumerate(body["entry"]) if e["resource"]["resourceType"] == kind)
    target = "Encounter/nowhere" if element == "encounter" else "Patient/nobody"
    body["entry"][place]["resource"][element] = {"reference": target}
    where = f"Bundle.entry[{place}].resource.{element}.reference"
    assert ("reference-unknown", where) in refusals_of(body)


def test_each_of_many_visits_has_its_own_condition() -> None:
    encounter = bundle()["entry"][1]["resource"]
    more: list[dict[str, Any]] = []
    for n in range(300):
        of_visit = {"id": f"v{n}-c", "encounter": {"reference": f"Encounter/v{n}"}}
        more += [encounter | {"id": f"v{n}"}, CONDITION | of_visit]
    told = visits_of(read(having(*more)))
    assert len(told) == 301
    assert {len(one.visit.diagnoses) for one in told} == {1}


@pytest.mark.parametrize("told", ["2026-03-05", "2026-02", "2025"])
def test_who_has_died_is_not_booked(told: str) -> None:
    booking = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "booked",
        "start": "2026-03-06T15:00:00Z",
        "end": "2026-03-06T15:30:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    body = having(booking)
    body["entry"][0]["resource"]["deceasedDateTime"] = told
    assert refusals_of(body) == [("patient-deceased", "Bundle.entry[4].resource.participant")]
    body["entry"][0]["resource"]["deceasedDateTime"] = "2026"  # perhaps later that year
    assert refusals_of(body) == []


def test_records_that_replace_one_another_are_refused() -> None:
    body = having(PATIENT | {"id": "p2", "identifier": [{"value": "1002"}]})
    body["entry"] = [e for e in body["entry"] if e["resource"]["resourceType"] == "Patient"]
    for one, other in (("p1", "p2"), ("p2", "p1")):
        entry = next(e for e in body["entry"] if e["resource"]["id"] == one)
        link = {"other": {"reference": f"Patient/{other}"}, "type": "replaced-by"}
        entry["resource"]["link"] = [link]
    assert {code for code, _ in refusals_of(body)} == {"merge-loop"}


@pytest.mark.parametrize(
    ("system", "code", "told"),
    [("https://codesystem.x12.org/005010/1336", "12", "12"),
     ("https://codesystem.x12.org/005010/1336", "CI", None), ("urn:other", "12", None)],
)  # fmt: skip
def test_why_medicare_comes_second_is_told_by_x12s_insurance_type(
    system: str, code: str, told: str | None
) -> None:
    coverage = {**COVERAGE, "type": {"coding": [{"system": system, "code": code}]}}
    insurance = [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov1"}}]
    [found] = visits_of(read(having(coverage, insurance=insurance)))
    assert found.visit.coverage is not None
    assert found.visit.coverage.medicare_secondary == told
