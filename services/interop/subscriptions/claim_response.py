"""How a visit's claim stands, as a ClaimResponse (FHIR R4 §13.3), in the words of the visit's EHR.

A payer's own answer is an X12 835; this is what the practice's back office knows of the claim after
each step, whoever took it. The categories of amounts are those of FHIR's adjudication codes, and of
CARIN Blue Button's (C4BBAdjudication) where these have none: `memberliability` what is left to the
patient, `discount` what the payer's contract takes off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from services.interop.fhir.elements import as_object, as_text
from services.interop.fhir.model import name_of
from services.interop.subscriptions.model import Resource
from services.interop.writeback.model import Account, Status

Outcome = Literal["queued", "complete", "error", "partial"]

MEANINGS: Mapping[Status, tuple[Outcome, str]] = {
    "OPEN": ("queued", "The visit is charged; its claim goes out soon."),
    "HELD": ("queued", "The claim is held until what it waits for is there."),
    "SUBMITTED": ("queued", "The claim went out to the payer."),
    "ACCEPTED": ("queued", "The payer has taken the claim in."),
    "REJECTED": ("error", "The payer did not take the claim in; it is mended and sent again."),
    "PAID": ("complete", "The payer has settled the claim."),
    "DENIED": ("complete", "The payer has denied the claim."),
    "SELFPAY": ("complete", "The patient pays: there is no claim to a payer."),
    "VOID": ("complete", "The visit was taken back: nothing of its claim stands."),
}
PARTLY_DECIDED = "The payer has decided on a part of the claim."

ENCOUNTER = "urn:mainstay:StructureDefinition:encounter"
"""The extension that names the visit: R4 has no element for it."""
_PAYERS = "urn:mainstay:payer"
_ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"
_C4BB = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication"


@dataclass(frozen=True, slots=True)
class Visit:
    """The EHR's own names: references to its resources, or its numbers where it sent none."""

    encounter: Resource = field(repr=False)
    patient: Resource = field(repr=False)
    claim: Resource | None = field(default=None, repr=False)
    insurer: Resource | None = field(default=None, repr=False)


def read_visit(
    number: str, mrn: str, encounter: Resource | None, claims: Sequence[Resource]
) -> Visit:
    """`number`: the visit's, or the id of its Encounter; `claims`: those that the EHR has sent."""
    numbered = patient_numbered(mrn)
    if encounter is None:
        return Visit({"type": "Encounter", "identifier": {"value": number}}, numbered)
    patient = _sent(encounter.get("subject")) or numbered
    named = {"reference": f"Encounter/{number}"}
    if len(claims) != 1:  # of several, none is the one
        return Visit(named, patient)
    [claim] = claims
    reference = {"reference": f"Claim/{claim['id']}"}
    return Visit(named, patient, reference, _sent(claim.get("insurer")))


def _sent(reference: Any) -> Resource | None:
    """A reference to what the EHR may have sent; others lead nowhere from here."""
    told = as_text(as_object(reference).get("reference"))
    return {"reference": told} if told is not None and name_of(told) is not None else None


def claim_response(account: Account, visit: Visit, at: datetime) -> dict[str, Any]:
    """The account as it stood at that time."""
    outcome, disposition = MEANINGS[account.status]
    if outcome == "queued" and (account.paid_cents or account.adjusted_cents):
        outcome, disposition = "partial", PARTLY_DECIDED
    found: dict[str, Any] = {
        "resourceType": "ClaimResponse",
        "id": str(account.claim_id),
        "meta": {"lastUpdated": at.isoformat(timespec="milliseconds")},
        "extension": [{"url": ENCOUNTER, "valueReference": visit.encounter}],
        "status": "cancelled" if account.status == "VOID" else "active",
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/claim-type",
                    "code": "professional",
                }
            ]
        },
        "use": "claim",
        "patient": visit.patient,
        "created": at.isoformat(timespec="milliseconds"),
        "insurer": visit.insurer or _insurer(account),
        "outcome": outcome,
        "disposition": disposition,
        "adjudication": [
            _amount(_ADJUDICATION, "submitted", account.charge_cents),
            _amount(_ADJUDICATION, "benefit", account.paid_cents),
            _amount(_C4BB, "discount", account.adjusted_cents),
            _amount(_C4BB, "memberliability", account.patient_cents),
        ],
    }
    if visit.claim is not None:
        found["request"] = visit.claim
    if outcome == "error":
        found["error"] = [{"code": {"text": disposition}}]
    return found


def _insurer(account: Account) -> Resource:
    if account.payer_id is None:
        return {"display": "none: the patient pays"}
    return payer_named(account.payer_id)


def _amount(system: str, code: str, cents: int) -> dict[str, Any]:
    return {"category": {"coding": [{"system": system, "code": code}]}, "amount": money(cents)}


def patient_numbered(mrn: str) -> Resource:
    """The patient, by the number of the chart."""
    return {"type": "Patient", "identifier": {"value": mrn}}


def payer_named(payer_id: str) -> Resource:
    return {"identifier": {"system": _PAYERS, "value": payer_id}}


def money(cents: int) -> Resource:
    return {"value": Decimal(cents).scaleb(-2), "currency": "USD"}
