"""What a merge and its end change, without a database: loops, chains, and any order."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from libs.events.contracts.interop import PatientMerged, PatientUnmerged
from services.interop.identity.model import (
    Links,
    Merge,
    Parting,
    changes,
    decide_merges,
    decide_parting,
    decide_unmerge,
    survivor_in,
)
from services.interop.messages.model import RefusedError

PRACTICE = uuid4()
A, B, C, D = (UUID(int=number) for number in range(1, 5))
ALL = {A, B, C, D}


def merged(links: Links, *pairs: tuple[UUID, UUID], known: set[UUID] = ALL) -> Links:
    return decide_merges(links, [Merge(one, other, "MRG-1") for one, other in pairs], known)


def refused(*pairs: tuple[UUID, UUID], known: set[UUID] = ALL) -> str:
    with pytest.raises(RefusedError) as error:
        merged({}, *pairs, known=known)
    return error.value.refusals[0].code


def said(before: Links, after: Links) -> dict[UUID, UUID]:
    """Chart → survivor, as the events that follow say it."""
    told: dict[UUID, UUID] = {}
    for event in changes(PRACTICE, before, after):
        assert isinstance(event, PatientMerged | PatientUnmerged)
        merges = isinstance(event, PatientMerged)
        told[event.patient_id] = event.survivor_id if merges else event.patient_id
    return told


def test_what_cannot_be_is_refused() -> None:
    assert refused((A, A)) == "merge-into-itself"
    assert refused((A, B), (B, A)) == "merge-loop"
    assert refused((A, B), (B, C), (C, A)) == "merge-loop"
    assert refused((A, B), (A, C)) == "already-merged"
    assert refused((A, B), known={A}) == "survivor-unknown"


def test_the_same_merge_again_and_one_that_follows_from_others_change_nothing() -> None:
    links = merged({}, (A, B), (B, C))
    assert merged(links, (A, B)) == links
    assert merged(links, (A, C)) == links


def test_a_chain_is_told_in_any_order_and_each_chart_hears_where_it_belongs() -> None:
    for order in permutations([(A, B), (B, C), (C, D)]):
        links: Links = {}
        heard: dict[UUID, UUID] = {}
        for pair in order:
            after = merged(links, pair)
            heard |= said(links, after)
            links = after
        assert heard == dict.fromkeys((A, B, C), D)
        assert {survivor_in(links, chart) for chart in ALL} == {D}


def test_an_unmerge_takes_along_what_was_merged_into_that_chart() -> None:
    links = merged({}, (A, B), (B, C))
    assert said(links, decide_unmerge(links, B)) == {A: B, B: B}
    assert said(links, decide_unmerge(links, A)) == {A: A}
    assert decide_unmerge(links, C) == links


def test_a_chart_that_was_never_registered_takes_nobody_along() -> None:
    links = merged({}, (A, B), (D, A), known={B, C, D})
    assert said(links, decide_unmerge(links, A)) == {A: A}
    assert survivor_in(decide_unmerge(links, A), D) == B


def test_a_pair_is_parted_whichever_is_named_first() -> None:
    links = merged({}, (A, B), (B, C))
    for told in (Parting(A, B, "PID-3"), Parting(B, A, "PID-3"), Parting(C, A, "PID-3")):
        assert decide_parting(links, told) == {B: C}


@pytest.mark.parametrize("told", [Parting(A, B, "PID-3"), Parting(A, D, "PID-3")])
def test_what_was_not_merged_cannot_be_parted(told: Parting) -> None:
    with pytest.raises(RefusedError) as error:
        decide_parting(merged({}, (A, C), (B, C)), told)
    assert error.value.refusals[0].code == "not-merged"
