"""What an adjustment means decides who is asked next: nobody, the patient, or the biller."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.billing.x12 import meaning_of
from services.billing.x12.adjustments import CONTRACTUAL, DENIALS, PATIENT
from services.billing.x12.denial_codes import CAUSES


@pytest.mark.parametrize(
    ("group", "reason", "kind", "denial"),
    [
        ("CO", "45", "contractual", None),
        ("CO", "253", "contractual", None),
        ("PI", "45", "contractual", None),
        ("OA", "45", "other_adjustment", None),
        ("PR", "1", "patient_responsibility", None),
        ("PR", "45", "patient_responsibility", None),
        ("PR", "204", "patient_responsibility", None),
        ("CO", "16", "denial", "missing-information"),
        ("OA", "18", "denial", "duplicate"),
        ("CO", "22", "denial", "coordination-of-benefits"),
        ("CO", "27", "denial", "eligibility"),
        ("CO", "29", "denial", "timely-filing"),
        ("CO", "50", "denial", "medical-necessity"),
        ("CO", "96", "denial", "non-covered"),
        ("CO", "97", "denial", "bundling"),
        ("CO", "197", "denial", "authorization"),
        ("CO", "204", "denial", "non-covered"),
        ("CO", "B7", "denial", "credentialing"),
        ("OA", "23", "other_adjustment", None),
        ("CR", "16", "other_adjustment", None),
        ("CO", "9999", "other_adjustment", None),
    ],
)
def test_group_and_reason_decide(group: str, reason: str, kind: str, denial: str | None) -> None:
    meaning = meaning_of(group, reason)
    assert (meaning.kind, meaning.denial) == (kind, denial)
    assert meaning.label


def test_no_reason_is_both_expected_and_denied() -> None:
    assert not CONTRACTUAL.keys() & DENIALS.keys()
    assert sum(len(codes) for codes in CAUSES.values()) == len(DENIALS), "in two categories"


# Of the list in August 2026; the runs are of codes that are all in use.
CURRENT = """
1-14 16 18-24 26 27 29 31-35 39 40 44 45 49-51 53-56 58-61 66 69 70 74-76 78 85 89-91 94-97 100-112
114-119 121 122 128-137 139 140 142-144 146-155 157-161 163 164 166 167 169-190 192-195 197-213
215 216 219 222-229 231-243 245-254 256-308
"""
LETTERED = {"A": "0 1 5 6 8", "B": "1 4 7-16 20 22 23", "P": "1-32"}
NO_DECISION = {"187", "192", "195", "225", "229", "A0"}
"""Of savings accounts, between payers, of refunds: `other_adjustment`."""


def _codes(runs: str) -> Iterator[str]:
    for run in runs.split():
        first, _, last = run.partition("-")
        yield from map(str, range(int(first), int(last or first) + 1))


def test_every_reason_code_in_use_has_a_meaning_of_its_own() -> None:
    in_use = {*_codes(CURRENT)}
    in_use |= {f"{letter}{code}" for letter, runs in LETTERED.items() for code in _codes(runs)}
    known = CONTRACTUAL.keys() | DENIALS.keys() | PATIENT.keys() | {"23"}
    assert in_use - known == NO_DECISION
