"""Who pays for a visit after the first payer, and what else a claim needs of IN1 and PV1-8."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from libs.events.contracts.people import Coverage, ReferringProvider, Subscriber
from services.interop.connections.fields import FieldMap
from services.interop.connections.model import Profile
from services.interop.encounters.model import ToldVisit, Visit
from services.interop.messages.model import RefusedError
from services.interop.mllp.understand import understand
from tests.interop.hl7v2.reading import CONNECTION
from tests.interop.mllp.conftest import DG1, FT1, PID, PROFILE, PV1, message

NPI = "1245319599"
PAYERS = {
    "BAV": {"payer_id": "BLUEADV", "payer_name": "Blue Advantage"},
    "MGP": {"payer_id": "MEDIGAP01", "payer_name": "Medigap Plan F"},
    "AID": {"payer_id": "STATEAID1", "payer_name": "State Aid"},
}
OVER = replace(
    CONNECTION,
    profile=Profile.model_validate_json(
        json.dumps({**PROFILE, "payers": PAYERS, "self_pay": ["SELF"]})
    ),
)


def in1(number: int, payer: str, member: str, **fields: str) -> str:
    """IN1 with further fields by number, such as `f22="1"`."""
    told = {1: str(number), 3: payer, 36: member}
    told |= {int(name[1:]): value for name, value in fields.items()}
    return "|".join(["IN1", *(told.get(place, "") for place in range(1, max(told) + 1))])


def visit(*insurance: str, pv1: str = PV1) -> Visit:
    raw = message("DFT^P03", PID, pv1, *insurance, FT1, DG1).encode()
    *_, told = understand(raw, OVER)
    assert isinstance(told, ToldVisit)
    return told.visit


def payers(found: Visit) -> list[str]:
    first = [found.coverage] if found.coverage else []
    return [coverage.payer_id for coverage in (*first, *found.other_coverages)]


def test_a_second_and_a_third_payer_are_told_in_the_order_of_the_message() -> None:
    found = visit(in1(1, "BAV", "B1"), in1(2, "MGP", "M2"), in1(3, "AID", "A3"))
    assert payers(found) == ["BLUEADV", "MEDIGAP01", "STATEAID1"]
    assert found.other_coverages[0] == Coverage(
        payer_id="MEDIGAP01", payer_name="Medigap Plan F", member_id="M2"
    )


def test_a_priority_told_of_each_decides_the_order() -> None:
    second, first = in1(1, "BAV", "B1", f22="2"), in1(2, "MGP", "M2", f22="1")
    assert payers(visit(second, first)) == ["MEDIGAP01", "BLUEADV"]


def test_a_priority_told_of_one_only_decides_nothing() -> None:
    first, second = in1(1, "BAV", "B1"), in1(2, "MGP", "M2", f22="1")
    assert payers(visit(first, second)) == ["BLUEADV", "MEDIGAP01"]


def test_a_plan_that_is_told_twice_is_asked_once() -> None:
    assert payers(visit(in1(1, "BAV", "B1"), in1(2, "BAV", "B1"))) == ["BLUEADV"]
    again = visit(in1(1, "BAV", "B1"), in1(2, "MGP", "M2"), in1(3, "BAV", "B1"))
    assert payers(again) == ["BLUEADV", "MEDIGAP01"]


def test_two_plans_of_one_insurer_are_both_asked() -> None:
    found = visit(in1(1, "BAV", "B1"), in1(2, "BAV", "B2", f17="SPO"))
    assert payers(found) == ["BLUEADV", "BLUEADV"]


def test_a_fourth_payer_is_not_asked() -> None:
    four = [in1(n, payer, f"M{n}") for n, payer in enumerate(("BAV", "MGP", "AID", "BAV"), 1)]
    assert len(payers(visit(*four))) == 3


def test_self_pay_after_a_payer_is_passed_over_and_before_it_asks_nobody() -> None:
    assert payers(visit(in1(1, "BAV", "B1"), in1(2, "SELF", ""))) == ["BLUEADV"]
    assert payers(visit(in1(1, "SELF", ""), in1(2, "BAV", "B1"))) == []


@pytest.mark.parametrize(
    ("second", "code"),
    [(in1(2, "NOPE", "X1"), "payer-unknown"), (in1(2, "MGP", ""), "member-id-missing")],
)
def test_a_second_payer_that_cannot_be_billed_is_refused_not_dropped(
    second: str, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        visit(in1(1, "BAV", "B1"), second)
    assert [one.code for one in refused.value.refusals] == [code]


def test_the_insured_person_is_told_where_that_is_not_the_patient() -> None:
    told = {"f16": "Rivera^Jose", "f18": "19800229", "f43": "M"}
    found = visit(in1(1, "BAV", "B1", f17="SPO", **told))
    assert found.coverage is not None
    assert found.coverage.subscriber == Subscriber(
        family="Rivera", given="Jose", birth_on=date(1980, 2, 29), sex="M"
    )
    own = visit(in1(1, "BAV", "B1", f17="SEL", **told))
    assert own.coverage is not None
    assert own.coverage.subscriber is None


def test_an_insured_persons_birth_date_that_is_none_costs_no_visit() -> None:
    found = visit(in1(1, "BAV", "B1", f17="CHD", f16="Rivera^Jose", f18="unknown"))
    assert found.coverage is not None
    assert found.coverage.subscriber == Subscriber(family="Rivera", given="Jose")


def test_the_first_payers_authorization_is_told() -> None:
    found = visit(in1(1, "BAV", "B1", f14="AUTH77^20260101"), in1(2, "MGP", "M2", f14="OTHER"))
    assert found.prior_authorization == "AUTH77"


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        (f"{NPI}^Okafor^Adaeze^^^^^^NPI^L^^^NPI", ("Okafor", "Adaeze")),
        ("1210^Smith^Ann", ("Smith", "Ann")),
        ("77^Smith^Ann", None),
        (f"{NPI}^Okafor^^^^^^^NPI^L^^^NPI", None),
        ("1234567890^Smith^Ann^^^^^^NPI^L^^^NPI", None),
        ("", None),
    ],
)
def test_who_sent_the_patient_is_named_whole_or_not_at_all(
    referrer: str, expected: tuple[str, str] | None
) -> None:
    before, after = PV1.split("|")[:8], PV1.split("|")[9:]
    found = visit(in1(1, "BAV", "B1"), pv1="|".join([*before, referrer, *after])).referring
    told = expected and ReferringProvider(npi=NPI, family=expected[0], given=expected[1])
    assert found == told


@pytest.mark.parametrize(("told", "read"), [("12", "12"), ("47", "47"), ("MSP", None), ("", None)])
def test_why_medicare_comes_second_is_read_where_the_profile_says_and_by_x12s_code_only(
    told: str, read: str | None
) -> None:
    insurance = in1(1, "BAV", "B1"), in1(2, "MGP", "M2", f15=told)
    assert visit(*insurance).other_coverages[0].medicare_secondary is None
    fields = FieldMap(medicare_secondary=("IN1-15",))
    mapped = replace(OVER, profile=OVER.profile.model_copy(update={"fields": fields}))
    *_, found = understand(message("DFT^P03", PID, PV1, *insurance, FT1, DG1).encode(), mapped)
    assert isinstance(found, ToldVisit)
    assert found.visit.other_coverages[0].medicare_secondary == read
