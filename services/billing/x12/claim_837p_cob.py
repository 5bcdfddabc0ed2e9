"""The loops of other payers in an 837P: who they are, and what those before decided, to the cent.

Balancing: 005010X222A1 section 1.4.4. Of each payer that decided on lines, every line's charge is
its SVD02 and its CAS, and AMT*D is the sum of SVD02 less the claim's own CAS; of each that decided
on the claim only, the claim's charge is AMT*D and CAS. What is left to the patient (AMT*EAF) is
said at the one level or the other, zero too, and balances nothing (X12 RFI 1515, 1517).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from services.billing.x12.amounts import signed_dollars
from services.billing.x12.characters import code, optional_text, text
from services.billing.x12.claims_837p import ProfessionalClaim, ServiceLine
from services.billing.x12.claims_837p_cob import (
    Adjudication,
    LineAdjudication,
    OtherPayer,
    PayerSequence,
)
from services.billing.x12.code_lists import MEDICARE, MEDICARE_SECONDARY
from services.billing.x12.errors import RefusedElementError
from services.billing.x12.persons import person
from services.billing.x12.remittance import ADJUSTMENT_GROUPS, RemittedAdjustment

_MOST_REASONS = 6
_ORDER: tuple[PayerSequence, ...] = ("P", "S", "T")


def other_payers(claim: ProfessionalClaim) -> Iterator[str]:
    """A loop 2320 for each; refuses what does not balance before a segment of it is written."""
    _refuse_wrong_order(claim)
    for other in claim.others:
        if other.adjudication is not None:
            _refuse_unbalanced(claim, other.adjudication)
        yield from _other_subscriber(other)
        yield from _other_insured(other)
        yield from _other_payer(other)


def line_adjudications(claim: ProfessionalClaim, line: ServiceLine) -> Iterator[str]:
    """A loop 2430 for each payer that decided on the line."""
    for other in claim.others:
        made = other.adjudication
        for said in made.lines if made else ():
            if made is not None and said.line == line.control_number:
                yield from _line(other, made, said)


def insurance_type(told: str | None, filing: str, sequence: PayerSequence, place: str) -> str:
    """SBR05: why Medicare is not asked first; it is said then, and of nobody else."""
    is_asked = filing in MEDICARE and sequence != "P"
    if told is None:
        if is_asked:
            message = "Why Medicare is not the first payer is required."
            raise RefusedElementError("missing", place, message)
        return ""
    if not is_asked or told not in MEDICARE_SECONDARY:
        message = "Only Medicare after another payer has an insurance type, of the guide's codes."
        raise RefusedElementError("format", place, message)
    return told


def _refuse_wrong_order(claim: ProfessionalClaim) -> None:
    """Each payer has a place of its own, and all before the claim's own have decided."""
    places = [claim.sequence, *(other.sequence for other in claim.others)]
    if len(set(places)) != len(places):
        raise RefusedElementError("duplicate", "2320 SBR01", "Two payers have the same place.")
    named = [other.payer.identifier for other in claim.others if other.adjudication is not None]
    if len(set(named)) != len(named):
        message = "Two payers that decided have the same identifier."
        raise RefusedElementError("duplicate", "2330B NM109", message)
    for before in _ORDER[: _ORDER.index(claim.sequence)]:
        if not any(o.sequence == before and o.adjudication is not None for o in claim.others):
            message = "A payer that comes before has not decided on the claim."
            raise RefusedElementError("missing", "2320 AMT*D", message)


def _refuse_unbalanced(claim: ProfessionalClaim, made: Adjudication) -> None:
    own = _sum(made.adjustments)
    if not made.lines:
        if made.paid_cents + own != claim.charge_cents:
            message = "Paid and adjusted by a payer before is not the claim's charge."
            raise RefusedElementError("sum", "2320 AMT*D", message)
        return
    if made.paid_cents != sum(line.paid_cents for line in made.lines) - own:
        message = "Paid by a payer before is not the sum of its lines less the claim's adjustments."
        raise RefusedElementError("sum", "2320 AMT*D", message)
    if {said.line for said in made.lines} != {line.control_number for line in claim.lines}:
        message = "A payer before did not decide on exactly the claim's lines."
        raise RefusedElementError("missing", "2430 SVD", message)
    for line in claim.lines:
        said = [each for each in made.lines if each.line == line.control_number]
        if sum(each.paid_cents + each.adjusted_cents for each in said) != line.charge_cents:
            message = "Paid and adjusted by a payer before is not the line's charge."
            raise RefusedElementError("sum", "2430 SVD02", message)


def _other_subscriber(other: OtherPayer) -> Iterator[str]:
    insured, made = other.subscriber, other.adjudication
    relationship = code(insured.relationship, "2320 SBR02", 2, 2)
    group = optional_text(insured.group_number, "2320 SBR03", 50)
    filing = code(insured.filing_code, "2320 SBR09", 1, 2)
    kind = insurance_type(insured.insurance_type, filing, other.sequence, "2320 SBR05")
    yield f"SBR*{other.sequence}*{relationship}*{group}**{kind}****{filing}"
    if made is not None:
        yield from _adjustments(made.adjustments, "2320 CAS")
        yield f"AMT*D*{signed_dollars(made.paid_cents, '2320 AMT*D')}"
        if not made.lines:
            yield f"AMT*EAF*{signed_dollars(_patients(made.adjustments), '2320 AMT*EAF')}"
    # Benefits are assigned, and information may be released, as of the claim's own payer.
    yield "OI***Y***Y"


def _other_insured(other: OtherPayer) -> Iterator[str]:
    insured = other.subscriber
    name = person("NM1*IL*1", insured.name, "2330A")
    yield f"{name}*MI*{text(insured.member_id, '2330A NM109', 80)}"


def _other_payer(other: OtherPayer) -> Iterator[str]:
    payer, made = other.payer, other.adjudication
    name = text(payer.name, "2330B NM103", 60)
    yield f"NM1*PR*2*{name}*****PI*{text(payer.identifier, '2330B NM109', 80)}"
    if made is None:
        return
    if not made.lines:
        yield f"DTP*573*D8*{made.decided_on:%Y%m%d}"
    if made.payer_claim_number is not None:
        yield f"REF*F8*{text(made.payer_claim_number, '2330B REF*F8', 50)}"


def _line(other: OtherPayer, made: Adjudication, said: LineAdjudication) -> Iterator[str]:
    payer = text(other.payer.identifier, "2430 SVD01", 80)
    modifiers = [code(modifier, "2430 SVD03-03", 2, 2) for modifier in said.modifiers]
    procedure = ":".join(["HC", code(said.procedure, "2430 SVD03-02", 5, 5), *modifiers])
    paid = signed_dollars(said.paid_cents, "2430 SVD02")
    yield f"SVD*{payer}*{paid}*{procedure}**{_quantity(said.units)}"
    yield from _adjustments(said.adjustments, "2430 CAS")
    yield f"DTP*573*D8*{made.decided_on:%Y%m%d}"
    yield f"AMT*EAF*{signed_dollars(_patients(said.adjustments), '2430 AMT*EAF')}"


def _adjustments(adjustments: Sequence[RemittedAdjustment], place: str) -> Iterator[str]:
    """One CAS a group with up to six reasons; only what is not zero is said."""
    for group in ADJUSTMENT_GROUPS:
        of_group = [each for each in adjustments if each.group == group and each.cents]
        if len(of_group) > _MOST_REASONS:
            message = f"At most {_MOST_REASONS} reasons of one group are allowed."
            raise RefusedElementError("out-of-range", place, message)
        triples = [
            f"*{code(each.reason, place, 1, 5)}*{signed_dollars(each.cents, place)}"
            f"*{_quantity(each.quantity) if each.quantity is not None else ''}"
            for each in of_group
        ]
        if triples:
            yield f"CAS*{group}{''.join(triples)}".rstrip("*")


def _sum(adjustments: Sequence[RemittedAdjustment]) -> int:
    return sum(adjustment.cents for adjustment in adjustments)


def _patients(adjustments: Sequence[RemittedAdjustment]) -> int:
    """What the payer left to the patient; never below zero, as it is owed to nobody then."""
    return max(0, sum(each.cents for each in adjustments if each.group == "PR"))


def _quantity(value: Decimal) -> str:
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
