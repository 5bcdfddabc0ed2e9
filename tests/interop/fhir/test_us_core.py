"""US Core: a false claim of a profile is refused, what is only looked for is a warning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.interop.fhir.inspect import read_resources
from services.interop.fhir.model import TAKEN
from services.interop.fhir.shapes import elements_of
from services.interop.fhir.uscore import PROFILES, Profile, warnings_of
from tests.interop.fhir.reading import connection, refusals_of
from tests.interop.fhir.test_bad_bundles import CONDITION, PATIENT, bundle

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def claiming(profile: str, **changes: Any) -> dict[str, Any]:
    """The good bundle, whose patient claims a profile of US Core."""
    found = bundle()
    patient = found["entry"][0]["resource"]
    patient |= {"meta": {"profile": [US_CORE + profile]}, **changes}
    return found


@pytest.mark.parametrize("profile", ["patient", "patient|6.1.0"])
def test_a_false_claim_of_a_profile_is_refused_at_what_is_missing(profile: str) -> None:
    assert refusals_of(claiming(profile)) == [
        ("profile-element-missing", "Bundle.entry[0].resource.identifier.system")
    ]
    assert refusals_of(bundle()) == []  # the same, without the claim


def test_a_true_claim_and_a_claim_of_what_is_not_known_are_taken() -> None:
    whole = [{"system": "urn:oid:1.2.3", "value": "1001"}]
    assert refusals_of(claiming("patient", identifier=whole)) == []
    assert refusals_of(claiming("patient-of-our-own")) == []


def test_what_is_looked_for_is_a_warning_and_the_resource_is_taken() -> None:
    reading = read_resources(json.dumps(bundle()).encode(), connection())
    assert reading.refusals == ()
    places = {one.where for one in reading.resources[0].warnings}
    assert "Bundle.entry[0].resource.address.postalCode" in places
    assert "Bundle.entry[0].resource.birthDate" not in places


def test_a_value_that_is_told_to_be_absent_is_no_gap() -> None:
    absent = {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}
    patient = {k: v for k, v in PATIENT.items() if k != "birthDate"} | {"_birthDate": absent}
    assert "Patient.birthDate" not in {one.where for one in warnings_of(patient, "Patient")}


@pytest.mark.parametrize(
    ("category", "asks_for_the_visit"),
    [("problem-list-item", False), ("encounter-diagnosis", True), (None, True)],
)
def test_a_problem_needs_no_visit(category: str | None, asks_for_the_visit: bool) -> None:
    condition = {k: v for k, v in CONDITION.items() if k != "encounter"}
    if category is not None:
        condition["category"] = [{"coding": [{"code": category}]}]
    places = {one.where for one in warnings_of(condition, "Condition")}
    assert ("Condition.encounter" in places) is asks_for_the_visit


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_path_is_an_element_of_its_type(profile: Profile) -> None:
    assert profile.type in TAKEN
    for path in (*profile.mandatory, *profile.supported):
        kind = profile.type
        for step in path.split("."):
            elements = elements_of(kind)
            if step.endswith("[x]"):
                assert any(name.startswith(step.removesuffix("[x]")) for name in elements)
                continue
            kind = elements[step].model or kind
