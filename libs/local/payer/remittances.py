"""The payer's last answer: one 835 (005010X221A1) for all its claims of an interchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from libs.local.payer.claims import Submission
from libs.local.payer.decisions import Adjustment, Decision, LineDecision, Policy, digits
from libs.local.payer.party import Party
from libs.local.payer.wire import Envelope, answer_control, dollars, interchange


def write_835(
    submission: Submission,
    decisions: Sequence[Decision],
    policy: Policy,
    number: int,
    *,
    paid_on: date,
    interest_cents: int = 0,
    skew_cents: int = 0,
) -> bytes:
    """The remittance. `interest_cents` is paid on top (PLB L6); `skew_cents` spoils BPR02."""
    payment = payment_cents(decisions, interest_cents)
    paid = max(payment, 0)
    body = list(_head(submission, decisions, policy, paid + skew_cents, number, paid_on))
    for decision in decisions:
        body.extend(_claim(decision))
    npi, year = submission.billing.identifier, paid_on.year
    reference = decisions[0].payer_number
    if payment < 0:  # more is taken back than paid: it is carried forward (PLB03-1 FB)
        body.append(f"PLB*{npi}*{year}1231*FB:{reference}*{dollars(payment)}")
    if interest_cents:
        body.append(f"PLB*{npi}*{year}1231*L6:{reference}*{dollars(-interest_cents)}")
    envelope = Envelope("HP", "005010X221A1", "835", answer_control(submission, number))
    return interchange(submission, envelope, paid_on, body)


def payment_cents(decisions: Sequence[Decision], interest_cents: int) -> int:
    """What the claims and the interest come to; below zero nothing is paid (BPR02 is 0)."""
    return sum(decision.paid_cents for decision in decisions) + interest_cents


def trace_of(submission: Submission, payer: Party, policy: Policy, number: int) -> tuple[str, str]:
    """TRN02 and TRN03: the payment's number, and the company that it comes from."""
    control = answer_control(submission, number)
    trace = f"{digits(policy, 'trace', payer.identifier, 4)}{control:09d}"
    return trace, "1" + digits(policy, "employer", payer.identifier, 9)


def _head(
    submission: Submission,
    decisions: Sequence[Decision],
    policy: Policy,
    payment: int,
    number: int,
    paid_on: date,
) -> Iterator[str]:
    payer, billing = decisions[0].claim.payer, submission.billing
    on = f"{paid_on:%Y%m%d}"
    trace, origin = trace_of(submission, payer, policy, number)
    account = digits(policy, "account", billing.identifier, 8)
    if payment > 0:
        yield (
            f"BPR*I*{dollars(payment)}*C*ACH*CCP*01*999999992*DA*123456*{origin}**01*999988880"
            f"*DA*{account}*{on}"
        )
    else:
        yield f"BPR*H*{dollars(payment)}*C*NON{'*' * 12}{on}"
    yield f"TRN*1*{trace}*{origin}"
    yield f"DTM*405*{on}"
    yield f"N1*PR*{payer.name}"
    yield "N3*1 SIMULATED PLAZA"
    yield "N4*SPRINGFIELD*IL*627010000"
    yield f"REF*2U*{payer.identifier}"
    yield "PER*BL*PROVIDER SERVICES*TE*8005550100"
    yield f"N1*PE*{billing.name}*XX*{billing.identifier}"
    yield f"REF*TJ*{submission.employer_number}"
    yield "LX*1"


def _claim(decision: Decision) -> Iterator[str]:
    claim = decision.claim
    patient = claim.patient or claim.subscriber
    owed = dollars(decision.patient_cents) if decision.patient_cents else ""
    yield (
        f"CLP*{claim.number}*{decision.status}*{dollars(claim.charge_cents)}"
        f"*{dollars(decision.paid_cents)}*{owed}*{_filing_code(claim.filing_code)}"
        f"*{decision.payer_number}*{claim.place}*{claim.frequency}"
    )
    yield from _adjustments(decision.adjustments)
    yield f"NM1*QC*1*{patient.name}*{patient.first}*{patient.middle}".rstrip("*")
    if claim.rendering.name:
        yield (
            f"NM1*82*1*{claim.rendering.name}*{claim.rendering.first}****XX"
            f"*{claim.rendering.identifier}"
        )
    if decision.passed_to is not None:
        to = decision.passed_to.payer
        yield f"NM1*TT*2*{to.name}*****PI*{to.identifier}"
    if decision.remark:
        yield f"MOA***{decision.remark}"
    days = sorted(line.service_date for line in claim.lines)
    yield f"DTM*232*{days[0]}"
    yield f"DTM*233*{days[-1]}"
    for line in decision.lines:
        yield from _line(line)


def _line(decision: LineDecision) -> Iterator[str]:
    line = decision.line
    code = ":".join(["HC", line.procedure, *line.modifiers])
    yield f"SVC*{code}*{dollars(line.charge_cents)}*{dollars(decision.paid_cents)}**{line.units}"
    yield f"DTM*472*{line.service_date}"
    yield from _adjustments(decision.adjustments)
    yield f"REF*6R*{line.control_number}"
    allowed = decision.paid_cents + sum(a.cents for a in decision.adjustments if a.group == "PR")
    if allowed:
        yield f"AMT*B6*{dollars(allowed)}"
    if decision.remark:
        yield f"LQ*HE*{decision.remark}"


def _adjustments(adjustments: Sequence[Adjustment]) -> Iterator[str]:
    for adjustment in adjustments:
        yield f"CAS*{adjustment.group}*{adjustment.reason}*{dollars(adjustment.cents)}"


def _filing_code(sent: str) -> str:
    """CLP06 has no CI of SBR09: commercial insurers answer with the kind of plan."""
    return "12" if sent == "CI" else sent
