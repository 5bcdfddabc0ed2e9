"""An 837P that does not come back as it was meant stays here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.billing.exchange.checked import InterchangeDiffersError, compare, write_checked
from services.billing.x12 import write_837p
from services.billing.x12.claims_837p import ProfessionalClaims
from tests.billing.x12.batches import CLINICIAN, batch, claim

MEANT = batch(
    replace(claim("C1"), diagnoses=("E119", "I10")), replace(claim("C2"), diagnoses=("I10",))
)


def test_what_comes_back_equal_may_leave() -> None:
    assert write_checked(MEANT) == write_837p(MEANT)


OTHERS = {
    "counts": replace(MEANT, claims=MEANT.claims[:1]),
    "totals": replace(MEANT, claims=(MEANT.claims[0], replace(claim("C2", 1), diagnoses=("I10",)))),
    "content": replace(
        MEANT,
        claims=(
            MEANT.claims[0],
            replace(MEANT.claims[1], rendering_provider=replace(CLINICIAN, npi="1234567893")),
        ),
    ),
}


@pytest.mark.parametrize(("what", "said"), OTHERS.items(), ids=OTHERS.keys())
def test_what_says_another_thing_is_stopped_with_a_closed_code(
    what: str, said: ProfessionalClaims
) -> None:
    with pytest.raises(InterchangeDiffersError) as stopped:
        compare(MEANT, write_837p(said))
    assert (stopped.value.code, stopped.value.what) == ("read-back-differs", what)


def test_what_cannot_be_read_is_stopped() -> None:
    with pytest.raises(InterchangeDiffersError) as stopped:
        compare(MEANT, write_837p(MEANT)[:-40])
    assert stopped.value.what == "unreadable"
