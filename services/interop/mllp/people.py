"""PID, IN1 and the clinicians of a message (HL7 v2.5.1 §3.4.2, §6.5.6, data type XCN)."""

from __future__ import annotations

from typing import cast

from libs.events.contracts.interop import Relationship, Sex
from services.interop.encounters.read import ProviderFacts
from services.interop.mllp.segments import Hl7Message, Segment, read_date, refuse
from services.interop.patients.read import CoverageFacts, PatientFacts

NPI_AUTHORITIES = {"NPI", "2.16.840.1.113883.4.6"}
"""Identifier type NPI (table 0203), and the OID of CMS's registry."""

_RELATIONSHIPS: dict[str, Relationship] = {
    **dict.fromkeys(("SEL", "SELF", "18", "01", "1"), "self"),
    **dict.fromkeys(("SPO", "SPOUSE", "2", "02"), "spouse"),
    **dict.fromkeys(("CHD", "CHILD", "19", "3", "03"), "child"),
}  # table 0063, and the codes of X12 that EHRs write there


_OPTIONAL: dict[int, tuple[str, ...]] = {
    8: ("sex",),
    11: ("address_line", "city", "state", "postal_code"),
    13: ("phone", "email"),
    15: ("language",),
}
"""Fields of PID that a message may leave out, and what of the person each tells as a whole: half
an address with the rest of an earlier one would be an address that nobody told."""


def read_pid(pid: Segment) -> PatientFacts:
    """Raises RefusedError naming the field that a claim cannot do without.

    An optional field that is absent keeps what is known, `""` deletes it (HL7 v2.5.1 §2.5.3).
    """
    mrn, authority = read_chart(pid, 3)
    for component, name in ((1, "family"), (2, "given")):
        if not pid.get(5, component):
            refuse(f"{name}-name-missing", f"PID-5.{component}", f"send the {name} name")
    if not pid.get(7):
        refuse("birth-date-missing", "PID-7", "send the date of birth as YYYYMMDD")
    sex = pid.get(8).upper()
    phone, email = _telecom(pid)
    return PatientFacts(
        mrn=mrn,
        authority=authority,
        family=pid.get(5, 1),
        given=pid.get(5, 2),
        birth_on=read_date(pid.get(7), "PID-7"),
        sex=cast(Sex, sex) if sex in ("F", "M") else "U",
        where="PID",
        address_line=pid.get(11, 1) or None,
        city=pid.get(11, 3) or None,
        state=pid.get(11, 4) or None,
        postal_code=pid.get(11, 5) or None,
        phone=phone,
        email=email,
        language=pid.get(15) or None,
        untold=frozenset(
            name for number, names in _OPTIONAL.items() if not pid.tells(number) for name in names
        ),
    )


def read_chart(segment: Segment, number: int) -> tuple[str, str | None]:
    """(chart number, who gave it) of a CX field: its medical record number (MR), else its first.

    Without an authority it is the EHR's own. Raises RefusedError where one authority gave two:
    which of them is the patient's nobody knows.
    """
    charts = read_charts(segment, number)
    if len({authority for _, authority in charts}) < len(charts):
        refuse(
            "chart-numbers-conflict",
            f"{segment.name}-{number}",
            "send one medical record number of an authority; tell of a second chart by an A40",
        )
    return charts[0]


def read_charts(segment: Segment, number: int) -> list[tuple[str, str | None]]:
    """Each (chart number, who gave it) that a CX field names: those of type MR, else its first."""
    named = [r for r in segment.repetitions(number) if segment.part(r, 1)]
    if not named:
        where = f"{segment.name}-{number}"
        refuse("chart-number-missing", where, "send the medical record number")
    charts = [r for r in named if segment.part(r, 5) == "MR"] or named[:1]
    return list(dict.fromkeys((segment.part(r, 1), segment.part(r, 4) or None) for r in charts))


def _telecom(pid: Segment) -> tuple[str | None, str | None]:
    """(phone, email) of PID-13: XTN as one text, or in the parts that replaced it."""
    phone = email = None
    for entry in pid.repetitions(13):
        if "@" in pid.part(entry, 4):
            email = email or pid.part(entry, 4)
            continue
        digits = pid.part(entry, 1) or pid.part(entry, 6) + pid.part(entry, 7)
        phone = phone or digits or None
    return phone, email


def read_insurance(message: Hl7Message) -> list[CoverageFacts]:
    """The insurances in the order of IN1-1; the first is the primary."""
    return [_coverage(in1) for in1 in message.all("IN1")]


def _coverage(in1: Segment) -> CoverageFacts:
    names = (in1.get(2), in1.get(3), in1.get(4), in1.get(2, 2))
    return CoverageFacts(
        payers=tuple(dict.fromkeys(name for name in names if name)),
        where="IN1",
        member_id=in1.get(36) or in1.get(49) or None,
        relationship=_RELATIONSHIPS.get(in1.get(17).upper(), "other") if in1.get(17) else "self",
        group_number=in1.get(8) or None,
    )


def read_providers(segment: Segment, number: int) -> tuple[ProviderFacts, ...]:
    """The clinicians of an XCN field."""
    found: list[ProviderFacts] = []
    for entry in segment.repetitions(number):
        ehr_id = segment.part(entry, 1)
        if ehr_id:
            told = {segment.part(entry, 13), segment.part(entry, 9, 1), segment.part(entry, 9, 2)}
            found.append(ProviderFacts(ehr_id, ehr_id if told & NPI_AUTHORITIES else None))
    return tuple(found)
