"""US Core: a false claim of a profile is refused, what is only looked for is a warning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.interop.fhir.inspect import read_resources
from services.interop.fhir.model import TAKEN
from services.interop.fhir.shapes import elements_of
from services.interop.fhir.uscore import PROFILES, Profile, warnings_of
from tests.interop.fhir.reading import connection, refusals_of
from tests.interop.fhir.test_bad_bundles import CONDITION, ENCOUNTER, PATIENT, bundle
from tests.interop.fhir.test_r4 import is_required

PUBLISHED = json.loads((Path(__file__).parent / "us_core_6_1_0.json").read_text())
"""What the guide itself says, taken from a source of its own; see the file."""

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
        ("profile-element-missing", "Bundle.entry[0].resource.identifier[0].system")
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


def test_every_repetition_has_to_have_what_is_mandatory_in_it() -> None:
    identifiers = [{"system": "urn:oid:1.2.3", "value": "1001"}, {"system": "urn:oid:4"}]
    asked = claiming("patient", identifier=identifiers, telecom=[{"system": "phone"}])
    assert refusals_of(asked) == [
        ("profile-element-missing", "Bundle.entry[0].resource.identifier[1].value"),
        ("profile-element-missing", "Bundle.entry[0].resource.telecom[0].value"),
    ]


def test_of_a_choice_of_elements_one_is_enough() -> None:
    asked = {
        "Encounter.reasonCode | Encounter.reasonReference",
        "Encounter.location.location | Encounter.serviceProvider",
    }
    visit = {k: v for k, v in ENCOUNTER.items() if k != "location"}
    assert asked <= {one.where for one in warnings_of(visit, "Encounter")}
    told = visit | {"reasonCode": [{"text": "cough"}], "serviceProvider": {"display": "Main St"}}
    assert not asked & {one.where for one in warnings_of(told, "Encounter")}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_table_is_what_us_core_publishes(profile: Profile) -> None:
    told = {name: set(paths.split()) for name, paths in PUBLISHED["profiles"][profile.name].items()}
    assert set(profile.mandatory) == {one for one in told["mandatory"] if not of_r4(profile, one)}
    table = {*profile.mandatory, *profile.supported}
    looked_for = leaves(told["supported"] | told["mandatory"])
    assert {one for one in looked_for if not of_r4(profile, one)} <= table
    assert table <= told["supported"] | told["uscdi"] | told["mandatory"]


def leaves(paths: set[str]) -> set[str]:
    """Without an element of which another is a part: where the part is looked for, it is too."""
    return {one for one in paths if not any(other.startswith(f"{one}.") for other in paths)}


def of_r4(profile: Profile, path: str) -> bool:
    """Required by R4 itself, where its parent is there."""
    *parents, name = path.removesuffix("[x]").split(".")
    kind = profile.type
    for step in parents:
        kind = elements_of(kind)[step].model or kind
    found = [one for one in elements_of(kind) if one == name or path.endswith("[x]")]
    return "|" not in path and any(is_required(kind, one) for one in found if one.startswith(name))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_path_is_an_element_of_its_type(profile: Profile) -> None:
    assert profile.type in TAKEN
    told = (path for row in (*profile.mandatory, *profile.supported) for path in row.split("|"))
    for path in told:
        kind = profile.type
        for step in path.split("."):
            elements = elements_of(kind)
            if step.endswith("[x]"):
                assert any(name.startswith(step.removesuffix("[x]")) for name in elements)
                continue
            kind = elements[step].model or kind
