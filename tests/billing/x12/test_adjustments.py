"""What an adjustment means decides who is asked next: nobody, the patient, or the biller."""

from __future__ import annotations

import pytest

from services.billing.x12 import meaning_of
from services.billing.x12.adjustments import CONTRACTUAL, DENIALS


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
