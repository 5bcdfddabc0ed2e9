"""Facts of a claim that no rule finds fault with; tests override what they are about."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.billing.scrub.catalogue import scrub
from services.billing.scrub.editions import packaged
from services.billing.scrub.model import ClaimFacts, Line, Pair, UnitLimit

ON = date(2026, 5, 4)
NPI = "1234567893"
NOT_AN_NPI = "1234567894"


def line(number: int = 1, procedure: str = "G0463", **changes: Any) -> Line:
    told: dict[str, Any] = {
        "modifiers": (),
        "units": 1,
        "pointers": (1,),
        "charge_cents": 13_500,
    }
    return Line(number=number, procedure=procedure, **{**told, **changes})


def facts(**changes: Any) -> ClaimFacts:
    """A visit of a woman of 42 for high blood pressure, asked the day after."""
    told: dict[str, Any] = {
        "as_of": date(2026, 5, 5),
        "service_on": ON,
        "place_of_service": "11",
        "diagnoses": ("I10", "E119"),
        "lines": (line(), line(2, "G2211", charge_cents=2_400)),
        "born_on": date(1984, 5, 4),
        "sex": "F",
        "billing_npi": NPI,
        "rendering_npi": NPI,
        "referring_npi": None,
        "has_authorization": False,
        "coverage": "active",
        "filing_deadline": date(2026, 8, 2),
        "authorization_codes": frozenset[str](),
        "diagnosis_list": packaged().on(changes.get("service_on", ON)),
        "procedure_list": None,
    }
    return ClaimFacts(**{**told, **changes})


def pair(indicator: int, **changes: Any) -> Pair:
    told: dict[str, Any] = {
        "column1": "G0463",
        "column2": "G2211",
        "effective_on": date(2024, 1, 1),
        "deleted_on": None,
    }
    return Pair(**{**told, **changes}, modifier_indicator=indicator)


def limits(units: int, adjudication: int, code: str = "G0463") -> dict[str, UnitLimit]:
    return {code: UnitLimit(units, adjudication)}


def found(of: ClaimFacts) -> dict[str, tuple[str, tuple[int, ...]]]:
    """What the catalogue finds: by rule, its severity and the lines."""
    by_rule: dict[str, tuple[str, tuple[int, ...]]] = {}
    for edit in scrub(of):
        _, lines = by_rule.get(edit.rule_id, ("", ()))
        by_rule[edit.rule_id] = (edit.severity, (*lines, edit.line_number))
    return by_rule
