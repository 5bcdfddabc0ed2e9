"""Bodies that would cost more than their size: they are read to their first mistakes."""

from __future__ import annotations

import pytest

from services.interop.fhir.request import MOST_WRONG
from tests.interop.fhir.reading import refusals_of
from tests.interop.fhir.test_hostile import PLACE, narrative, patient


def test_after_a_thousand_mistakes_no_more_is_looked_at() -> None:
    wrong = {"resourceType": "Patient"} | {f"x{number}": 1 for number in range(40)}
    entry = {"resource": wrong, "request": {"method": "POST", "url": "Patient"}}
    for kind in ("transaction", "batch"):
        body = {"resourceType": "Bundle", "type": kind, "entry": [entry] * 900}
        assert MOST_WRONG <= len(refusals_of(body)) < MOST_WRONG + 50


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<![", "<script", "</", "<p>"])
def test_a_narrative_of_nothing_but_beginnings_is_read_to_its_first_mistake(piece: str) -> None:
    body = patient(text=narrative(piece * 100_000))
    assert refusals_of(body) == [("narrative", f"{PLACE}.text.div")]
