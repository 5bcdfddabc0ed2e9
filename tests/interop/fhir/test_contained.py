"""What a resource contains is followed from it and from what is beside it (FHIR R4 §2.3.0.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.fhir.reading import connection, read, refusals_of, visits_of
from tests.interop.fhir.test_bad_bundles import CONDITION, bundle
from tests.interop.fhir.test_charges import COVERAGE, having

PAYER = {"resourceType": "Organization", "id": "o", "name": "Acme"}
NPI = {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1245319599"}
INSURANCE = [{"sequence": 1, "focal": True, "coverage": {"reference": "#cov"}}]


def insured(coverage: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """The good bundle, whose claim contains who pays it."""
    own = COVERAGE | {"id": "cov"} | coverage
    return having(insurance=INSURANCE, contained=[own, *more])


def test_a_claims_contained_coverage_is_who_pays() -> None:
    [told] = visits_of(read(insured({})))
    assert told.visit.coverage is not None
    assert told.visit.coverage.payer_name == "Bluestone Health Plan"
    assert told.visit.coverage.member_id == "W123"


@pytest.mark.parametrize(
    "payer", [PAYER, PAYER | {"name": "Acme of Ohio", "identifier": [{"value": "Acme"}]}], ids=str
)
def test_a_contained_coverage_refers_to_a_payer_beside_it(payer: dict[str, Any]) -> None:
    [told] = visits_of(read(insured({"payor": [{"reference": "#o"}]}, payer)))
    assert told.visit.coverage is not None
    assert told.visit.coverage.payer_id == "BLUST"


def test_the_name_of_a_contained_payer_within_its_claim_is_no_name_of_a_payer() -> None:
    stranger = PAYER | {"id": "Acme", "name": "Somebody Else"}
    found = refusals_of(insured({"payor": [{"reference": "#Acme"}]}, stranger))
    assert found == [("payer-unknown", "Bundle.entry[3].resource.insurance.coverage")]


def test_what_is_wrong_with_a_contained_coverage_is_told_at_its_own_place() -> None:
    odd = {"relationship": {"coding": [{"code": "cousin"}]}}
    place = "Bundle.entry[3].resource.contained[0].relationship"
    assert refusals_of(insured(odd)) == [("relationship-unknown", place)]


def test_a_claims_contained_condition_is_its_diagnosis() -> None:
    flu = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "J10.1"}]}
    own = {k: v for k, v in CONDITION.items() if k != "encounter"} | {"id": "c", "code": flu}
    diagnosis = [{"sequence": 1, "diagnosisReference": {"reference": "#c"}}]
    [told] = visits_of(read(having(diagnosis=diagnosis, contained=[own])))
    assert [one.code for one in told.visit.diagnoses] == ["J10.1", "38341003"]
    assert told.visit.lines[0].diagnoses == (1,)


def visit_by(*contained: dict[str, Any]) -> dict[str, Any]:
    found = bundle()
    participant = [{"individual": {"reference": "#dr"}}]
    found["entry"][1]["resource"] |= {"contained": list(contained), "participant": participant}
    return found


def test_a_visits_contained_clinician_is_known_by_the_npi() -> None:
    clinician = {"resourceType": "Practitioner", "id": "dr", "identifier": [NPI]}
    [told] = visits_of(read(visit_by(clinician)))
    assert told.visit.provider_npi == "1245319599"
    role = {"resourceType": "PractitionerRole", "id": "dr", "practitioner": {"reference": "#p"}}
    [told] = visits_of(read(visit_by(role, clinician | {"id": "p"})))
    assert told.visit.provider_npi == "1245319599"


def test_a_contained_clinician_without_an_identifier_is_nobody_the_map_knows() -> None:
    nameless = {"resourceType": "Practitioner", "id": "dr", "active": True}
    knows_dr = connection({"entry": [{"resource": nameless}]})
    [told] = visits_of(read(visit_by(nameless), knows_dr))
    assert told.visit.provider_npi is None


def test_a_patient_has_to_be_a_record_of_its_own() -> None:
    found = bundle()
    patient = found["entry"][0]["resource"]
    found["entry"][1]["resource"] |= {"contained": [patient], "subject": {"reference": "#p1"}}
    assert ("patient-missing", "Bundle.entry[1].resource.subject") in refusals_of(found)
