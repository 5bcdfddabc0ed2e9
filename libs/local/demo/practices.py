"""The sample practices: who they are, who works there, what they charge, who pays them.

Everything is made up. Prices and work values are sample figures of these practices, not CMS's. The
procedure codes are HCPCS level II, which CMS publishes, but for one that a public HL7 sample
message charges (71045).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

DEMO = UUID("3c7b5c1e-98d1-5d0b-8f0e-6d61696e7374")
OPENED_ON = date(1990, 1, 1)
"""Agreements, enrollments and prices of the demo reach back to the oldest sample visit."""


@dataclass(frozen=True, slots=True)
class Payer:
    """An insurer, as claims and the EHRs name it."""

    payer_id: str
    name: str
    ehr_code: str


PAYERS = (
    Payer("BLUST", "Bluestone Health Plan", "BSH"),
    Payer("MDCRE", "Medicare Part B Sample", "MCR"),
    Payer("UNICA", "Unity Care HMO", "UNI"),
)


@dataclass(frozen=True, slots=True)
class Clinician:
    """A clinician; `enrolled_late` names the payer whose enrollment comes after the first visits,
    `never_enrolled` the one with which it has not come at all."""

    npi: str
    family: str
    given: str
    taxonomy: str
    enrolled_late: str | None = None
    never_enrolled: str | None = None


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice, its address in the EHR's messages, and its people."""

    practice_id: UUID
    name: str
    npi: str
    tax_id: str
    line: str
    city: str
    state: str
    postal_code: str
    time_zone: str
    facility: str
    """MSH-4 of its EHR's messages."""
    fee_rate: str
    clinicians: tuple[Clinician, ...]

    def id_of(self, *names: str) -> UUID:
        """A stable id for something of this practice."""
        return uuid5(self.practice_id, "/".join(names))


PRICES_CENTS = {
    "G0438": 24_500,
    "G0439": 17_800,
    "G0444": 2_650,
    "G0442": 2_600,
    "G0447": 4_100,
    "G0101": 5_900,
    "G2012": 2_200,
    "G2211": 2_400,
    "G0463": 13_500,
    "G0380": 31_000,
    "G0008": 3_100,
    "G0168": 18_900,
    "G8427": 0,
    "Q0091": 6_200,
    "71045": 10_000,
}
WORK_RVU_HUNDREDTHS = {
    "G0438": 260,
    "G0439": 192,
    "G0444": 18,
    "G0442": 18,
    "G0447": 45,
    "G0101": 45,
    "G2012": 25,
    "G2211": 33,
    "G0463": 97,
    "G0380": 150,
    "G0008": 17,
    "G0168": 45,
    "G8427": 0,
    "Q0091": 37,
    "71045": 18,
}
CENTS_PER_WORK_RVU = 4_800

_PLACES = (
    ("Harbor Family Medicine", "14 Wharf Street", "Boston", "MA", "021101234", "America/New_York"),
    ("Prairie Internists", "220 Plains Ave", "Lincoln", "NE", "685081234", "America/Chicago"),
    ("Mesa Community Clinic", "77 Saguaro Road", "Tucson", "AZ", "857011234", "America/Phoenix"),
    ("Cascade Primary Care", "9 Alder Lane", "Portland", "OR", "972011234", "America/Los_Angeles"),
    ("Lakeshore Medical Group", "310 Shore Drive", "Madison", "WI", "537031234", "America/Chicago"),
    ("Bluegrass Practice", "48 Derby Ct", "Lexington", "KY", "405071234", "America/New_York"),
)  # fmt: skip
_PEOPLE = (
    ("Okafor", "Adaeze"), ("Lindqvist", "Maja"), ("Tran", "Minh"), ("Ferreira", "Joana"),
    ("Haddad", "Samir"), ("Novak", "Petra"), ("Castellanos", "Luis"), ("Byrne", "Aoife"),
    ("Petrov", "Ilya"), ("Mensah", "Kofi"), ("Yamada", "Keiko"), ("Sorensen", "Nils"),
)  # fmt: skip
_FAMILY_MEDICINE = "207Q00000X"


def npi(stem: int) -> str:
    """An NPI with its check digit (Luhn over 80840 and the first nine digits)."""
    body = f"1{stem:08d}"
    total = 0
    for place, digit in enumerate(map(int, reversed("80840" + body))):
        doubled = digit if place % 2 else digit * 2
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


def practices(count: int) -> list[Practice]:
    """The first `count` sample practices; past those with a name of their own, numbered ones."""
    return [_practice(number) for number in range(count)]


def _practice(number: int) -> Practice:
    name, line, city, state, postal, zone = _PLACES[number % len(_PLACES)]
    if number >= len(_PLACES):
        name = f"{name} {number // len(_PLACES) + 1}"
    rng = random.Random(number)
    first = number * 3
    clinicians = tuple(
        Clinician(
            npi=npi(52_000_000 + first + seat),
            family=_PEOPLE[(first + seat) % len(_PEOPLE)][0],
            given=_PEOPLE[(first + seat) % len(_PEOPLE)][1],
            taxonomy=_FAMILY_MEDICINE,
            enrolled_late=PAYERS[1].payer_id if seat == 1 else None,
            never_enrolled=PAYERS[2].payer_id if seat == 2 else None,
        )
        for seat in range(3)
    )
    return Practice(
        practice_id=uuid5(DEMO, f"practice/{number}"),
        name=name,
        npi=npi(41_000_000 + number),
        tax_id=f"{990_000_000 + number * 1_117:09d}",
        line=line,
        city=city,
        state=state,
        postal_code=postal,
        time_zone=zone,
        facility=f"FAC{number:03d}",
        fee_rate=rng.choice(("0.055", "0.065", "0.07")),
        clinicians=clinicians,
    )
