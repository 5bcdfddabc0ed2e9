"""837P: what we write, another implementation reads back; what X12 cannot carry is refused."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings

from libs.local.payer.claims import read_claims
from services.billing.x12 import RefusedElementError, identify, plain_text, write_837p
from services.billing.x12.claims_837p import Person, ProfessionalClaims
from services.billing.x12.segments import Segments
from tests.billing.x12.batches import CHILD, SUBSCRIBER, any_batch, batch, claim, line
from tests.billing.x12.read_back import as_batch, without_points
from tests.billing.x12.validated import accepted


def _rows(content: bytes) -> list[str]:
    return content.decode("ascii").rstrip("~").split("~")


@given(written=any_batch())
@settings(max_examples=25, deadline=None)  # the judge takes its time
def test_any_batch_is_read_back_equal_by_the_payers_own_reader(
    written: ProfessionalClaims,
) -> None:
    content = accepted(write_837p(written))
    read = read_claims(content)
    assert read.problems == []
    assert without_points(written) == [c.diagnoses for c in as_batch(read).claims]
    as_written = replace(
        written,
        claims=tuple(
            replace(c, diagnoses=d)
            for c, d in zip(written.claims, without_points(written), strict=True)
        ),
    )
    assert as_batch(read) == as_written
    assert identify(io.BytesIO(content)) == "837P"
    assert [s[0] for s in Segments(io.BytesIO(content))].count("CLM") == len(written.claims)


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
