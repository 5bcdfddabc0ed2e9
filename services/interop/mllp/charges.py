"""FT1 and DG1: the charges and diagnoses of a DFT^P03 (HL7 v2.5.1 §6.4.1, §6.5.1, §6.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from libs.events.contracts.values import round_half_even
from services.interop.connections.fields import FieldMap
from services.interop.encounters.read import LineFacts, ProviderFacts, VisitFacts
from services.interop.encounters.translate import CPT, HCPCS, ICD_10_CM, NO_SYSTEM, SNOMED_CT
from services.interop.mllp.mapped import Found, find, place_of
from services.interop.mllp.people import read_mapped_providers, read_providers, read_referring
from services.interop.mllp.segments import Hl7Message, Segment, read_date, refuse

SYSTEMS = {
    **dict.fromkeys(("I10C", "I10CM", "ICD10CM", "ICD-10-CM", "I10", "ICD10"), ICD_10_CM),
    **dict.fromkeys(("SCT", "SNOMED", "SNOMEDCT"), SNOMED_CT),
    **dict.fromkeys(("C4", "CPT", "CPT4", "C5"), CPT),
    **dict.fromkeys(("HCPCS", "HCPT", "HPC"), HCPCS),
}
"""Table 0396. I10 is WHO's ICD-10 there; practices in the United States bill ICD-10-CM under it."""

CREDIT = "CR"
"""FT1-6 (table 0017): the charge is taken back; EHRs write its quantity and amount with or without
a minus sign."""
_VISIT_NUMBER = ("PV1-19", "PID-18")
"""PV1-19, or the account of the visit where an EHR numbers by account."""

Code = tuple[str, str]


def read_charges(message: Hl7Message, fields: FieldMap) -> VisitFacts:
    """The visit that a DFT charges; raises RefusedError naming the field."""
    pv1 = message.first("PV1")
    charges = list(message.all("FT1"))
    for number, ft1 in enumerate(charges, 1):
        if ft1.get(6).upper() not in ("CG", CREDIT, ""):
            refuse("not-a-charge", f"FT1[{number}]-6", "send charges (CG) and credits (CR)")
    diagnoses = _diagnoses(message, charges)
    visit_class = find(message, fields.visit_class or ("PV1-2",))
    places = {code: place for place, code in enumerate(diagnoses, 1)}
    return VisitFacts(
        reference=_visit_number(message, fields).value,
        service_on=_service_on(message, charges),
        visit_class=visit_class.value if visit_class is not None else None,
        providers=read_mapped_providers(message, fields, _providers(charges, pv1)),
        diagnoses=tuple(diagnoses),
        lines=tuple(
            _line(message, ft1, number, places, fields) for number, ft1 in enumerate(charges, 1)
        ),
        where=place_of(fields.visit_number or _VISIT_NUMBER),
        referring=read_referring(pv1) if pv1 is not None else None,
    )


def _visit_number(message: Hl7Message, fields: FieldMap) -> Found:
    paths = fields.visit_number or _VISIT_NUMBER
    number = find(message, paths)
    if number is None:
        refuse(
            "visit-number-missing",
            place_of(paths),
            f"send the visit number in {' or '.join(paths)}",
        )
    return number


def _service_on(message: Hl7Message, charges: list[Segment]) -> date:
    days = {
        read_date(ft1.get(4), f"FT1[{number}]-4")
        for number, ft1 in enumerate(charges, 1)
        if ft1.get(4)
    }
    if len(days) > 1:
        refuse("several-days", "FT1-4", "send one message for each day of service")
    if days:
        return days.pop()
    pv1 = message.first("PV1")
    admitted = pv1.get(44) if pv1 is not None else ""
    if not admitted:
        refuse("service-date-missing", "FT1-4", "send the day of service")
    return read_date(admitted, "PV1-44")


def _providers(charges: list[Segment], pv1: Segment | None) -> tuple[ProviderFacts, ...]:
    """Who performed it (FT1-20), then who attended (PV1-7)."""
    performed = [p for ft1 in charges for p in read_providers(ft1, 20)]
    return (*performed, *(read_providers(pv1, 7) if pv1 is not None else ()))


def _diagnoses(message: Hl7Message, charges: list[Segment]) -> list[Code]:
    """DG1 in its order, then what only the charges name (FT1-19); each once."""
    listed = [_code(dg1, dg1.repetitions(3)[0], dg1.get(2)) for dg1 in message.all("DG1")
              if dg1.get(3)]  # fmt: skip
    named = [_code(ft1, entry) for ft1 in charges for entry in ft1.repetitions(19)]
    return [code for code in dict.fromkeys((*listed, *named)) if code[1]]


def _line(
    message: Hl7Message, ft1: Segment, number: int, places: Mapping[Code, int], fields: FieldMap
) -> LineFacts:
    """FT1-25 is the procedure; before v2.4, and where it is empty, FT1-7 is."""
    field = 25 if ft1.get(25) else 7
    if not ft1.get(field):
        refuse("procedure-missing", f"FT1[{number}]-25", "send the procedure code")
    system, code = _code(ft1, ft1.repetitions(field)[0])
    codes = [_code(ft1, entry) for entry in ft1.repetitions(19)]
    is_credit = ft1.get(6).upper() == CREDIT
    numbered_in = fields.transaction_id or ("FT1-2",)
    transaction_id = find(message, numbered_in, ft1)
    return LineFacts(
        system=system,
        code=code,
        units=_units(_unsigned(ft1.get(10), is_credit), f"FT1[{number}]-10"),
        modifiers=tuple(m for entry in ft1.repetitions(26) if (m := ft1.part(entry, 1))),
        diagnoses=tuple(places[code] for code in dict.fromkeys(codes) if code in places),
        charge_cents=_cents(ft1, _unsigned(ft1.get(11), is_credit), f"FT1[{number}]-11"),
        transaction_id=transaction_id.value if transaction_id is not None else None,
        transaction_where=place_of(numbered_in).replace("FT1", f"FT1[{number}]"),
        is_credit=is_credit,
        where=f"FT1[{number}]",
    )


def _code(segment: Segment, entry: str, method: str = "") -> Code:
    """A coded element: its system by its HL7 name, or by DG1-2 as before v2.4."""
    told = segment.part(entry, 3) or method
    return SYSTEMS.get(told.upper(), told or NO_SYSTEM), segment.part(entry, 1)


def _unsigned(text: str, is_credit: bool) -> str:
    return text.removeprefix("-") if is_credit else text


def _units(text: str, where: str) -> int:
    if not text:
        return 1
    try:
        units = Decimal(text)
    except InvalidOperation:
        units = Decimal(0)
    if units != units.to_integral_value() or not 1 <= units <= 999:
        refuse("units", where, "send whole units, 1 to 999; take charges back by credits (CR)")
    return int(units)


def _cents(ft1: Segment, text: str, where: str) -> int | None:
    """FT1-11 is the extended amount (CP: price and currency)."""
    if not text:
        return None
    if ft1.get(11, 1, 2).upper() not in ("", "USD"):
        refuse("currency", where, "send amounts in USD")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= 10**9:
        refuse("amount", where, "send the amount as a number of dollars")
    return round_half_even(amount * 100)
