"""Made-up practice months: visits drawn from a seed, with everything that may become of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from libs.events.contracts import Event
from tests.analytics.months import Visit, onboarded, practice_id


def practice_months(name: str, months: list[date], *, seed: int, visits: int) -> Iterator[Event]:
    """A practice's months with everything in them: denials, holds, reversals, self-pay, queries."""
    yield onboarded(name)
    rng = random.Random(f"{seed}/{name}")
    for place, month in enumerate(months):
        for number in range(visits + rng.randint(-visits // 5, visits // 5)):
            visit = Visit(practice_id(name), month + timedelta(days=rng.randrange(28)), number)
            yield from _visit(visit, rng, recent=place == len(months) - 1)


def _visit(visit: Visit, rng: random.Random, *, recent: bool) -> Iterator[Event]:
    yield visit.booked()
    if rng.random() < 0.08:
        yield visit.missed()
        return
    if rng.random() < 0.1:
        yield visit.cancelled()
        return
    yield visit.kept()
    if rng.random() < 0.05:
        yield visit.query()
        if recent or rng.random() < 0.3:
            return
        yield visit.answer()
    cents = rng.choice((13_500, 17_800, 20_450, 24_500, 6_200))
    yield visit.encounter()
    yield visit.productivity(rng.choice((97, 130, 192, 260)))
    if rng.random() < 0.06:
        yield visit.charges(cents, payer=None)
        return
    yield visit.charges(cents)
    if rng.random() < 0.07:
        yield visit.held()
        if recent:
            return
        yield visit.released()
    yield visit.submitted(cents)
    yield from _decide(visit, rng, cents, undecided=0.45 if recent else 0.03)


def _decide(visit: Visit, rng: random.Random, cents: int, *, undecided: float) -> Iterator[Event]:
    drawn = rng.random()
    if drawn < 0.03:
        yield visit.rejected()
        return
    yield visit.accepted()
    if rng.random() < undecided:
        return
    if drawn < 0.1:
        yield visit.payment(paid=0, adjusted=0, patient=0, denied=cents)
        yield visit.denied(cents)
        return
    adjusted = cents * rng.randint(20, 34) // 100
    patient = (cents - adjusted) * rng.randint(0, 12) // 100
    paid = cents - adjusted - patient
    yield visit.payment(paid=paid, adjusted=adjusted, patient=patient)
    yield visit.paid(cents, paid, patient, first_pass=rng.random() > 0.04)
    yield visit.fee(paid)
    if drawn > 0.99:
        yield visit.reversal(paid=paid, adjusted=adjusted, patient=patient)
        yield visit.fee_reversed(paid)
