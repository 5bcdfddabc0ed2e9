"""The codes of a denial decide who works it, how, and whether it can be appealed."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from libs.events.contracts.billing_denials import DenialCategory, DenialOwner, NextAction
from services.billing.denials.model import UNTOLD, deadline_of
from services.billing.denials.reasons import UNKNOWN, way_of
from services.billing.denials.remarks import REMARKS
from services.billing.denials.worth import AT_FIRST, likelihood, likelihoods
from services.billing.x12 import RemittedAdjustment
from services.billing.x12.adjustments import DENIALS
from services.billing.x12.denial_codes import DenialCategory as Sorted


def adjustment(reason: str, cents: int = 100, group: str = "CO") -> RemittedAdjustment:
    return RemittedAdjustment(group, reason, cents, None)


@pytest.mark.parametrize(
    ("reason", "remarks", "category", "owner", "action", "appealable"),
    [
        ("197", (), "authorization", "front-desk", "ask-authorization", True),
        ("50", ("N115",), "medical-necessity", "clinician", "appeal", True),
        ("16", (), "missing-information", "billing", "correct-and-resubmit", True),
        ("16", ("M76",), "coding", "coding", "correct-and-resubmit", True),
        ("16", ("M20",), "coding", "coding", "correct-and-resubmit", True),
        ("16", ("M51",), "coding", "coding", "correct-and-resubmit", True),
        ("16", ("N56",), "coding", "coding", "correct-and-resubmit", True),
        ("16", ("MA130",), "missing-information", "billing", "correct-and-resubmit", False),
        ("16", ("MA130", "M76"), "coding", "coding", "correct-and-resubmit", False),
        ("16", ("N382",), "missing-information", "front-desk", "correct-and-resubmit", True),
        ("16", ("N517",), "missing-information", "billing", "correct-and-resubmit", True),
        ("16", ("N290",), "credentialing", "credentialing", "correct-and-resubmit", True),
        ("22", ("MA04",), "coordination-of-benefits", "billing", "bill-next-payer", False),
        ("252", ("N706",), "missing-information", "clinician", "send-records", True),
        ("227", ("N179",), "eligibility", "front-desk", "ask-eligibility", True),
        ("16", ("N4",), "coordination-of-benefits", "billing", "bill-next-payer", True),
        ("97", ("M15",), "bundling", "coding", "correct-and-resubmit", True),
        ("18", ("N522",), "duplicate", "payer", "none", True),
        ("96", ("N211",), "non-covered", "billing", "write-off-review", False),
        ("29", ("N210",), "timely-filing", "billing", "appeal", True),
        ("B11", (), "coordination-of-benefits", "payer", "none", False),
        ("133", (), "pending", "payer", "none", False),
        ("100", (), "other", "billing", "bill-patient", False),
        ("9999", (), "other", "billing", "appeal", True),
        ("9999", ("X1",), "other", "billing", "appeal", True),
    ],
)
def test_reason_and_remarks_decide(
    reason: str, remarks: tuple[str, ...], category: str, owner: str, action: str, appealable: bool
) -> None:
    way = way_of([adjustment(reason)], remarks)
    assert (way.category, way.owner, way.action, way.appealable) == (
        category, owner, action, appealable,
    )  # fmt: skip


def test_a_group_without_a_contract_is_appealed_where_a_contract_would_take_it_off() -> None:
    assert way_of([adjustment("96", group="CO")], ()).action == "write-off-review"
    assert way_of([adjustment("96", group="PI")], ()).action == "appeal"


def test_the_reason_of_the_most_cents_decides_and_what_it_means_is_told() -> None:
    way = way_of([adjustment("97", 100), adjustment("16", 300), adjustment("50", 200)], ("M76",))
    assert way.cause == "information missing or wrong: diagnosis missing or wrong"
    assert way_of([adjustment("9999")], ()).cause == UNKNOWN


REASONS = any_.one_of(any_.sampled_from(sorted(DENIALS)), any_.text("AB0123456789", min_size=1))


@given(
    reasons=any_.lists(REASONS, min_size=1, max_size=3),
    remarks=any_.lists(any_.sampled_from([*sorted(REMARKS), "N999", "X"]), max_size=4),
    group=any_.sampled_from(["CO", "OA", "PI"]),
)
def test_every_combination_has_a_way_with_a_time_where_somebody_acts(
    reasons: list[str], remarks: list[str], group: str
) -> None:
    way = way_of([adjustment(reason, group=group) for reason in reasons], remarks)
    assert way.category in get_args(DenialCategory)
    assert way.owner in get_args(DenialOwner)
    assert way.action in get_args(NextAction)
    assert way.cause
    deadline = deadline_of(way.basis, date(2026, 3, 20), UNTOLD)
    assert (deadline is None) == (way.action == "none")


def test_the_categories_are_the_contracts() -> None:
    assert get_args(Sorted) == get_args(DenialCategory)
    assert {*AT_FIRST} == {*get_args(DenialCategory)}


def test_likelihood_begins_as_assumed_and_becomes_the_practices_own() -> None:
    assert likelihood("coding", 0, 0) == AT_FIRST["coding"] == 650
    assert likelihood("coding", 0, 10) == 325
    assert likelihood("coding", 990, 990) == 996
    assert likelihood("coding", 0, 990) == 6
    assert likelihoods({"coding": (10, 10)})["coding"] == 825
    assert likelihoods({})["other"] == 300
