"""What is wrong with a message is named by code and place, and is never repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from services.interop.messages.model import RefusedError
from tests.interop.hl7v2.reading import patient_of, read, refusals_of, visit_of
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PV1, SCH, message

A04 = message("ADT^A04", PID, IN1)


def dft(ft1: str = FT1, pv1: str = PV1, dg1: str = DG1) -> str:
    return message("DFT^P03", PID, pv1, ft1, dg1, IN1)


@pytest.mark.parametrize(
    ("sent", "code", "where"),
    [
        (b"", "not-hl7", "MSH"),
        (b"\r\n\r\n", "not-hl7", "MSH"),
        (b"PID|1||1001\r", "not-hl7", "MSH"),
        (b"MSH|^~", "not-hl7", "MSH"),
        (b"FHS|^~\\&|EHR\r" + A04.encode(), "not-hl7", "MSH"),
        (b"<ClinicalDocument/>", "not-hl7", "MSH"),
        (b"MSH|^~\\&|", "version-not-taken", "MSH-12"),
        (message("ADT^A04", PID, version="9.9"), "version-not-taken", "MSH-12"),
        (message("ADT^A04", PID, version="2.2"), "version-not-taken", "MSH-12"),
        (message("ADT^A04", PID, version=""), "version-not-taken", "MSH-12"),
        (A04.replace("|P|2.5.1", "|X|2.5.1"), "processing-id", "MSH-11"),
        (A04.replace("|", "X"), "separators", "MSH-2"),
        (A04.replace("^~\\&", "^^\\&", 1), "separators", "MSH-2"),
        (A04.replace("^~\\&", "|~\\&", 1), "separators", "MSH-2"),
        (A04.replace("^~\\&", "^", 1), "separators", "MSH-2"),
        (A04.replace("^~\\&", "^~\\&#!", 1), "separators", "MSH-2"),
        (A04.replace("^~\\&", "^~\\&&", 1), "separators", "MSH-2"),
        (A04.replace("^~\\&", "^~\\\u00e9", 1), "separators", "MSH-2"),
        (A04.replace("Rivera", "Riv\x0bera"), "frame-character", "MSH"),
        (A04.replace("Rivera", "Riv\x1cera"), "frame-character", "MSH"),
        (A04 + A04, "second-message", "MSH"),
        (A04.replace("Rivera", "Riv\0era"), "nul-character", "MSH"),
        (A04.encode().replace(b"Rivera", b"Riv\xc3(ra"), "not-in-character-set", "MSH-18"),
        (A04.replace("|P|2.5.1", "|P|2.5.1||||||KLINGON"), "character-set", "MSH-18"),
        (A04 + "a line that is no segment\r", "segment-name", "MSH"),
        (A04 + "zzz|1\r", "segment-name", "MSH"),
        (message("ADT^A04", PID, control_id=""), "control-id-missing", "MSH-10"),
        (message("ADT^Q99", PID), "trigger-event-not-taken", "MSH-9.2"),
        (message("ORM^O01", PID), "message-type-not-taken", "MSH-9"),
        (message("ADT", PID), "message-type-not-taken", "MSH-9"),
        (message("", PID), "message-type-not-taken", "MSH-9"),
        (message("ADT^A24", PID), "trigger-event-not-taken", "MSH-9.2"),
        (message("ADT^A40", PID), "segment-missing", "MRG"),
        (message("ADT^A40", PID, "MRG|1", "MRG|2"), "segment-repeated", "MRG"),
        (message("ADT^A40", PID, "MRG|"), "chart-number-missing", "MRG-1"),
        (message("ADT^A37", PID), "segment-missing", "PID[2]"),
        (message("ADT^A37", PID, PID, PID), "segment-repeated", "PID"),
        (A04.replace("^MR||", "^MR~1002^^^EHR^MR||"), "chart-numbers-conflict", "PID-3"),
        (message("ADT^A04"), "segment-missing", "PID"),
        (A04.replace("1001^^^EHR^MR", ""), "chart-number-missing", "PID-3"),
        (A04.replace("1001^^^EHR^MR", '""'), "chart-number-missing", "PID-3"),
        (A04.replace("Rivera", ""), "family-name-missing", "PID-5.1"),
        (A04.replace("^Alma", "^"), "given-name-missing", "PID-5.2"),
        (A04.replace("19840517", ""), "birth-date-missing", "PID-7"),
        (A04.replace("19840517", "20260230"), "not-a-date", "PID-7"),
        (A04.replace("19840517", "00000517"), "not-a-date", "PID-7"),
        (A04.replace("19840517", "198405"), "not-a-date", "PID-7"),
        (A04.replace("19840517", "17-MAY-84"), "not-a-date", "PID-7"),
        (message("SIU^S12", PID), "segment-missing", "SCH"),
        (message("SIU^S12", SCH.replace("A77|F77", "|"), PID), "appointment-id-missing", "SCH-2"),
        (message("SIU^S12", "SCH|A77", PID), "start-missing", "SCH-11"),
        (message("SIU^S12", SCH.replace("06013000", "06250000"), PID), "not-a-time", "SCH-11"),
        (message("SIU^S12", SCH.replace("06013000", "06"), PID), "not-a-time", "SCH-11"),
        (message("SIU^S12", SCH.replace("+0000", "+9900"), PID), "not-a-time", "SCH-11"),
        (dft(pv1="PV1|1|O"), "visit-number-missing", "PV1-19"),
        (message("DFT^P03", PID, PV1, DG1), "service-date-missing", "FT1-4"),
        (dft(FT1.replace("|20260302|", "||", 1)), "service-date-missing", "FT1-4"),
        (dft(FT1.replace("|20260302|", "|20261399|", 1)), "not-a-date", "FT1[1]-4"),
        (dft(FT1 + "\r" + FT1.replace("|20260302|", "|20260303|", 1)), "several-days", "FT1-4"),
        (dft(FT1.replace("|CG|", "|PA|")), "not-a-charge", "FT1[1]-6"),
        (dft(FT1.replace("|CG|", "|CR|")), "transaction-id-missing", "FT1[1]-2"),
        (dft(FT1.replace("||2|178", "||0|178").replace("|CG|", "|CR|")), "units", "FT1[1]-10"),
        (dft(FT1.replace("G0439^^HCPCS", "")), "procedure-missing", "FT1[1]-25"),
        (dft(FT1.replace("||2|178", "||0|178")), "units", "FT1[1]-10"),
        (dft(FT1.replace("||2|178", "||-2|178")), "units", "FT1[1]-10"),
        (dft(FT1.replace("||2|178", "||1.5|178")), "units", "FT1[1]-10"),
        (dft(FT1.replace("||2|178", "||1000|178")), "units", "FT1[1]-10"),
        (dft(FT1.replace("||2|178", "||" + "9" * 5000 + "|178")), "units", "FT1[1]-10"),
        (dft(FT1.replace("||2|178", "||1E4000000|178")), "units", "FT1[1]-10"),
        (dft(FT1 + "\r" + FT1.replace("||2|178", "||x|178")), "units", "FT1[2]-10"),
        (dft(FT1.replace("178.00", "-178.00")), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "<0.1")), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "1,780.00")), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "Infinity")), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "NaN")), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "9" * 30)), "amount", "FT1[1]-11"),
        (dft(FT1.replace("178.00", "178.00&EUR")), "currency", "FT1[1]-11"),
        (A04.replace("BAV", "NOPE"), "payer-unknown", "IN1-2"),
        (A04.replace("BAV^Blue Advantage HMO|BAV", "|NOPE"), "payer-unknown", "IN1-3"),
        (A04.replace("BAV^Blue Advantage HMO|BAV|Blue", "||NOPE"), "payer-unknown", "IN1-4"),
        (A04.replace("BAV^Blue Advantage HMO|BAV|Blue", "^NOPE||"), "payer-unknown", "IN1-2.2"),
        (A04.replace("BAV^Blue Advantage HMO|BAV|Blue", "||"), "payer-unknown", "IN1-3"),
        (A04.replace("BM4471", ""), "member-id-missing", "IN1-36"),
    ],
)  # fmt: skip
def test_a_wrong_message_is_refused_by_code_and_place(
    sent: str | bytes, code: str, where: str
) -> None:
    assert refusals_of(sent) == [(code, where)]


SECRET = "Xq7Zw9"


@pytest.mark.parametrize(
    "sent",
    [
        A04.replace("19840517", SECRET),
        A04.replace("BAV", SECRET),
        message("SIU^S12", SCH.replace("20260306013000", SECRET), PID),
        message(f"{SECRET}^A04", PID),
        A04.replace("|P|2.5.1", f"|P|2.5.1||||||{SECRET}"),
        A04 + f"{SECRET}|1\r",
        dft(FT1.replace("178.00", SECRET)),
        dft(FT1.replace("||2|178", f"||{SECRET}|178")),
        dft(FT1.replace("|CG|", f"|{SECRET}|")),
        dft(FT1.replace("|20260302|", f"|{SECRET}|", 1)),
    ],
)
def test_a_refusal_never_repeats_what_was_sent(sent: str) -> None:
    assert SECRET in sent
    with pytest.raises(RefusedError) as refused:
        read(sent)
    for one in refused.value.refusals:
        assert one.fix
        assert SECRET not in f"{one.code} {one.where} {one.fix} {refused.value}"


def test_an_absent_field_is_not_known_and_quotes_delete_it() -> None:
    sent = A04.replace("12 Orchard Street^^Columbus^OH^43004", '""')
    person = patient_of(sent).person
    assert (person.address_line, person.city, person.postal_code) == (None, None, None)


@pytest.mark.parametrize(
    ("sent", "code", "where"),
    [
        (A04.replace("1001^^^EHR^MR", "~".join(["1001^^^EHR^MR"] * 10_000)),
         "too-many-repetitions", "PID-3"),
        (A04 + "OBX|1|NM|8302-2^^LN||170\r" * 100_000, "too-many-segments", "MSH"),
        (A04 + "OBX|1|NM|8302-2^^LN||170\r" * 10_000, "too-many-segments", "MSH"),
        (A04 + "\r" * 4_000_000 + "ZZZ", "too-many-segments", "MSH"),
        (A04 + "OBX|1\rOBX" + "|" * 4_000_000, "too-many-fields", "OBX[2]"),
        (A04 + "OBX|1\rOBX||" + "^" * 4_000_000, "too-many-components", "OBX[2]"),
        (A04 + "OBX|1||" + "&" * 4_000_000, "too-many-components", "OBX"),
        (A04 + "OBX|1||" + "~" * 4_000_000, "too-many-repetitions", "OBX-3"),
    ],
    ids=range(8),
)  # fmt: skip
def test_what_no_ehr_writes_is_refused_by_its_limit(sent: str, code: str, where: str) -> None:
    assert refusals_of(sent) == [(code, where)]


def test_as_many_as_the_limits_say_are_taken() -> None:
    others = "~".join(f"X{number}^^^E^XX" for number in range(999))
    sent = A04.replace("1001^^^EHR^MR", f"{others}~1001^^^EHR^MR") + "ZZZ|1\r" * 9_997
    assert patient_of(sent).mrn == "1001"
    assert refusals_of(sent + "ZZZ|1\r") == [("too-many-segments", "MSH")]


def test_segments_of_the_senders_own_are_read_over() -> None:
    assert read(A04 + "ZPI|1|x^y&z\r") == read(A04)


def test_a_number_with_a_wrong_check_digit_is_no_npi() -> None:
    assert visit_of(dft(pv1=PV1.replace("1245319599", "1245319590"))).visit.provider_npi is None


@given(any_.binary(max_size=300))
def test_no_bytes_at_all_do_more_than_be_refused(raw: bytes) -> None:
    assert len(refusals_of(raw)) == 1


@given(any_.text(any_.sampled_from('|^~\\&\r\n"X0D9 .-+aÉ'), max_size=60))
def test_whatever_follows_the_header_is_read_or_refused(tail: str) -> None:
    assert len(refusals_of(message("ADT^A04", PID[:8] + tail))) <= 1
