"""PID, IN1 and the clinicians of a message (HL7 v2.5.1 §3.4.2, §6.5.6, data type XCN)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from libs.events.contracts.people import Relationship, Sex, Subscriber
from services.interop.connections.fields import FieldMap, Path, read_path
from services.interop.connections.model import Profile
from services.interop.encounters.read import ProviderFacts, ReferringFacts
from services.interop.messages.model import RefusedError
from services.interop.mllp.mapped import find, picked, place_of
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


_MERGED = {2: 4, 3: 1, 4: 2, 18: 3}
"""Field of PID → the field of MRG with the same number of a merged chart (§3.4.12)."""

_MEMBER_ID = ("IN1-36", "IN1-49")

_PAYER = {"IN1-2": (2, 1), "IN1-3": (3, 1), "IN1-4": (4, 1), "IN1-2.2": (2, 2)}
"""Who pays: the plan, the company's id and its name, and the plan's name; the first that is filled
is the one that a payer's map is said to lack."""


def read_pid(pid: Segment, profile: Profile) -> PatientFacts:
    """Raises RefusedError naming the field that a claim cannot do without.

    An optional field that is absent keeps what is known, `""` deletes it (HL7 v2.5.1 §2.5.3).
    """
    mrn, authority = read_chart(pid, profile.fields)
    for component, name in ((1, "family"), (2, "given")):
        if not pid.get(5, component):
            refuse(f"{name}-name-missing", f"PID-5.{component}", f"send the {name} name")
    if not pid.get(7):
        refuse("birth-date-missing", "PID-7", "send the date of birth as YYYYMMDD")
    sex = profile.sexes.get(pid.get(8)) or pid.get(8).upper()
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


Chart = tuple[str, str | None]
"""A chart number and who gave it; None: the EHR itself."""


def read_chart(pid: Segment, fields: FieldMap) -> Chart:
    """The patient's chart, where the profile says, else in PID-3.

    Raises RefusedError where one authority gave two: which of them is the patient's nobody knows.
    """
    charts = _charts(pid, [read_path(text) for text in fields.chart_number] or [Path("PID", 3)])
    if len({authority for _, authority in charts}) < len(charts):
        refuse(
            "chart-numbers-conflict",
            chart_place(fields),
            "send one medical record number of an authority; tell of a second chart by an A40",
        )
    return charts[0]


def read_merged_charts(mrg: Segment, fields: FieldMap) -> list[Chart]:
    """The charts that were merged, from the fields that go with those of the patient's."""
    return _charts(mrg, [_in_mrg(text) for text in fields.chart_number] or [Path("MRG", 1)])


def chart_place(fields: FieldMap) -> str:
    return place_of(fields.chart_number or ("PID-3",))


def merged_place(fields: FieldMap) -> str:
    return _in_mrg((fields.chart_number or ("PID-3",))[0]).place


def _in_mrg(text: str) -> Path:
    path = read_path(text)
    return replace(path, segment="MRG", field=_MERGED.get(path.field, 1))


def _charts(segment: Segment, paths: list[Path]) -> list[Chart]:
    """Each chart that the first of these places names."""
    charts = next(filter(None, (_charts_at(segment, path) for path in paths)), None)
    if charts is None:
        refuse("chart-number-missing", paths[0].place, "send the medical record number")
    return charts


def _charts_at(segment: Segment, path: Path) -> list[Chart]:
    """Those of the repetitions that the path picks; of a whole field, its medical record numbers
    (MR), else its first identifier."""
    told = picked(segment, path) if path.pick else segment.repetitions(path.field)
    named = [one for one in told if segment.part(one, path.component, path.sub)]
    if path.pick is None:
        named = [one for one in named if segment.part(one, 5) == "MR"] or named[:1]
    numbers = ((segment.part(one, path.component, path.sub), one) for one in named)
    return list(dict.fromkeys((number, segment.part(one, 4) or None) for number, one in numbers))


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


def read_insurance(message: Hl7Message, fields: FieldMap) -> list[CoverageFacts]:
    """The insurances, the primary first: by their priority (IN1-22) where each has one, else as
    they stand, which is by IN1-1."""
    segments = list(message.all("IN1"))
    priorities = [in1.get(22) for in1 in segments]
    if all(text.isascii() and text.isdigit() for text in priorities):
        segments.sort(key=lambda in1: int(in1.get(22)))
    return [_coverage(message, in1, fields) for in1 in segments]


def _coverage(message: Hl7Message, in1: Segment, fields: FieldMap) -> CoverageFacts:
    names = {place: name for place, at in _PAYER.items() if (name := in1.get(*at))}
    where = next(iter(names), "IN1-3")
    if fields.payer:
        payer = find(message, fields.payer, in1)
        where = place_of(fields.payer)
        names = {where: payer.value} if payer is not None else {}
    member_id = fields.member_id or _MEMBER_ID
    member = find(message, member_id, in1)
    secondary = find(message, fields.medicare_secondary, in1)
    relationship = _RELATIONSHIPS.get(in1.get(17).upper(), "other") if in1.get(17) else "self"
    return CoverageFacts(
        payers=tuple(dict.fromkeys(names.values())),
        where=where,
        member_where=place_of(member_id),
        member_id=member.value if member is not None else None,
        relationship=relationship,
        group_number=in1.get(8) or None,
        subscriber=_subscriber(in1) if relationship != "self" else None,
        authorization=in1.get(14) or None,
        medicare_secondary=secondary.value if secondary is not None else None,
    )


def _subscriber(in1: Segment) -> Subscriber | None:
    """The insured person (IN1-16, -18 and -43, §6.5.6); None where the name is not whole."""
    family, given, sex = in1.get(16, 1), in1.get(16, 2), in1.get(43).upper()
    if not family or not given:
        return None
    return Subscriber(
        family=family,
        given=given,
        birth_on=_day(in1.get(18)),
        sex=sex if sex in ("F", "M", "U") else None,
    )


def _day(text: str) -> date | None:
    """A day that no claim depends on: unreadable, it is not told."""
    try:
        return read_date(text, "IN1-18") if text else None
    except RefusedError:
        return None


def read_referring(pv1: Segment) -> ReferringFacts | None:
    """Who sent the patient (PV1-8, §3.4.3.8): the first who is named whole."""
    for entry in pv1.repetitions(8):
        provider = _provider(pv1, entry)
        family, given = pv1.part(entry, 2), pv1.part(entry, 3)
        if provider is not None and family and given:
            return ReferringFacts(provider, family, given)
    return None


def read_mapped_providers(
    message: Hl7Message, fields: FieldMap, usual: tuple[ProviderFacts, ...]
) -> tuple[ProviderFacts, ...]:
    """The clinicians where the profile says that they are named, else these, who usually are."""
    npis = [ProviderFacts(npi, npi) for text in fields.provider_npi
            for segment, path in _named(message, text)
            for one in picked(segment, path)
            if (npi := segment.part(one, path.component, path.sub))]  # fmt: skip
    if not fields.provider:
        return (*npis, *usual)
    told = [provider for text in fields.provider
            for segment, path in _named(message, text)
            for provider in _providers_at(segment, path)]  # fmt: skip
    return (*npis, *told)


def _named(message: Hl7Message, text: str) -> list[tuple[Segment, Path]]:
    """The segments of a path, but for a resource that this message takes away (table 0206)."""
    path = read_path(text)
    is_resource = path.segment.startswith("AI")
    return [(segment, path) for segment in message.all(path.segment)
            if not (is_resource and segment.get(2).upper() == "D")]  # fmt: skip


def _providers_at(segment: Segment, path: Path) -> tuple[ProviderFacts, ...]:
    if path.is_whole:
        return read_providers(segment, path.field)
    ids = (segment.part(one, path.component, path.sub) for one in picked(segment, path))
    return tuple(ProviderFacts(ehr_id) for ehr_id in ids if ehr_id)


def read_providers(segment: Segment, number: int) -> tuple[ProviderFacts, ...]:
    """The clinicians of an XCN field."""
    found = (_provider(segment, entry) for entry in segment.repetitions(number))
    return tuple(provider for provider in found if provider is not None)


def _provider(segment: Segment, entry: str) -> ProviderFacts | None:
    ehr_id = segment.part(entry, 1)
    if not ehr_id:
        return None
    told = {segment.part(entry, 13), segment.part(entry, 9, 1), segment.part(entry, 9, 2)}
    return ProviderFacts(ehr_id, ehr_id if told & NPI_AUTHORITIES else None)
