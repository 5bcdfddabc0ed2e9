"""What an appeal's letter says, from the claim and its history: pure, and data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.events.contracts.interop import EncounterPosted
from services.billing.claims.model import Claim
from services.billing.denials.letters.arguments import ARGUMENTS
from services.billing.denials.model import Denial
from services.billing.documents.render import Value
from services.billing.money import dollars


@dataclass(frozen=True, slots=True)
class Appealed:
    """Everything that a letter draws on. `visit` None: taken over, the payer has the claim."""

    denial: Denial
    claim: Claim
    visit: EncounterPosted | None
    lines: Sequence[Mapping[str, Any]]
    moves: Sequence[Mapping[str, Any]]
    """The claim's steps: state, reason, moved_at."""
    trace_number: str


def letter_of(
    appealed: Appealed,
    practice: Mapping[str, Any],
    level: int,
    on: date,
    *,
    added: str | None,
    enclosures: Sequence[str],
    send_to: Sequence[str],
) -> dict[str, Value]:
    """The template's data; `added` is what the practice says beside the category's argument."""
    denial, claim, visit = appealed.denial, appealed.claim, appealed.visit
    argument = ARGUMENTS[denial.category]
    coverage = visit.coverage if visit else None
    return {
        "title": f"Appeal of claim {claim.control_number}, level {level}",
        "practice": _letterhead(practice),
        "date": _day(on),
        "payer": [
            coverage.payer_name if coverage else denial.payer_id, "Provider appeals", *send_to,
        ],
        "subject": f"Appeal, level {level}: claim {claim.control_number}",
        "facts": [list(fact) for fact in _facts(appealed)],
        "services": [_service(line, denial) for line in appealed.lines],
        "reasons": [f"{denial.adjustment_group}-{denial.reason}: {denial.cause}."],
        "remarks": list(denial.remarks),
        "diagnoses": list(visit.diagnoses) if visit and argument.shows_diagnoses else [],
        "evidence": [list(fact) for fact in _evidence(appealed)],
        "argument": list(argument.says),
        "added": added or "",
        "asks": argument.asks,
        "enclosures": list(dict.fromkeys([*argument.enclosures, *enclosures])),
    }  # fmt: skip


def _letterhead(practice: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "name": practice["name"],
        "lines": [
            practice["line"],
            f"{practice['city']}, {practice['state']} {_zip(practice['postal_code'])}",
        ],
        "npi": practice["npi"],
        "tax_id": practice["tax_id"],
    }


def _facts(appealed: Appealed) -> list[tuple[str, str]]:
    denial, claim, visit = appealed.denial, appealed.claim, appealed.visit
    facts: list[tuple[str, str]] = []
    if visit is not None:
        facts.append(("Patient", f"{visit.person.given} {visit.person.family}"))
        facts.append(("Date of birth", _day(visit.person.birth_on)))
        if visit.coverage is not None:
            facts.append(("Member number", visit.coverage.member_id))
    facts += [
        ("Claim control number", claim.control_number),
        ("Payer's claim number", claim.payer_claim_number or "not told"),
        ("Remittance", f"{appealed.trace_number} of {_day(denial.decided_on)}"),
        ("Date of service", _day(claim.service_on)),
        ("Clinician's NPI", claim.provider_npi or "not told"),
        ("Billed", dollars(claim.charge_cents)),
        ("Denied", dollars(denial.denied_cents)),
    ]
    return facts


def _service(line: Mapping[str, Any], denial: Denial) -> dict[str, Value]:
    is_whole = denial.line_number == 0
    return {
        "code": " ".join([line["procedure_code"], *line["modifiers"]]),
        "units": str(line["units"]),
        "charge": dollars(line["charge_cents"]),
        "denied": "yes" if is_whole or _is_denied(line, denial) else "no",
    }


def _is_denied(line: Mapping[str, Any], denial: Denial) -> bool:
    """Our line numbers travel as control numbers of the 837P's lines and come back with them."""
    if denial.line_control is not None:
        return denial.line_control == str(line["line_number"])
    return denial.line_number == line["line_number"]


def _evidence(appealed: Appealed) -> list[tuple[str, str]]:
    """The submission and its acknowledgement: asked for timely filing, and harmless elsewhere."""
    evidence: list[tuple[str, str]] = []
    number = appealed.claim.interchange_number
    for move in appealed.moves:
        on = _day(move["moved_at"].date())
        if move["state"] == "submitted" and move["reason"] is None:
            sent = f"{on}, interchange {number}" if number else on
            evidence.append(("Claim sent (837P)", sent))
        elif move["state"] == "accepted":
            evidence.append(("Claim taken in (277CA)", on))
    return evidence


def _zip(code: str) -> str:
    return f"{code[:5]}-{code[5:]}" if len(code) == 9 else code


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
