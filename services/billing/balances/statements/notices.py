"""When the No Surprises Act has something to say on a statement; pure.

45 CFR 149.620(a)(2)(ii): a self-pay patient may dispute a bill that is at least $400 above the good
faith estimate. 45 CFR 149.410(a), 149.420: out of network, emergency services and services at a
facility cost no more than in-network cost sharing. Decided from the self-pay flag, the practice's
list of payers without a contract, and the place of service; not decided is whether a patient
consented to more (149.410(b), 149.420(c) to (i)), whether a facility takes part in a network, and
anything about air ambulances (149.440).
"""

from __future__ import annotations

from typing import Literal

from services.billing.balances.statements.model import Estimate

SUBSTANTIALLY_IN_EXCESS_CENTS = 40_000
EMERGENCY_ROOM = "23"
FACILITIES = frozenset({"19", "21", "22", "24"})
"""CMS place of service codes: outpatient hospital off and on campus, inpatient, surgical center."""


def estimate_of(charge_cents: int, expected_cents: int | None) -> Estimate | None:
    """The estimate beside what was billed; None where the patient was given none."""
    if expected_cents is None:
        return None
    excess = charge_cents - expected_cents
    return Estimate(
        expected_cents=expected_cents, disputable=excess >= SUBSTANTIALLY_IN_EXCESS_CENTS
    )


def protection_of(
    *, out_of_network: bool, place_of_service: str
) -> Literal["emergency", "facility"] | None:
    """Which limit on balance billing a visit stands under."""
    if not out_of_network:
        return None
    if place_of_service == EMERGENCY_ROOM:
        return "emergency"
    return "facility" if place_of_service in FACILITIES else None
