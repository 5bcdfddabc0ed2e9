"""Claims a second that the catalogue judges, in one process, on facts that are loaded."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

from services.billing.scrub.catalogue import scrub
from services.billing.scrub.editions import packaged
from services.billing.scrub.model import ClaimFacts, CodeList, Line, Pair, UnitLimit
from tests.databases import Databases

CLAIMS = 20_000
ROUNDS = 5
CODES = ("G0438", "G0439", "G0442", "G0444", "G0447", "G0463", "G2211", "Q0091")
DIAGNOSES = ("I10", "E119", "Z0000", "M5450", "J069", "E669", "Z6832", "F1010")
NPI = "1234567893"


def claim(number: int) -> ClaimFacts:
    """Two to four lines, loaded tables that concern them, one in ten with something to find."""
    codes = [CODES[(number + place) % len(CODES)] for place in range(2 + number % 3)]
    lines = tuple(
        Line(place, code, ("25",) if place == 1 and number % 4 else (), 1, (1, 2), 10_000)
        for place, code in enumerate(codes, 1)
    )
    on = date(2026, 4, 1) + timedelta(days=number % 180)
    pair = Pair(codes[0], codes[1], date(2024, 1, 1), None, 1)
    made = ClaimFacts(
        as_of=on + timedelta(days=3),
        service_on=on,
        place_of_service="11",
        diagnoses=(DIAGNOSES[number % 8], DIAGNOSES[(number + 3) % 8]),
        lines=lines,
        born_on=date(1950, 1, 1) + timedelta(days=number),
        sex="F" if number % 2 else "M",
        billing_npi=NPI,
        rendering_npi=NPI,
        referring_npi=NPI if number % 3 else None,
        has_authorization=False,
        coverage="active",
        filing_deadline=on + timedelta(days=90),
        authorization_codes=frozenset({"Q0091"} if number % 10 == 0 else ()),
        diagnosis_list=packaged().on(on),
        procedure_list=CodeList("2026", judges=True, valid=frozenset(CODES)),
        pairs=(pair,),
        unit_limits={code: UnitLimit(1, 1 + number % 3) for code in codes},
    )
    earlier = (Line(1, "G0101", (), 1, (1,), 5_900),)
    return replace(made, same_day=earlier) if number % 5 == 0 else made


async def measure_scrubbing(databases: Databases, kafka: str) -> dict[str, float]:
    """The median of some rounds over claims of many kinds."""
    claims = [claim(number) for number in range(CLAIMS)]
    rates: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = sum(len(scrub(facts)) for facts in claims)
        rates.append(CLAIMS / (time.perf_counter() - began))
        assert found > CLAIMS / 20, "the rules are asked"
    return {"scrub_claims_per_second": median(rates)}
