"""270: what we write, another implementation reads back; what X12 cannot carry is refused."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyx12.x12file import X12Reader
from pyx12.x12n_document import x12n_document

from libs.local.payer.coverage import Coverages, answer_enquiries, read_enquiries
from libs.local.payer.decisions import Policy
from services.billing.x12 import RefusedElementError, identify, read_271, write_270
from services.billing.x12.claims_837p import Payer, Person
from services.billing.x12.write_270 import AskedPerson, Inquiries, Inquiry
from tests.billing.x12.validated import PARAMS

JANE = AskedPerson(Person("DOE", "JANE", "Q"), date(1980, 2, 29), "F")
KID = AskedPerson(Person("DOE", "TIM"), date(2015, 6, 1), "U")
SELF = Inquiry("A1", "MEM001", JANE, None, date(2026, 3, 5))
CHILD = Inquiry("A2", "MEM002", None, KID, date(2026, 3, 5), ("30", "98"))


def asked(*inquiries: Inquiry) -> Inquiries:
    return Inquiries(
        sender_id="123456789", receiver_id="PAYER1", control=7,
        written_at=datetime(2026, 3, 4, 6, tzinfo=UTC), usage="T",
        payer=Payer("SAMPLE HEALTH PLAN", "PAYER1"),
        provider_name="ELM FAMILY MEDICINE", provider_npi="1234567893",
        trace_origin="1123456789", inquiries=inquiries,
    )  # fmt: skip


def test_a_subscriber_and_a_dependent_are_written_segment_by_segment() -> None:
    assert write_270(asked(SELF, CHILD)).decode("ascii").rstrip("~").split("~") == [
        "ISA*00*          *00*          *ZZ*123456789      *ZZ*PAYER1         *260304*0600*^*00501"
        "*000000007*0*T*:",
        "GS*HS*123456789*PAYER1*20260304*0600*7*X*005010X279A1",
        "ST*270*0007*005010X279A1",
        "BHT*0022*13*7*20260304*0600",
        "HL*1**20*1",
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*PAYER1",
        "HL*2*1*21*1",
        "NM1*1P*2*ELM FAMILY MEDICINE*****XX*1234567893",
        "HL*3*2*22*0",
        "TRN*1*A1*1123456789",
        "NM1*IL*1*DOE*JANE*Q***MI*MEM001",
        "DMG*D8*19800229*F",
        "DTP*291*D8*20260305",
        "EQ*30",
        "HL*4*2*22*1",
        "NM1*IL*1******MI*MEM002",
        "HL*5*4*23*0",
        "TRN*1*A2*1123456789",
        "NM1*03*1*DOE*TIM",
        "DMG*D8*20150601",
        "DTP*291*D8*20260305",
        "EQ*30^98",
        "SE*21*0007",
        "GE*1*7",
        "IEA*1*000000007",
    ]


TEXT = st.text("ABCXYZ 0123456789.-'", min_size=1, max_size=25).map(str.strip).filter(bool)
PERSONS = st.builds(
    AskedPerson,
    st.builds(Person, TEXT, TEXT | st.none(), st.none()),
    st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    st.sampled_from(["F", "M"]),
)
INQUIRIES = st.lists(
    st.builds(
        Inquiry,
        trace_number=st.uuids().map(lambda one: one.hex.upper()),
        member_id=TEXT.filter(lambda one: len(one) > 1),
        subscriber=PERSONS,
        dependent=PERSONS | st.none(),
        service_on=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    ),
    min_size=1, max_size=6, unique_by=lambda one: one.trace_number,
)  # fmt: skip


@given(inquiries=INQUIRIES)
@settings(max_examples=40, deadline=None)
def test_any_question_is_read_back_by_the_payers_own_reader_and_answered_to_its_number(
    inquiries: list[Inquiry],
) -> None:
    content = write_270(asked(*inquiries))
    assert identify(io.BytesIO(content)) == "270"
    read = read_enquiries(content)
    for written, found in zip(inquiries, read.patients, strict=True):
        patient = found.dependent or found.subscriber
        name = (written.dependent or written.subscriber or JANE).name
        assert (found.trace, found.member) == (written.trace_number, written.member_id)
        assert (patient.family, patient.given) == (name.last_name, name.first_name or "")
        assert (found.dependent is None) == (written.dependent is None)
        assert found.on == f"{written.service_on:%Y%m%d}"
    answer = answer_enquiries(read, Coverages(Policy()))
    told = list(read_271(io.BytesIO(answer)))
    assert [one.traces for one in told] == [(one.trace_number,) for one in inquiries]
    assert all(one.benefits or one.rejections for one in told)


@given(inquiries=INQUIRIES)
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_an_independent_parser_finds_nothing_wrong(inquiries: list[Inquiry]) -> None:
    """pyx12 has the 270's map of the version before; what differs is put as it was there."""
    text = write_270(asked(*inquiries)).decode("ascii")
    reader = X12Reader(io.StringIO(text))
    assert [row.get_seg_id() for row in reader].count("TRN") == len(inquiries)
    assert reader.pop_errors() == []
    before = text.replace("005010X279A1", "004010X092A1").replace("*^*00501*", "*U*00401*")
    before = re.sub(r"(ST\*270\*\d+)\*004010X092A1", r"\1", before)
    before = before.replace("DTP*291*", "DTP*472*")
    said = io.StringIO()
    assert x12n_document(PARAMS, io.StringIO(before), said, None), said.getvalue()


@pytest.mark.parametrize(
    ("inquiry", "element"),
    [
        (replace(SELF, member_id="A*1"), "2100C NM109"),
        (replace(SELF, member_id=""), "2100C NM109"),
        (replace(SELF, member_id="7"), "2100C NM109"),
        (replace(SELF, subscriber=replace(JANE, name=Person("SMITH~NM1*85", "X"))), "2100C NM103"),
        (replace(CHILD, dependent=replace(KID, name=Person("", "X"))), "2100D NM103"),
        (replace(SELF, trace_number="Ü"), "2000C TRN02"),
        (replace(SELF, service_types=()), "2110 EQ01"),
        (replace(SELF, service_types=("3^0",)), "2110 EQ01"),
    ],
)
def test_what_x12_cannot_carry_is_refused_with_its_place(inquiry: Inquiry, element: str) -> None:
    with pytest.raises(RefusedElementError) as refused:
        write_270(asked(inquiry))
    assert refused.value.element == element


def test_two_questions_never_share_a_number() -> None:
    with pytest.raises(RefusedElementError, match="duplicate in 2000C TRN02"):
        write_270(asked(SELF, SELF))
