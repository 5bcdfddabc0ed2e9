"""999 and 277CA that are wrong in themselves are refused; bad data in them is not kept."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from services.billing.x12 import X12Error, read_277ca, read_999

_ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *250304*0930*^*00501"
    "*000000007*0*T*:"
)
_999 = (
    "AK1*HC*7*005010X222A1",
    "AK2*837*0001*005010X222A1",
    "IK3*NM1*20*2010*8",
    "IK4*9:2*67*7*DOEJANE",
    "IK5*R*5*I5",
    "AK2*837*0002*005010X222A1",
    "IK5*A",
    "AK9*P*2*2*1",
)
_277CA = (
    "BHT*0085*08*7*20250304*0930*TH",
    "HL*1**20*1",
    "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*PAYER1",
    "TRN*1*7",
    "HL*2*1*21*1",
    "NM1*41*2*MAINSTAY MSO*****46*SUB1",
    "TRN*2*7",
    "STC*A1:19:PR*20250304*WQ*200",
    "HL*3*2*19*1",
    "NM1*85*2*ELM FAMILY MEDICINE*****XX*1234567893",
    "TRN*1*0",
    "STC*A1:19:PR**WQ*200",
    "HL*4*3*PT",
    "NM1*QC*1*DOE*JANE****MI*MEM1",
    "TRN*2*CLAIM1",
    "STC*A2:20*20250304*WQ*100",
    "STC*A7:562:85*20250304*U*100",
    "REF*1K*PCN1",
    "SVC*HC:G0439*100",
    "STC*A2:20*20250304*WQ*100",
    "TRN*2*CLAIM2",
    "STC*P1:1*20250304*WQ*100",
)


def _file(kind: str, body: Sequence[str]) -> io.BytesIO:
    functional, version = {"999": ("FA", "005010X231A1"), "277": ("HN", "005010X214")}[kind]
    gs = f"GS*{functional}*PAYER*MAINSTAY*20250304*0930*7*X*{version}"
    st = f"ST*{kind}*0001*{version}"
    rows = [_ISA, gs, st, *body, f"SE*{len(body) + 2}*0001", "GE*1*7", "IEA*1*000000007"]
    return io.BytesIO("".join(f"{row}~" for row in rows).encode())


def _changed(body: tuple[str, ...], index: int, *rows: str) -> tuple[str, ...]:
    return (*body[:index], *rows, *body[index + 1 :])


def test_each_transaction_of_a_group_has_its_own_verdict_and_notes() -> None:
    [group] = read_999(_file("999", _999))
    assert (group.verdict, group.included, group.accepted) == ("partly-accepted", 2, 1)
    refused, taken = group.transactions
    assert (refused.control_number, refused.verdict) == ("0001", "rejected")
    assert refused.codes == ("5", "I5")
    [note] = refused.segments
    assert (note.tag, note.position, note.loop, note.code) == ("NM1", 20, "2010", "8")
    assert [(e.element, e.component, e.code) for e in note.elements] == [(9, 2, "7")]
    assert (taken.control_number, taken.verdict) == ("0002", "accepted")
    assert "DOEJANE" not in repr(group)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_999[1:], "missing-segment"),
        (_999[:-1], "missing-segment"),
        (_changed(_999, 1), "segment-order"),
        (_changed(_999, 2), "segment-order"),
        (_changed(_999, 4), "missing-segment"),
        (_changed(_999, 4, "IK5*Q"), "bad-code"),
        (_changed(_999, 7, "AK9*A*two*2*1"), "bad-quantity"),
        (_changed(_999, 3, "IK4*x*67*7"), "missing-element"),
        (_changed(_999, 3, "CLP*1"), "unexpected-segment"),
    ],
)
def test_a_999_with_a_wrong_segment_is_refused(body: tuple[str, ...], code: str) -> None:
    with pytest.raises(X12Error) as refused:
        read_999(_file("999", body))
    assert refused.value.code == code


def test_a_claim_with_one_rejecting_status_is_rejected_whatever_its_lines_say() -> None:
    [batch] = read_277ca(_file("277", _277CA))
    assert (batch.payer_name, batch.batch_reference) == ("SAMPLE HEALTH PLAN", "7")
    assert [status.category for status in batch.statuses] == ["A1"]
    first, second = batch.claims
    assert (first.control_number, first.verdict) == ("CLAIM1", "rejected")
    assert first.payer_claim_control_number == "PCN1"
    assert [(s.category, s.code, s.entity) for s in first.statuses] == [
        ("A2", "20", ""),
        ("A7", "562", "85"),
    ]
    assert (second.control_number, second.verdict) == ("CLAIM2", "other")
    assert second.payer_claim_control_number is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_changed(_277CA, 2), "missing-segment"),
        (_changed(_277CA, 14), "segment-order"),
        (_changed(_277CA, 21), "missing-segment"),
        (_changed(_277CA, 12, "HL*4*3*22"), "bad-code"),
        (_changed(_277CA, 15, "STC*A2*20250304"), "missing-element"),
        (_changed(_277CA, 15, "STC*A2:20*soon"), "bad-date"),
        (_changed(_277CA, 15, "STC*A2:20*20250304*WQ*1.234"), "bad-amount"),
        (_changed(_277CA, 18, "CLP*1"), "unexpected-segment"),
    ],
)
def test_a_277ca_with_a_wrong_segment_is_refused(body: tuple[str, ...], code: str) -> None:
    with pytest.raises(X12Error) as refused:
        read_277ca(_file("277", body))
    assert refused.value.code == code
