"""The public bundles, counted from their JSON apart from the code under test.

The expectation is worked out with the raw files and the rows of the committed value map only: which
codes each visit has, which of them the map translates, and so whether it is posted or asked about.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle as R4Bundle

from services.interop.encounters.model import Complete, Question, complete
from services.interop.encounters.translate import translator
from services.interop.messages.told import ToldPatient
from tests.interop.fhir.reading import (
    BLUESTONE,
    PATIENTS,
    SAMPLES,
    connection,
    read,
    resources,
    value_map,
    visits_of,
)

Code = tuple[str, str]

# Known from the files: finished visits, and of these the ones that the committed map completes.
VISITS = {"Buster_Hoeger": 6, "Clemente_Kreiger": 3, "Edward_Gulgowski": 6, "Liz_Conn": 7,
          "Stanley_Balistreri": 7}  # fmt: skip


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name)
def test_each_finished_visit_is_told_with_the_codes_that_its_file_has(path: Path) -> None:
    bundle = json.loads(path.read_bytes())
    told = read(bundle, connection(bundle))
    visits = visits_of(told)
    assert sum(isinstance(one, ToldPatient) for one in told) == 1
    assert len(visits) == VISITS["_".join(path.name.split("_")[:2])]
    found = Counter(
        (
            tuple((c.system, c.code) for c in one.visit.diagnoses),
            tuple((line.procedure.system, line.procedure.code) for line in one.visit.lines),
        )
        for one in visits
    )
    assert found == Counter(_expected(bundle))


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name)
def test_what_the_map_translates_is_posted_and_the_rest_is_asked_never_guessed(path: Path) -> None:
    bundle = json.loads(path.read_bytes())
    over = connection(bundle)
    targets = {(r["kind"], r["system"], r["code"]): r["target"] for r in value_map()}
    completed = asked = 0
    for told, (diagnoses, services) in zip(
        visits_of(read(bundle, over)), _expected(bundle), strict=True
    ):
        wanted = [("diagnosis", code) for code in diagnoses]
        wanted += [("procedure", code) for code in services]
        missing = {(kind, code) for kind, code in wanted if (kind, *code) not in targets}
        answer = complete(told.visit, translator(over.profile), answers={})
        if isinstance(answer, Complete):
            assert (missing, bool(diagnoses), bool(services)) == (set(), True, True)
            assert [line.procedure_code for line in answer.lines] == [
                targets["procedure", *code] for code in services
            ]
            assert list(answer.diagnoses) == list(
                dict.fromkeys(targets["diagnosis", *code] for code in diagnoses)
            )
            completed += 1
            continue
        asked += 1
        expected = {
            Question(
                "unmapped-diagnosis" if kind == "diagnosis" else "unmapped-procedure",
                *code,
            )
            for kind, code in missing
        }
        expected |= set() if diagnoses else {Question("missing-diagnosis")}
        expected |= set() if services else {Question("missing-charge")}
        assert set(answer) == expected
    assert completed + asked == VISITS["_".join(path.name.split("_")[:2])]


def test_the_samples_reach_both_the_claim_and_the_query() -> None:
    bundles = [json.loads(path.read_bytes()) for path in PATIENTS]
    over = connection(*bundles)
    answers = [
        complete(told.visit, translator(over.profile), answers={})
        for bundle in bundles
        for told in visits_of(read(bundle, over))
    ]
    questions = [q for one in answers if not isinstance(one, Complete) for q in one]
    assert len(answers) == 29
    assert sum(isinstance(one, Complete) for one in answers) == _posted(bundles)
    assert {"287664005", "305408004"} <= {question.code for question in questions}


@pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name)
def test_the_money_of_each_visit_is_the_files_to_the_cent(path: Path) -> None:
    bundle = json.loads(path.read_bytes())
    for told, (_, services) in zip(
        visits_of(read(bundle, connection(bundle))), _expected(bundle), strict=True
    ):
        assert len(told.visit.lines) == len(services)
        assert {line.units for line in told.visit.lines} <= {1}
        assert told.visit.coverage is not None
        assert told.visit.coverage.payer_id == BLUESTONE["payer_id"]
        prices = list(_prices(bundle, told.visit.lines, services))
        # Synthea prices what was done and not the visit itself, so no visit is priced as a whole.
        assert told.visit.ehr_charge_cents == (None if None in prices else sum(map(_cents, prices)))


@pytest.mark.parametrize("path", sorted((SAMPLES / "fhir").glob("*.json")), ids=lambda p: p.name)
def test_every_sample_is_valid_fhir_by_a_library_that_nobody_here_wrote(path: Path) -> None:
    R4Bundle.model_validate_json(path.read_bytes())


def test_the_samples_practitioners_carry_no_real_npi_so_the_profile_names_them() -> None:
    bundle = json.loads(PATIENTS[0].read_bytes())
    [practitioner] = resources(bundle, "Practitioner")
    [identifier] = practitioner["identifier"]
    assert identifier["system"] == "http://hl7.org/fhir/sid/us-npi"
    assert len(identifier["value"]) < 10
    assert {told.visit.provider_npi for told in visits_of(read(bundle, connection()))} == {None}
    named = visits_of(read(bundle, connection(bundle)))
    assert {told.visit.provider_npi for told in named} == {"1245319599"}


def _posted(bundles: list[dict[str, Any]]) -> int:
    known = {(r["kind"], r["system"], r["code"]) for r in value_map()}
    return sum(
        bool(diagnoses) and bool(services)
        and all(("diagnosis", *code) in known for code in diagnoses)
        and all(("procedure", *code) in known for code in services)
        for bundle in bundles for diagnoses, services in _expected(bundle)
    )  # fmt: skip


def _expected(bundle: dict[str, Any]) -> Iterator[tuple[tuple[Code, ...], tuple[Code, ...]]]:
    """(diagnoses, services) of each finished visit, in the file's order."""
    urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    reasons = {(r["system"], r["code"]) for r in value_map() if r["kind"] == "diagnosis"}
    for url, visit in urls.items():
        if visit["resourceType"] != "Encounter" or visit["status"] != "finished":
            continue
        conditions = [
            _code(one["code"])
            for one in resources(bundle, "Condition")
            if one["encounter"]["reference"] == url
        ]
        items = [item for claim in _claims(bundle, url) for item in claim["item"]]
        services = [_code(item["productOrService"]) for item in items]
        diagnoses = conditions or [c for c in [_code(visit["type"][0])] if c in reasons]
        yield tuple(diagnoses), tuple(code for code in services if code not in conditions)


def _claims(bundle: dict[str, Any], url: str) -> list[dict[str, Any]]:
    """The claims of a visit that are the practice's, not the pharmacy's."""
    return [
        claim
        for claim in resources(bundle, "Claim")
        if claim["type"]["coding"][0]["code"] != "pharmacy"
        and any(
            one["reference"] == url for item in claim["item"] for one in item.get("encounter", [])
        )
    ]


def _prices(
    bundle: dict[str, Any], lines: tuple[object, ...], services: tuple[Code, ...]
) -> Iterator[Any]:
    """The price of each service, None where its claim names none."""
    for claim in resources(bundle, "Claim"):
        for item in claim["item"]:
            code = _code(item["productOrService"])
            if code in services and len(lines) == len(services):
                yield item.get("net", {}).get("value")


def _cents(value: float) -> int:
    return round(value * 100)


def _code(concept: dict[str, Any]) -> Code:
    coding = concept["coding"][0]
    return coding["system"], coding["code"]
