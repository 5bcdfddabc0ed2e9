"""271: who is spoken of, and what is said; what must not be kept is not."""

from __future__ import annotations

import io
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from services.billing.x12 import EligibilityAnswer, X12Error, read_271
from services.billing.x12.eligibility import OtherPayer
from tests.billing.eligibility.asking import in_envelope

SAMPLE = Path("samples/x12/lfh-demo.271")
HEAD = (
    "BHT*0022*11*7*20260302*1200",
    "HL*1**20*1",
    "NM1*PR*2*BUCKEYE MUTUAL*****PI*BUCKEYE01",
    "HL*2*1*21*1",
    "NM1*1P*2*ELM*****XX*1234567893",
)


def read(*segments: str) -> list[EligibilityAnswer]:
    return list(read_271(io.BytesIO(in_envelope([*HEAD, *segments]))))


def test_a_subscriber_and_the_dependents_below_are_each_answered() -> None:
    told = read(
        "HL*3*2*22*1", "NM1*IL*1*DOE*JANE****MI*M1",
        "HL*4*3*23*0", "TRN*2*A*1X", "NM1*03*1*DOE*TIM", "DMG*D8*20150601", "EB*1**30",
        "HL*5*3*23*0", "TRN*2*B*1X", "TRN*1*P*9Y", "NM1*03*1*DOE*ANN", "AAA*N**67*C",
        "HL*6*2*22*0", "TRN*2*C*1X", "NM1*IL*1*ROE*SAM****MI*M2", "EB*6**30",
    )  # fmt: skip
    assert [one.traces for one in told] == [("A",), ("B",), ("C",)]
    tim = told[0].person
    assert tim is not None
    assert (tim.given, tim.member_id, tim.born_on) == ("TIM", "M1", date(2015, 6, 1))
    assert [(r.level, r.code, r.follow_up) for r in told[1].rejections] == [
        ("dependent", "67", "C")
    ]
    assert told[2].benefits[0].code == "6"


def test_who_else_pays_is_kept_and_persons_and_messages_are_not() -> None:
    [told] = read(
        "HL*3*2*22*0", "TRN*2*A*1X", "NM1*IL*1*DOE*JANE****MI*M1", "EB*R**30", "REF*1L*SECRET9",
        "MSG*JANE IS ALSO COVERED BY HER HUSBAND", "LS*2120",
        "NM1*PRP*2*ORCHARD MUTUAL*****PI*ORCHARD1", "NM1*P3*1*JONES*MARCUS", "LE*2120",
    )  # fmt: skip
    [benefit] = told.benefits
    assert benefit.other_payers == (OtherPayer("PRP", "ORCHARD MUTUAL", "ORCHARD1"),)
    for secret in ("SECRET9", "JANE", "JONES", "HUSBAND", "M1"):
        assert secret not in repr(told)


def test_amounts_shares_and_dates_are_exact() -> None:
    [told] = read(
        "HL*3*2*22*0", "TRN*2*A*1X", "NM1*IL*1*DOE*JANE****MI*M1", "DTP*291*RD8*20260101-20261231",
        "EB*A*IND*30^98*HM*GOLD*27**.175****Y", "EB*F*FAM*33***23***VS*20*Y*N*HC:97110",
        "DTP*348*D8*20260201",
    )  # fmt: skip
    share, limit = told.benefits
    assert (share.basis_points, share.service_types, share.network) == (1750, ("30", "98"), "in")
    assert (limit.quantity_kind, str(limit.quantity), limit.procedure) == ("VS", "20", "HC:97110")
    assert (limit.authorization_required, limit.network) == (True, "out")
    assert told.spans[0].last == date(2026, 12, 31)
    assert limit.spans[0].first == date(2026, 2, 1)


def test_a_file_that_speaks_of_nobody_is_refused() -> None:
    with pytest.raises(X12Error) as refused:
        read()
    assert refused.value.code == "missing-segment"


def test_a_large_file_is_read_as_it_comes() -> None:
    one = ["HL*3*2*22*0", "TRN*2*A*1X", "NM1*IL*1*DOE*JANE****MI*M1", *["EB*1**30"] * 50]
    content = in_envelope([*HEAD, *(one * 3000)])
    assert len(content) > 1_000_000
    stream = io.BytesIO(content)
    assert len(list(islice(read_271(stream), 2))) == 2
    assert stream.tell() < len(content) / 4


def test_the_public_sample_says_a_plan_and_two_copayments() -> None:
    with SAMPLE.open("rb") as stream:
        [told] = read_271(stream)
    assert told.traces == ("93175-012547",)
    assert [(b.amount_cents, b.network) for b in told.benefits if b.code == "B"] == [
        (1000, "in"),
        (3000, "out"),
    ]
