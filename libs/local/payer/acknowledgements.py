"""The payer's first answers: TA1 (X12.5), 999 (005010X231A1) and 277CA (005010X214)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from libs.local.payer.claims import Claim, Submission
from libs.local.payer.decisions import ACCEPTED, Policy, intake_status, payer_number
from libs.local.payer.wire import Envelope, answer_control, dollars, interchange, lone_interchange


def write_ta1(submission: Submission) -> bytes:
    """Refuse the interchange as a whole: its content is invalid (note code 024)."""
    on = submission.written_on
    answer = f"TA1*{submission.interchange:09d}*{on:%y%m%d}*1200*R*024"
    return lone_interchange(submission, answer_control(submission, 0), on, answer)


def write_999(submission: Submission, *, reject: bool) -> bytes:
    """Accept the transaction set, or reject it with the problems found (5 where none was)."""
    codes = submission.problems or (["5"] if reject else [])
    verdict = "R" if codes else "A"
    body = [
        f"AK1*HC*{submission.group}*{submission.version}",
        f"AK2*837*{submission.transaction}*{submission.version}",
        "*".join(["IK5", verdict, *codes]),
        f"AK9*{verdict}*1*1*{0 if codes else 1}",
    ]
    envelope = Envelope("FA", "005010X231A1", "999", answer_control(submission, 0))
    return interchange(submission, envelope, submission.written_on, body)


def write_277ca(
    submission: Submission, claims: Sequence[Claim], policy: Policy, number: int
) -> bytes:
    """Say of each of one payer's claims whether it was taken in for adjudication."""
    statuses = [intake_status(policy, claim) for claim in claims]
    body = list(_head(submission, claims, statuses))
    for level, (claim, status) in enumerate(zip(claims, statuses, strict=True), 4):
        body.extend(_claim(submission, claim, status, policy, level))
    envelope = Envelope("HN", "005010X214", "277", answer_control(submission, number))
    return interchange(submission, envelope, submission.written_on, body)


def _head(
    submission: Submission, claims: Sequence[Claim], statuses: Sequence[str]
) -> Iterator[str]:
    on = f"{submission.written_on:%Y%m%d}"
    payer, submitter, billing = claims[0].payer, submission.submitter, submission.billing
    taken = [
        claim.charge_cents
        for claim, status in zip(claims, statuses, strict=True)
        if status == ACCEPTED
    ]
    total = sum(claim.charge_cents for claim in claims)
    yield f"BHT*0085*08*{submission.interchange}*{on}*1200*TH"
    yield "HL*1**20*1"
    yield f"NM1*PR*2*{payer.name}*****PI*{payer.identifier}"
    yield f"TRN*1*{submission.interchange}"
    yield f"DTP*050*D8*{on}"
    yield f"DTP*009*D8*{on}"
    yield "HL*2*1*21*1"
    yield f"NM1*41*2*{submitter.name}*****46*{submitter.identifier}"
    yield f"TRN*2*{submission.reference}"
    yield f"STC*A1:19:PR*{on}*WQ*{dollars(total)}"
    refused = len(claims) - len(taken)
    if taken:
        yield f"QTY*90*{len(taken)}"
    if refused:
        yield f"QTY*AA*{refused}"
    if taken:
        yield f"AMT*YU*{dollars(sum(taken))}"
    if refused:
        yield f"AMT*YY*{dollars(total - sum(taken))}"
    yield "HL*3*2*19*1"
    yield f"NM1*85*2*{billing.name}*****XX*{billing.identifier}"
    yield "TRN*1*0"  # 2200C wants a trace although it refers to nothing
    yield f"STC*A1:19:PR**WQ*{dollars(total)}"


def _claim(
    submission: Submission, claim: Claim, status: str, policy: Policy, level: int
) -> Iterator[str]:
    patient = claim.patient or claim.subscriber
    on = f"{submission.written_on:%Y%m%d}"
    action = "WQ" if status == ACCEPTED else "U"
    yield f"HL*{level}*3*PT"
    yield (
        f"NM1*QC*1*{patient.name}*{patient.first}*{patient.middle}***MI"
        f"*{claim.subscriber.identifier}"
    )
    yield f"TRN*2*{claim.number}"
    yield f"STC*{status}*{on}*{action}*{dollars(claim.charge_cents)}"
    if status == ACCEPTED:
        yield f"REF*1K*{payer_number(policy, claim)}"
    days = sorted(line.service_date for line in claim.lines)
    if days[0] == days[-1]:
        yield f"DTP*472*D8*{days[0]}"
    else:
        yield f"DTP*472*RD8*{days[0]}-{days[-1]}"
