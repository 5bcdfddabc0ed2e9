"""How well two systems' charts are told to be one patient: measured on a labelled set, and by hand.

`pytest -s` prints the measures.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from libs.events.contracts.people import Coverage, Person
from services.interop.patients.matching import (
    Comparison,
    Traits,
    blocking_keys,
    compare,
    traits_of,
)
from services.interop.patients.weights import LINK_FROM_BITS, REVIEW_FROM_BITS, WEIGHTS
from tests.interop.patients.labelled import Told, town

ALMA = Person(
    family="Rivera",
    given="Alma",
    birth_on=date(1984, 5, 17),
    sex="F",
    postal_code="43004",
    phone="+16145550142",
    email="alma.rivera@mail.example",
)


def likened(one: Person = ALMA, **changes: Any) -> Comparison:
    other = Person.model_validate({**one.model_dump(), **changes})
    return compare(traits_of(one, None), traits_of(other, None))


def blocked(ones: list[Told], others: list[Told]) -> list[tuple[Told, Told]]:
    """The pairs that share a blocking key: all that is ever compared."""
    by_key: defaultdict[str, list[tuple[Told, Traits]]] = defaultdict(list)
    for told in ones:
        traits = traits_of(told.person, None)
        for key in blocking_keys(traits):
            by_key[key].append((told, traits))
    pairs: dict[tuple[int, int], tuple[Told, Told]] = {}
    for told in others:
        for key in blocking_keys(traits_of(told.person, None)):
            for one, _ in by_key[key]:
                pairs[id(one), id(told)] = (one, told)
    return list(pairs.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_precision_and_recall_on_a_labelled_town(seed: int) -> None:
    ones, others = town(seed)
    true = {told.who for told in ones} & {told.who for told in others}
    found: dict[str, list[bool]] = {"link": [], "review": [], "new": []}
    for one, other in blocked(ones, others):
        verdict = compare(traits_of(one.person, None), traits_of(other.person, None)).verdict
        found[verdict].append(one.who == other.who)
    linked, reviewed = found["link"], found["review"]
    precision = sum(linked) / len(linked)
    recall = sum(linked) / len(true)
    seen = (sum(linked) + sum(reviewed)) / len(true)
    useful = (sum(linked) + sum(reviewed)) / (len(linked) + len(reviewed))
    print(
        f"\ntown {seed}: {len(true)} patients in both; linked {len(linked)}: precision "
        f"{precision:.3f}, recall {recall:.3f}; with {len(reviewed)} reviews: recall {seen:.3f}, "
        f"precision {useful:.3f}; {len(found['new'])} compared and left alone"
    )
    assert precision == 1, "no two patients are ever linked by themselves"
    assert recall >= 0.75
    assert seen >= 0.97
    assert useful >= 0.85


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "link"),
        ({"family": "RÍVERA"}, "link"),
        ({"family": "Riviera"}, "link"),
        ({"given": "Rivera", "family": "Alma"}, "link"),
        ({"given": "A"}, "link"),
        ({"family": "Rivera-Stone"}, "link"),
        ({"family": "Stone"}, "review"),
        ({"birth_on": date(1984, 5, 18)}, "review"),
        ({"sex": "M"}, "review"),
        ({"phone": None, "email": None, "postal_code": None}, "review"),
        ({"phone": "4135550100", "email": None, "postal_code": "01101"}, "review"),
        ({"given": "Rosa"}, "new"),
        ({"birth_on": date(2008, 2, 3)}, "new"),
        ({"given": "Juan", "sex": "M", "birth_on": date(1982, 1, 9)}, "new"),
    ],
)
def test_what_a_difference_leads_to(changes: dict[str, Any], verdict: str) -> None:
    assert likened(**changes).verdict == verdict, likened(**changes)


def test_junior_and_senior_of_one_birth_date_are_for_a_person_to_tell_apart() -> None:
    junior = ALMA.model_copy(update={"family": "Rivera Jr."})
    assert likened(junior, family="Rivera Sr.").verdict == "review"


def test_a_nickname_is_the_same_person() -> None:
    bill = ALMA.model_copy(update={"given": "William", "sex": "M"})
    assert likened(bill, given="Bill").verdict == "link"


def test_the_same_member_number_name_and_birth_date_are_exact_whatever_else_differs() -> None:
    coverage = Coverage(payer_id="BUCKEYE01", payer_name="Buckeye", member_id="BM4471")
    moved = ALMA.model_copy(update={"postal_code": "01101", "phone": None, "email": None})
    assert compare(traits_of(ALMA, coverage), traits_of(moved, coverage)).verdict == "link"
    twin = moved.model_copy(update={"given": "Rosa"})
    assert compare(traits_of(ALMA, coverage), traits_of(twin, coverage)).verdict == "new"


def test_comparing_is_symmetric() -> None:
    for one, other in blocked(*town(7, patients=120)):
        ours, theirs = traits_of(one.person, None), traits_of(other.person, None)
        assert compare(ours, theirs) == compare(theirs, ours)


def test_the_weights_are_probabilities_and_point_the_right_way() -> None:
    for name, levels in WEIGHTS.items():
        assert all(0 < level.m <= 1 and 0 < level.u <= 1 for level in levels.values()), name
        assert sum(level.m for level in levels.values()) <= 1 + 1e-9, name
        if "same" in levels and "different" in levels:
            assert levels["same"].bits > 0 > levels["different"].bits, name
    assert REVIEW_FROM_BITS < LINK_FROM_BITS


def test_what_was_compared_shows_no_value() -> None:
    shown = repr(likened()) + repr(traits_of(ALMA, None))
    assert not any(value in shown for value in ("Rivera", "rivera", "Alma", "1984", "614555"))
