"""Claims a second that one process writes as an 837P, reads back and compares before it leaves."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from services.billing.exchange.checked import write_checked
from services.billing.x12.claims_837p import ProfessionalClaims
from tests.billing.x12.batches import CHILD, batch, claim
from tests.databases import Databases

CLAIMS = 5_000
"""As many as a transaction set may hold."""
ROUNDS = 5


def claims() -> ProfessionalClaims:
    """One to four lines each; every fifth is a child's."""
    made = [
        replace(claim(f"C{n:08d}", 1 + n % 4), diagnoses=("E119", "I10")) for n in range(CLAIMS)
    ]
    return batch(*[replace(c, patient=CHILD) if n % 5 == 0 else c for n, c in enumerate(made)])


async def measure_claiming(databases: Databases, kafka: str) -> dict[str, float]:
    """The median of some rounds: written, re-parsed, and every field compared."""
    meant = claims()
    rates: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        size = len(write_checked(meant))
        rates.append(CLAIMS / (time.perf_counter() - began))
        assert size > 400 * CLAIMS, "whole claims are written"
    return {"x12_837_claims_per_second": median(rates)}
