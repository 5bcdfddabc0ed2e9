"""Each rule finds what it is about, on the line it is about, and lets its neighbour pass."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.billing.scrub.catalogue import RULES, scrub
from services.billing.scrub.model import CodeList
from tests.billing.scrub.facts import NOT_AN_NPI, ON, facts, found, limits, line, pair

Changes = dict[str, Any]
OTHER_EDITION = CodeList("2026", judges=False, valid=frozenset({"E119"}))
PROCEDURES = CodeList("2026", judges=True, valid=frozenset({"G0463"}))
WANTS = frozenset({"G2211"})
VISIT, SURGERY = "99213", "11102"


def lines(*modifiers: str, procedure: str = "G0463", **changes: Any) -> Changes:
    return {"lines": (line(1, procedure, modifiers=modifiers, **changes),)}


def beside(*told: tuple[str, tuple[str, ...]]) -> Changes:
    return {"lines": tuple(line(n, code, modifiers=m) for n, (code, m) in enumerate(told, 1))}


TWICE = beside(("G0463", ()), ("G0463", ("XE",)))
DISTINGUISH = (
    *("E1", "E2", "E3", "E4", "FA", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"),
    *("TA", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "LT", "RT"),
    *("LC", "LD", "RC", "LM", "RI", "24", "25", "57", "58", "78", "79"),
    *("27", "59", "91", "XE", "XS", "XP", "XU"),
)
"""NCCI Policy Manual, chapter 1, section E: modifiers that are associated with pairs."""
AGAIN = ("59", "76", "77", "91", "XE", "XS", "XP", "XU")
READ_LEFT = line(3, modifiers=("26", "LT"))

FIRES: list[tuple[str, Changes, tuple[int, ...]]] = [
    ("npi-check-digit", {"billing_npi": NOT_AN_NPI}, (0,)),
    ("npi-check-digit", {"rendering_npi": NOT_AN_NPI, "referring_npi": "12345"}, (0, 0)),
    ("diagnosis-code", {"diagnoses": ("I10", "E119X")}, (0,)),
    ("diagnosis-code", {"diagnoses": ("E11",)}, (0,)),
    ("external-cause-first", {"diagnoses": ("W19XXXA", "I10")}, (0,)),
    *[("external-cause-first", {"diagnoses": (code,)}, (0,)) for code in ("V1", "X1", "Y1")],
    ("diagnosis-twice", {"diagnoses": ("I10", "E119", "I10")}, (0,)),
    ("diagnosis-pointers", lines(pointers=(1, 3)), (1,)),
    ("diagnosis-pointers", lines(pointers=(2, 2)), (1,)),
    ("procedure-code", {"procedure_list": PROCEDURES}, (2,)),
    ("place-of-service", {"place_of_service": "30"}, (0,)),
    ("place-of-service", {"place_of_service": "10", "service_on": date(2021, 12, 31)}, (0,)),
    ("born-after-service", {"born_on": date(2026, 5, 5)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z00129",)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z00129",), "born_on": date(2008, 5, 4)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z00111",), "born_on": date(2026, 4, 5)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z3400",), "born_on": date(2017, 5, 5)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z3A20",), "born_on": date(2017, 5, 5)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z0000",), "born_on": date(1901, 5, 4)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z0000",), "born_on": date(2011, 5, 5)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z00110",), "born_on": date(2026, 4, 26)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z00111",), "born_on": date(2026, 4, 27)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("Z3800",), "born_on": date(2025, 5, 4)}, (0,)),
    ("diagnosis-age", {"diagnoses": ("I10", "O0900"), "born_on": date(1961, 5, 4)}, (0,)),
    ("diagnosis-sex", {"diagnoses": ("N400",)}, (0,)),
    ("diagnosis-sex", {"diagnoses": ("Z01419",), "sex": "M"}, (0,)),
    ("maternal-and-newborn", {"diagnoses": ("O0900", "P0716")}, (0,)),
    ("modifier-26-tc", lines("26", "TC"), (1,)),
    ("modifier-50-units", lines("50", units=2), (1,)),
    ("modifier-50-side", lines("50", "LT"), (1,)),
    ("modifier-50-side", lines("50", "RT"), (1,)),
    ("modifier-59-x", lines("59", "XS"), (1,)),
    *[("modifier-59-x", lines("59", other), (1,)) for other in ("XE", "XP", "XU")],
    ("modifier-59-evaluation", lines("59", procedure=VISIT), (1,)),
    ("modifier-25-procedure", lines("25", procedure=SURGERY), (1,)),
    ("modifier-25-missing", beside((VISIT, ()), (SURGERY, ())), (1,)),
    ("modifier-twice", lines("LT", "LT"), (1,)),
    ("ncci-pairs", {"pairs": (pair(0),)}, (2,)),
    ("ncci-pairs", {"pairs": (pair(1),)}, (2,)),
    ("ncci-pairs", {"pairs": (pair(0),), **beside(("G0463", ("XU",)), ("G2211", ("XU",)))}, (2,)),
    ("ncci-pairs", {"pairs": (pair(0),), **lines(), "same_day": (line(1, "G2211"),)}, (1,)),
    ("ncci-pairs", {"pairs": (pair(0, deleted_on=ON),)}, (2,)),
    ("ncci-pairs", {"pairs": (pair(0, effective_on=ON),)}, (2,)),
    ("mue-line", {"unit_limits": limits(1, 1), **lines(units=2)}, (1,)),
    ("mue-policy", {"unit_limits": limits(1, 2), **TWICE}, (2,)),
    ("mue-policy", {"unit_limits": limits(1, 2), **lines(), "same_day": (line(7),)}, (1,)),
    ("mue-clinical", {"unit_limits": limits(3, 3), **lines(units=4)}, (1,)),
    ("evaluation-units", lines(procedure=VISIT, units=2), (1,)),
    ("evaluation-units", lines(procedure="99202", units=2), (1,)),
    ("evaluation-units", lines(procedure="99499", units=2), (1,)),
    ("modifier-25-procedure", lines("25", procedure="10004"), (1,)),
    ("modifier-25-procedure", lines("25", procedure="69990"), (1,)),
    ("service-in-future", {"service_on": date(2026, 5, 7)}, (0,)),
    ("timely-filing", {"as_of": date(2026, 8, 3)}, (0,)),
    ("duplicate-claim", {"same_day": (line(3, "G2211"),)}, (2,)),
    ("duplicate-claim", {**lines("LT", "26"), "same_day": (READ_LEFT,)}, (1,)),
    ("duplicate-line", beside(("G0463", ()), ("G0463", ())), (2,)),
    ("authorization-missing", {"authorization_codes": WANTS}, (2,)),
    ("coverage-inactive", {"coverage": "inactive"}, (0,)),
    ("coverage-awaited", {"coverage": "unknown", "coverage_question": "open"}, (0,)),
    ("coverage-unverified", {"coverage": "unknown", "coverage_question": "ended"}, (0,)),
    ("medicare-secondary", {"unexplained_medicare": True}, (0,)),
    ("zero-charge-claim", lines(charge_cents=0), (0,)),
    ("zero-charge-line", {"lines": (line(), line(2, "G8427", charge_cents=0))}, (2,)),
]  # fmt: skip
PASSES: list[tuple[str, Changes]] = [
    ("npi-check-digit", {"referring_npi": "1245319599", "billing_npi": None}),
    ("diagnosis-code", {"diagnoses": ("W19XXXA", "E119")}),
    ("external-cause-first", {"diagnoses": ("I10", "W19XXXA")}),
    ("diagnosis-twice", {"diagnoses": ("I10", "E119", "E118")}),
    ("diagnosis-pointers", lines(pointers=(2, 1))),
    ("procedure-code", {"procedure_list": PROCEDURES, **lines()}),
    ("procedure-code", {"procedure_list": None}),
    ("place-of-service", {"place_of_service": "10", "service_on": date(2022, 1, 1)}),
    ("born-after-service", {"born_on": ON}),
    ("diagnosis-age", {"diagnoses": ("Z00129",), "born_on": date(2008, 5, 5)}),
    ("diagnosis-age", {"diagnoses": ("Z00129",), "born_on": ON}),
    ("diagnosis-age", {"diagnoses": ("Z00110",), "born_on": ON}),
    ("diagnosis-age", {"diagnoses": ("Z00111",), "born_on": date(2026, 4, 6)}),
    ("diagnosis-age", {"diagnoses": ("Z3400",), "born_on": date(2017, 5, 4)}),
    ("diagnosis-age", {"diagnoses": ("Z0000",), "born_on": date(1901, 5, 5)}),
    ("diagnosis-age", {"diagnoses": ("Z0000",), "born_on": date(2011, 5, 4)}),
    ("diagnosis-age", {"diagnoses": ("Z00110",), "born_on": date(2026, 4, 27)}),
    ("diagnosis-age", {"diagnoses": ("Z00111",), "born_on": date(2026, 4, 26)}),
    ("diagnosis-age", {"diagnoses": ("Z3800",), "born_on": date(2025, 5, 5)}),
    ("diagnosis-age", {"diagnoses": ("O0900",), "born_on": date(1961, 5, 5)}),
    ("diagnosis-sex", {"diagnoses": ("N400",), "sex": "U"}),
    ("diagnosis-sex", {"diagnoses": ("N990",), "sex": "M"}),
    ("maternal-and-newborn", {"diagnoses": ("P0716", "Z3800"), "born_on": ON}),
    ("modifier-26-tc", beside(("G0463", ("26",)), ("G0463", ("TC",)))),
    ("modifier-50-units", lines("50")),
    ("modifier-50-side", lines("LT")),
    ("modifier-59-x", beside(("G0463", ("59",)), ("G2211", ("XS",)))),
    ("modifier-59-evaluation", lines("59", procedure=SURGERY)),
    ("modifier-25-procedure", lines("25", procedure=VISIT)),
    ("modifier-25-missing", beside((VISIT, ("25",)), (SURGERY, ()))),
    ("modifier-25-missing", lines(procedure=VISIT)),
    ("modifier-25-missing", beside((VISIT, ("24",)), (SURGERY, ()))),
    ("modifier-25-missing", beside((VISIT, ("57",)), (SURGERY, ()))),
    ("modifier-twice", beside(("G0463", ("LT",)), ("G2211", ("LT",)))),
    ("ncci-pairs", {"pairs": (pair(9),)}),
    ("ncci-pairs", {"pairs": (pair(1),), **beside(("G0463", ("25",)), ("G2211", ()))}),
    ("ncci-pairs", {"pairs": (pair(0, deleted_on=date(2026, 5, 3)),)}),
    ("ncci-pairs", {"pairs": (pair(0, effective_on=date(2026, 5, 5)),)}),
    ("ncci-pairs", {"pairs": (pair(0),), **lines()}),
    *[
        ("ncci-pairs", {"pairs": (pair(1),), **beside(("G0463", ()), ("G2211", (modifier,)))})
        for modifier in DISTINGUISH
    ],
    ("ncci-pairs", {"pairs": (pair(0, column2="G0463"),), **lines()}),
    ("mue-line", {"unit_limits": limits(2, 1), **beside(("G0463", ()), ("G0463", ("59",)))}),
    ("mue-policy", {"unit_limits": limits(2, 2), **lines(units=2)}),
    ("mue-clinical", {"unit_limits": limits(3, 2), **lines(units=4)}),
    ("evaluation-units", lines(procedure=SURGERY, units=2)),
    ("evaluation-units", lines(procedure=VISIT)),
    ("evaluation-units", lines(procedure="99201", units=2)),
    ("modifier-25-procedure", lines("25", procedure="70010")),
    ("mue-line", {"unit_limits": limits(2, 1), **lines(units=2)}),
    ("service-in-future", {"service_on": date(2026, 5, 6)}),
    ("coverage-awaited", {"coverage": "unknown", "coverage_question": "ended"}),
    ("coverage-unverified", {"coverage": "unknown", "coverage_question": "open"}),
    ("medicare-secondary", {"unexplained_medicare": False}),
    ("timely-filing", {"as_of": date(2026, 8, 2)}),
    ("timely-filing", {"as_of": date(2036, 8, 2), "filing_deadline": None}),
    ("duplicate-claim", {"same_day": (line(3, "G2211", modifiers=("25",)),)}),
    ("duplicate-claim", {**lines("76"), "same_day": (line(3, modifiers=("76",)),)}),
    *[
        ("duplicate-claim", {**lines(again), "same_day": (line(3, modifiers=(again,)),)})
        for again in AGAIN
    ],
    ("duplicate-line", beside(("G0463", ()), ("G0463", ("LT",)))),
    ("authorization-missing", {"authorization_codes": WANTS, "has_authorization": True}),
    ("coverage-inactive", {"coverage": "unknown"}),
    ("zero-charge-claim", {"lines": (line(), line(2, "G8427", charge_cents=0))}),
    ("zero-charge-line", lines()),
]  # fmt: skip


def test_an_ordinary_claim_is_clean() -> None:
    assert found(facts()) == {}


@pytest.mark.parametrize(("rule_id", "changes", "where"), FIRES, ids=lambda case: str(case)[:60])
def test_what_a_rule_is_about_is_found_on_its_line(
    rule_id: str, changes: Changes, where: tuple[int, ...]
) -> None:
    assert found(facts(**changes))[rule_id][1] == where


@pytest.mark.parametrize(("rule_id", "changes"), PASSES, ids=lambda case: str(case)[:60])
def test_what_is_just_right_passes(rule_id: str, changes: Changes) -> None:
    assert rule_id not in found(facts(**changes))


FEMALE = ("C51", "C58", "N70", "N77", "N80", "N98", "O09", "Z3A", "Z34", "Z37")
MALE = ("C60", "C63", "N40", "N53")


@pytest.mark.parametrize(("sex", "codes"), [("M", FEMALE), ("F", MALE)])
def test_the_blocks_of_the_other_sex_are_hinted_at(sex: str, codes: tuple[str, ...]) -> None:
    for code in codes:
        of = facts(sex=sex, diagnoses=("I10", code), diagnosis_list=OTHER_EDITION)
        assert found(of)["diagnosis-sex"] == ("warning", (0,)), code


@pytest.mark.parametrize(
    ("rule_id", "changes", "place"),
    [
        ("diagnosis-code", {"diagnoses": ("I10", "E11")}, "2300 HI02-2"),
        ("diagnosis-twice", {"diagnoses": ("I10", "I10")}, "2300 HI02-2"),
        ("diagnosis-age", {"diagnoses": ("I10", "Z00129")}, "2300 HI02-2"),
        ("diagnosis-sex", {"diagnoses": ("I10", "N400")}, "2300 HI02-2"),
        ("maternal-and-newborn", {"diagnoses": ("O0900", "P0716")}, "2300 HI02-2"),
        ("external-cause-first", {"diagnoses": ("W19XXXA",)}, "2300 HI01-2"),
        ("npi-check-digit", {"referring_npi": NOT_AN_NPI}, "2310A NM109"),
        ("modifier-50-units", lines("50", units=2), "2400 SV104"),
    ],
)
def test_a_finding_names_the_element(rule_id: str, changes: Changes, place: str) -> None:
    [edit] = [edit for edit in scrub(facts(**changes)) if edit.rule_id == rule_id]
    assert edit.place == place


def test_a_biller_reads_what_to_do() -> None:
    never, perhaps = (
        next(e for e in scrub(facts(pairs=(pair(n),))) if e.rule_id == "ncci-pairs").explanation
        for n in (0, 1)
    )
    assert "G2211 is part of G0463" in never
    assert "no modifier changes that. Leave G2211 out" in never
    assert "add the modifier that says how they are distinct" in perhaps
    [twice] = scrub(facts(diagnoses=("E119", "I10", "I10")))
    assert twice.explanation == "Diagnosis 3 is the same as diagnosis 2. Tell it once."


def test_every_rule_has_a_case_where_it_finds_something_and_one_where_it_does_not() -> None:
    every = {rule.rule_id for rule in RULES}
    assert {rule_id for rule_id, *_ in FIRES} == every
    assert {rule_id for rule_id, _ in PASSES} == every


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"diagnoses": ("I10", "E11")}, "error"),
        ({"diagnoses": ("I10", "E11"), "service_on": date(2026, 3, 31)}, "warning"),
        ({"diagnoses": ("I10", "E11"), "service_on": date(2026, 10, 1)}, "warning"),
        ({"diagnosis_list": OTHER_EDITION}, "warning"),
    ],
)
def test_a_diagnosis_is_judged_by_the_edition_of_its_day_only(
    changes: Changes, severity: str
) -> None:
    assert found(facts(**{"as_of": date(2026, 10, 1), "filing_deadline": None, **changes})) == {
        "diagnosis-code": (severity, (0,))
    }


def test_a_rule_holds_from_its_first_day_on() -> None:
    changes: Changes = {"diagnoses": ("Z00129",), "diagnosis_list": OTHER_EDITION}
    assert "diagnosis-age" in found(facts(service_on=date(2015, 10, 1), **changes))
    assert "diagnosis-age" not in found(facts(service_on=date(2015, 9, 30), **changes))
