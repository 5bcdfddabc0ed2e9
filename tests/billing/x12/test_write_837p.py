"""837P: what we write, segment by segment; what X12 cannot carry is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.billing.x12 import RefusedElementError, plain_text, write_837p
from services.billing.x12.claims_837p import (
    Attachment,
    Person,
    ReferringProvider,
    ServiceFacility,
)
from tests.billing.x12.batches import ADDRESS, CHILD, CLINICIAN, SUBSCRIBER, batch, claim, line
from tests.billing.x12.validated import accepted


def _rows(content: bytes) -> list[str]:
    return content.decode("ascii").rstrip("~").split("~")


def test_a_self_insured_patient_is_written_segment_by_segment() -> None:
    assert _rows(accepted(write_837p(batch(claim(lines=1))))) == [
        "ISA*00*          *00*          *ZZ*MAINSTAY       *ZZ*CLEARING       *250304*0930*^*00501"
        "*000000007*0*T*:",
        "GS*HC*MAINSTAY*CLEARING*20250304*0930*7*X*005010X222A1",
        "ST*837*0001*005010X222A1",
        "BHT*0019*00*7*20250304*0930*CH",
        "NM1*41*2*MAINSTAY MSO*****46*SUB1",
        "PER*IC*BILLING DESK*TE*8005550111",
        "NM1*40*2*CLEARINGHOUSE*****46*CLR1",
        "HL*1**20*1",
        "NM1*85*2*ELM FAMILY MEDICINE*****XX*1234567893",
        "N3*12 ELM STREET",
        "N4*SPRINGFIELD*IL*62701",
        "REF*EI*123456789",
        "HL*2*1*22*0",
        "SBR*P*18*GRP9******CI",
        "NM1*IL*1*DOE*JANE*Q***MI*MEM001",
        "N3*12 ELM STREET",
        "N4*SPRINGFIELD*IL*62701",
        "DMG*D8*19800229*F",
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*PAYER1",
        "CLM*CLAIM1*125.5***11:B:1*Y*A*Y*Y",
        "HI*ABK:E119*ABF:I10",
        "NM1*82*1*SMITH*ANN****XX*1912301953",
        "PRV*PE*PXC*207Q00000X",
        "LX*1",
        "SV1*HC:G0439:25*125.5*UN*1***1",
        "DTP*472*D8*20250303",
        "REF*6R*CLAIM1-1",
        "SE*26*0001",
        "GE*1*7",
        "IEA*1*000000007",
    ]


def test_a_dependent_gets_a_loop_of_its_own_and_levels_go_on_counting() -> None:
    child = replace(claim("C1"), patient=CHILD)
    rows = _rows(accepted(write_837p(batch(child, claim("C2")))))
    assert [row for row in rows if row.startswith("HL*")] == [
        "HL*1**20*1",
        "HL*2*1*22*1",
        "HL*3*2*23*0",
        "HL*4*1*22*0",
    ]
    assert "SBR*P**GRP9******CI" in rows
    assert rows[rows.index("PAT*19") + 1] == "NM1*QC*1*DOE*TIM"


def test_who_sent_the_patient_where_and_what_follows_by_other_ways_stand_in_their_places() -> None:
    whole = replace(
        claim(lines=1),
        frequency="7",
        payer_claim_control_number="ICN77",
        prior_authorization="AUTH1",
        referring_provider=ReferringProvider(Person("LOW", "SUE"), "1982671234"),
        service_facility=ServiceFacility("MERCY HOSPITAL", ADDRESS, "1245319599"),
        attachments=(Attachment("OZ", "EL", "DOC0001"), Attachment("RR", "AA")),
    )
    made = batch(whole)
    billing = replace(made.billing_provider, taxonomy="207Q00000X")
    rows = _rows(accepted(write_837p(replace(made, billing_provider=billing))))
    assert rows[7:9] == ["HL*1**20*1", "PRV*BI*PXC*207Q00000X"]
    first = rows.index("CLM*CLAIM1*125.5***11:B:7*Y*A*Y*Y")
    assert rows[first + 1 : rows.index("LX*1")] == [
        "PWK*OZ*EL***AC*DOC0001",
        "PWK*RR*AA",
        "REF*G1*AUTH1",
        "REF*F8*ICN77",
        "HI*ABK:E119*ABF:I10",
        "NM1*DN*1*LOW*SUE****XX*1982671234",
        "NM1*82*1*SMITH*ANN****XX*1912301953",
        "PRV*PE*PXC*207Q00000X",
        "NM1*77*2*MERCY HOSPITAL*****XX*1245319599",
        "N3*12 ELM STREET",
        "N4*SPRINGFIELD*IL*62701",
    ]


def test_a_receiver_has_a_qualifier_and_an_application_of_its_own() -> None:
    made = replace(batch(), receiver_qualifier="30", receiver_application="CLAIMSIN")
    isa, gs, *_ = _rows(accepted(write_837p(made)))
    assert isa.split("*")[7:9] == ["30", "CLEARING       "]
    assert gs.split("*")[3] == "CLAIMSIN"


def test_who_bills_for_own_work_is_named_once() -> None:
    rows = _rows(accepted(write_837p(batch(replace(claim(), rendering_provider=None)))))
    assert not any(row.startswith(("NM1*82", "PRV*PE")) for row in rows)
    assert CLINICIAN.npi not in "".join(rows)


@pytest.mark.parametrize(
    ("name", "code"),
    [("DO*E", "character"), ("DO~E", "character"), ("DO:E", "character"), ("DO^E", "character"),
     ("DOÉ", "character"), ("DO\nE", "character"), ("", "missing"), ("D" * 61, "too-long"),
     (" DOE", "outer-space")],
)  # fmt: skip
def test_a_name_that_x12_cannot_carry_is_refused_by_place_and_never_repeated(
    name: str, code: str
) -> None:
    person = replace(SUBSCRIBER, name=Person(name, "JANE"))
    with pytest.raises(RefusedElementError) as refused:
        write_837p(batch(replace(claim(), subscriber=person)))
    assert (refused.value.code, refused.value.element) == (code, "2010BA NM103")
    assert not name or name not in str(refused.value)


def test_claims_that_would_be_wrong_are_refused() -> None:
    good = claim()
    wrong = [
        (replace(good, charge_cents=1), "2300 CLM02"),
        (replace(good, control_number="C" * 21), "2300 CLM01"),
        (replace(good, diagnoses=()), "2300 HI"),
        (replace(good, diagnoses=("DIABETES",)), "2300 HI"),
        (replace(good, frequency="7"), "2300 REF*F8"),
        (replace(good, place_of_service="98"), "2300 CLM05"),
        (replace(good, subscriber=replace(SUBSCRIBER, member_id="M")), "2010BA NM109"),
        (replace(good, lines=()), "2400"),
        (replace(good, lines=tuple(line(n) for n in range(51)), charge_cents=51 * 12550), "2400"),
        (replace(good, lines=(line(1, 0),), charge_cents=0), "2300 CLM02"),
        (
            replace(
                good, lines=(replace(line(1), service_on=date(1979, 1, 1)),), charge_cents=12550
            ),
            "2010BA DMG02",
        ),
        (replace(good, attachments=(Attachment("OZ", "EL"),)), "2300 PWK06"),
        (replace(good, attachments=(Attachment("XX", "AA"),)), "2300 PWK01"),
        (replace(good, attachments=(Attachment("OZ", "XX", "DOC1"),)), "2300 PWK02"),
        (replace(good, attachments=(Attachment("OZ", "AA"),) * 11), "2300 PWK"),
        (replace(good, subscriber=replace(SUBSCRIBER, demographics=None)), "2010BA N301"),
        (replace(good, lines=(line(1), line(1)), charge_cents=25100), "2400 REF02"),
        (replace(good, lines=(line(1, -1), line(2)), charge_cents=12549), "2400 SV102"),
        (
            replace(good, lines=(replace(line(1), diagnosis_pointers=(3,)),), charge_cents=12550),
            "2400 SV107",
        ),
    ]
    for one, element in wrong:
        with pytest.raises(RefusedElementError) as refused:
            write_837p(batch(one))
        assert refused.value.element == element
    with pytest.raises(RefusedElementError, match="2300 CLM01"):
        write_837p(batch(good, good))


def test_a_name_as_people_write_it_has_a_plain_spelling() -> None:
    assert plain_text("José  Núñez-O’Brien") == "Jose Nunez-O Brien"
    assert plain_text("A*B~C") == "A B C"
