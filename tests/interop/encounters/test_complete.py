"""A visit is billed in codes that the EHR, the practice's map or its clinician gave."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from libs.events.contracts.interop import ChargeLine
from libs.events.examples import interop as examples
from services.interop.connections.model import CodeRow, Profile
from services.interop.encounters.model import (
    Complete,
    Question,
    SourceCode,
    SourceLine,
    Visit,
    complete,
)
from services.interop.encounters.translate import translator

SNOMED = "http://snomed.info/sct"
PAIN, CONGESTION, HEAD = "29857009", "68235000", "25064002"
CHECKUP = "185349003"

MAP = translator(
    Profile(
        codes=(
            CodeRow(system=SNOMED, code=PAIN, kind="diagnosis", target="R07.9"),
            CodeRow(system=SNOMED, code=CONGESTION, kind="diagnosis", target="R09.81"),
            CodeRow(system=SNOMED, code=HEAD, kind="diagnosis", target="R07.9"),
            CodeRow(system=SNOMED, code=CHECKUP, kind="procedure", target="G0439"),
        )
    )
)


def code(value: str) -> SourceCode:
    return SourceCode(system=SNOMED, code=value)


def visit(**changes: Any) -> Visit:
    fields: dict[str, Any] = {
        "service_on": date(2026, 3, 2),
        "place_of_service": "11",
        "provider_npi": examples.NPI,
        "diagnoses": (code(PAIN), code(CONGESTION)),
        "lines": (SourceLine(procedure=code(CHECKUP)),),
        "coverage": None,
        "coverage_is_told": True,
        "source": "fhir",
        **changes,
    }
    return Visit(**fields)


def test_a_whole_visit_is_translated_by_the_practices_map() -> None:
    found = complete(visit(), MAP, {})
    assert found == Complete(
        provider_npi=examples.NPI,
        place_of_service="11",
        diagnoses=("R07.9", "R09.81"),
        lines=(ChargeLine(line_number=1, procedure_code="G0439", diagnosis_pointers=(1, 2)),),
    )


def test_two_source_codes_for_one_diagnosis_are_billed_once_and_pointed_at_rightly() -> None:
    lines = (
        SourceLine(procedure=code(CHECKUP), diagnoses=(3,)),
        SourceLine(procedure=code(CHECKUP), diagnoses=(2, 3, 1), units=2, modifiers=("25",)),
    )
    told = visit(diagnoses=(code(PAIN), code(HEAD), code(CONGESTION)), lines=lines)
    found = complete(told, MAP, {})
    assert isinstance(found, Complete)
    assert found.diagnoses == ("R07.9", "R09.81")
    assert [line.diagnosis_pointers for line in found.lines] == [(2,), (1, 2)]
    assert [(line.units, line.modifiers) for line in found.lines] == [(1, ()), (2, ("25",))]


@pytest.mark.parametrize(
    ("changes", "question", "answer"),
    [
        ({"provider_npi": None}, Question("missing-provider"), "1245319599"),
        ({"diagnoses": ()}, Question("missing-diagnosis"), "Z00.00"),
        ({"lines": ()}, Question("missing-charge"), "G0438"),
        ({"diagnoses": (code("1"),)}, Question("unmapped-diagnosis", SNOMED, "1"), "Z00.00"),
        (
            {"lines": (SourceLine(procedure=code("2")),)},
            Question("unmapped-procedure", SNOMED, "2"),
            "G0438",
        ),
    ],
)
def test_what_is_missing_is_asked_and_the_answer_completes_the_visit(
    changes: dict[str, Any], question: Question, answer: str
) -> None:
    told = visit(**changes)
    assert complete(told, MAP, {}) == [question]
    found = complete(told, MAP, {question: answer})
    assert isinstance(found, Complete)
    billed = {found.provider_npi, *found.diagnoses, *(line.procedure_code for line in found.lines)}
    assert answer in billed


def test_everything_missing_is_asked_at_once_and_each_thing_once() -> None:
    told = visit(
        provider_npi=None,
        diagnoses=(code("1"), code(PAIN), code("1")),
        lines=(SourceLine(procedure=code("2")), SourceLine(procedure=code("2"))),
    )
    assert complete(told, MAP, {}) == [
        Question("missing-provider"),
        Question("unmapped-diagnosis", SNOMED, "1"),
        Question("unmapped-procedure", SNOMED, "2"),
    ]


def test_a_query_has_one_id_per_visit_and_question() -> None:
    one, other = Question("unmapped-diagnosis", SNOMED, "1"), Question("missing-diagnosis")
    assert one.id_for(examples.ENCOUNTER) == one.id_for(examples.ENCOUNTER)
    assert one.id_for(examples.ENCOUNTER) != other.id_for(examples.ENCOUNTER)
    assert one.id_for(examples.ENCOUNTER) != one.id_for(examples.APPOINTMENT)
