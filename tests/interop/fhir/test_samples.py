"""The public bundles, counted from their JSON apart from the code under test.

The expectation is worked out with the raw files and the rows of the committed value map only: which
codes each visit has, which of them the map translates, and so whether it is posted or asked about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.interop.encounters.model import Complete, Question, complete
from services.interop.encounters.translate import translator
from services.interop.messages.told import ToldPatient
from tests.interop.fhir.reading import (
    BLUESTONE,
    NPI,
    PATIENTS,
    connection,
    read,
    resources,
    value_map,
    visits_of,
)

Code = tuple[str, str]
BY_FILE = pytest.mark.parametrize("path", PATIENTS, ids=lambda path: path.name)

# Counted once by a script of its own: a mistake that code and sums below share would be seen.
VISITS = {"Buster": 6, "Clemente": 3, "Edward": 6, "Liz": 7, "Stanley": 7}
POSTED = {"Buster": 5, "Clemente": 2, "Edward": 5, "Liz": 4, "Stanley": 6}


class Expected(NamedTuple):
    """A visit as its file has it; `cents` None: not every service has a price."""

    diagnoses: tuple[Code, ...]
    services: tuple[Code, ...]
    cents: int | None


@BY_FILE
def test_each_finished_visit_is_told_as_its_file_has_it_to_the_cent(path: Path) -> None:
    bundle = json.loads(path.read_bytes(), parse_float=Decimal)
    told = read(path.read_bytes(), connection(bundle))
    assert sum(isinstance(one, ToldPatient) for one in told) == 1
    visits = [one.visit for one in visits_of(told)]
    assert len(visits) == VISITS[_name(path)]
    assert [
        Expected(
            tuple((code.system, code.code) for code in visit.diagnoses),
            tuple((line.procedure.system, line.procedure.code) for line in visit.lines),
            visit.ehr_charge_cents,
        )
        for visit in visits
    ] == list(_expected(bundle))
    assert {visit.coverage and visit.coverage.payer_id for visit in visits} == {
        BLUESTONE["payer_id"]
    }
    assert {line.units for visit in visits for line in visit.lines} == {1}


@BY_FILE
def test_what_the_map_translates_is_posted_and_the_rest_is_asked_never_guessed(path: Path) -> None:
    bundle = json.loads(path.read_bytes(), parse_float=Decimal)
    over = connection(bundle)
    targets = {(r["kind"], r["system"], r["code"]): r["target"] for r in value_map()}
    posted = 0
    told = visits_of(read(path.read_bytes(), over))
    for one, expected in zip(told, _expected(bundle), strict=True):
        questions = _questions(expected, set(targets))
        answer = complete(one.visit, translator(over.profile), answers={})
        if not isinstance(answer, Complete):
            assert set(answer) == questions
            continue
        posted += 1
        assert questions == set()
        assert [line.procedure_code for line in answer.lines] == [
            targets["procedure", *code] for code in expected.services
        ]
        assert list(answer.diagnoses) == list(
            dict.fromkeys(targets["diagnosis", *code] for code in expected.diagnoses)
        )
    assert posted == POSTED[_name(path)]


def test_the_codes_left_out_of_the_map_on_purpose_are_asked_about() -> None:
    known = {(r["kind"], r["system"], r["code"]) for r in value_map()}
    asked = {
        question.code
        for path in PATIENTS
        for expected in _expected(json.loads(path.read_bytes(), parse_float=Decimal))
        for question in _questions(expected, known)
    }
    assert {"287664005", "305408004"} <= asked


def test_the_samples_practitioners_carry_no_real_npi_so_the_profile_names_them() -> None:
    body = PATIENTS[0].read_bytes()
    [practitioner] = resources(json.loads(body), "Practitioner")
    [identifier] = practitioner["identifier"]
    assert identifier["system"] == "http://hl7.org/fhir/sid/us-npi"
    assert len(identifier["value"]) < 10
    unnamed, named = read(body, connection()), read(body, connection(json.loads(body)))
    assert {one.visit.provider_npi for one in visits_of(unnamed)} == {None}
    assert {one.visit.provider_npi for one in visits_of(named)} == {NPI}


def _questions(expected: Expected, known: set[tuple[str, ...]]) -> set[Question]:
    """All that a clinician has to say before this visit may be billed."""
    found = {
        Question("unmapped-diagnosis", *c)
        for c in expected.diagnoses
        if ("diagnosis", *c) not in known
    } | {
        Question("unmapped-procedure", *c)
        for c in expected.services
        if ("procedure", *c) not in known
    }
    if not expected.diagnoses:
        found.add(Question("missing-diagnosis"))
    if not expected.services:
        found.add(Question("missing-charge"))
    return found


def _expected(bundle: dict[str, Any]) -> Iterator[Expected]:
    """Each finished visit in the file's order."""
    reasons = {(r["system"], r["code"]) for r in value_map() if r["kind"] == "diagnosis"}
    for entry in bundle["entry"]:
        url, visit = entry["fullUrl"], entry["resource"]
        if visit["resourceType"] != "Encounter" or visit["status"] != "finished":
            continue
        found = [
            _code(condition["code"])
            for condition in resources(bundle, "Condition")
            if condition["encounter"]["reference"] == url
        ]
        items = [
            item for item in _items(bundle, url) if _code(item["productOrService"]) not in found
        ]
        prices = [item["net"]["value"] if "net" in item else None for item in items]
        told = [price for price in prices if price is not None]
        yield Expected(
            tuple(found or [c for c in [_code(visit["type"][0])] if c in reasons]),
            tuple(_code(item["productOrService"]) for item in items),
            int(sum(told) * 100) if told and len(told) == len(prices) else None,
        )


def _items(bundle: dict[str, Any], url: str) -> Iterator[dict[str, Any]]:
    """What the visit's claims list, its conditions included; a pharmacy bills for itself."""
    for claim in resources(bundle, "Claim"):
        named = [one["reference"] for i in claim["item"] for one in i.get("encounter", [])]
        if url in named and claim["type"]["coding"][0]["code"] != "pharmacy":
            yield from claim["item"]


def _code(concept: dict[str, Any]) -> Code:
    coding = concept["coding"][0]
    return coding["system"], coding["code"]


def _name(path: Path) -> str:
    return path.name.partition("_")[0]
