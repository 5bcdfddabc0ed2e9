"""What the payer decides about a claim: a pure function of the seed and the claim itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from libs.local.payer.claims import Claim, Line
from libs.local.payer.others import OtherPayer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """How this payer behaves; fractions from 0 to 1."""

    seed: int = 1
    denials: float = 0.08
    rejections: float = 0.02
    crossovers: float = 0.0
    """Of what it leaves to patients with a further payer: passed on to that payer directly."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One CAS triple."""

    group: str
    reason: str
    cents: int


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What is paid for a line, and why not more; paid + adjustments = charge."""

    line: Line
    paid_cents: int
    adjustments: tuple[Adjustment, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is paid for a claim. `lines` is empty where the claim is denied as a whole."""

    claim: Claim
    payer_number: str
    status: str
    lines: tuple[LineDecision, ...]
    adjustments: tuple[Adjustment, ...] = ()
    remark: str = ""
    passed_to: OtherPayer | None = None

    @property
    def paid_cents(self) -> int:
        return sum(line.paid_cents for line in self.lines)

    @property
    def patient_cents(self) -> int:
        every = [*self.adjustments, *(a for line in self.lines for a in line.adjustments)]
        return sum(a.cents for a in every if a.group == "PR")


# CARC and RARC (public code lists 139 and 411).
_LINE_DENIALS = (("16", "M76"), ("16", "N382"), ("197", ""), ("50", "N115"), ("97", "N19"),
                 ("96", "N130"), ("204", ""), ("18", ""))  # fmt: skip
_CLAIM_DENIALS = (("29", ""), ("27", ""), ("22", "MA04"), ("16", "MA130"))
_REJECTIONS = ("A3:21", "A6:178", "A7:562:85", "A8:496")
ACCEPTED = "A2:20"
NOT_FOUND = "A3:35"
"""Returned: no such claim here (X12 lists 507 and 508)."""
AGAIN = ("7", "8")
"""CLM05-3: a replacement, a void."""


def draw(policy: Policy, purpose: str, key: str) -> float:
    """A number from 0 to under 1, the same for the same seed, purpose and key."""
    digest = hashlib.sha256(f"{policy.seed}|{purpose}|{key}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def digits(policy: Policy, purpose: str, key: str, count: int) -> str:
    """A number of `count` digits that names something for good."""
    return f"{int(draw(policy, purpose, key) * 10**count):0{count}d}"


def intake_status(policy: Policy, claim: Claim) -> str:
    """STC01 of the 277CA: taken in for adjudication (A2) or rejected (A3, A6, A7, A8)."""
    if claim.frequency in AGAIN and claim.original is None:
        return NOT_FOUND
    key = _key(claim)
    if draw(policy, "intake", key) >= policy.rejections:
        return ACCEPTED
    return _pick(policy, "rejection", key, _REJECTIONS)


def payer_number(policy: Policy, claim: Claim) -> str:
    """The payer's own number for the claim (REF*1K, CLP07)."""
    return digits(policy, "number", f"{claim.payer.identifier}|{_key(claim)}", 14)


def decide(policy: Policy, claim: Claim) -> Decision:
    """Adjudicate a claim that was taken in. A replaced claim (frequency 7) is not denied again."""
    key = _key(claim)
    number = payer_number(policy, claim)
    denied = claim.frequency != "7" and draw(policy, "denial", key) < policy.denials
    if denied and draw(policy, "denial-place", key) < 0.3:
        reason, remark = _pick(policy, "claim-denial", key, _CLAIM_DENIALS)
        whole = (Adjustment("CO", reason, claim.charge_cents),)
        return Decision(claim, number, "4", (), whole, remark)
    if denied:
        reason, remark = _pick(policy, "line-denial", key, _LINE_DENIALS)
        lines = tuple(_denied(line, reason, remark) for line in claim.lines)
        return Decision(claim, number, "4", lines)
    return Decision(claim, number, "1", _paid_lines(policy, claim, key))


def decide_all(
    policy: Policy, claim: Claim, decide: Callable[[Policy, Claim], Decision]
) -> list[Decision]:
    """What a remittance says of a claim that was taken in: of one that was sent again, first that
    the earlier decision is taken back; of a void nothing more."""
    earlier = [] if claim.original is None else [_turned(decide(policy, claim.original))]
    return earlier if claim.frequency == "8" else [*earlier, decide(policy, claim)]


def _turned(decision: Decision) -> Decision:
    """The same with every sign turned (005010X221A1, 1.10.2.8)."""
    claim = decision.claim
    lines = [replace(line, charge_cents=-line.charge_cents) for line in claim.lines]
    return replace(
        decision,
        claim=replace(claim, charge_cents=-claim.charge_cents, lines=lines),
        status="22",
        passed_to=None,  # NM1*TT is not said of a reversal (X12 RFI 1981)
        lines=tuple(
            LineDecision(line, -made.paid_cents, _all_turned(made.adjustments), made.remark)
            for line, made in zip(lines, decision.lines, strict=False)
        ),
        adjustments=_all_turned(decision.adjustments),
    )


def _all_turned(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    return tuple(replace(one, cents=-one.cents) for one in adjustments)


def _paid_lines(policy: Policy, claim: Claim, key: str) -> tuple[LineDecision, ...]:
    """Priced lines; now and then one of several is denied, never all."""
    denied_index = -1
    if (
        len(claim.lines) > 1
        and claim.frequency != "7"
        and draw(policy, "one-line", key) < policy.denials
    ):
        denied_index = int(draw(policy, "which-line", key) * len(claim.lines))
    kind = _pick(policy, "patient-part", key, ("", "", "1", "2", "2", "3"))
    lines: list[LineDecision] = []
    copayment_due = kind == "3"
    for index, line in enumerate(claim.lines):
        if index == denied_index:
            reason, remark = _pick(policy, "line-denial", key, _LINE_DENIALS)
            lines.append(_denied(line, reason, remark))
            continue
        part = "" if kind == "3" and not copayment_due else kind
        lines.append(_paid(policy, claim, line, part))
        copayment_due = False
    return tuple(lines)


def _paid(policy: Policy, claim: Claim, line: Line, kind: str) -> LineDecision:
    """Allowed by contract, the rest CO-45; of the allowed the patient owes a part."""
    percent = 55 + int(draw(policy, "contract", claim.payer.identifier) * 31)
    allowed = line.charge_cents * percent // 100
    key = _key(claim)
    owed = {
        "": 0,
        "1": int(allowed * draw(policy, "deductible", key)),
        "2": allowed // 5,
        "3": 2000 + 500 * int(draw(policy, "copayment", key) * 5),
    }[kind]
    owed = min(owed, allowed)
    adjustments = (
        Adjustment("CO", "45", line.charge_cents - allowed),
        Adjustment("PR", kind, owed),
    )
    kept = tuple(adjustment for adjustment in adjustments if adjustment.cents)
    return LineDecision(line, allowed - owed, kept)


def _denied(line: Line, reason: str, remark: str) -> LineDecision:
    adjustments = (Adjustment("CO", reason, line.charge_cents),) if line.charge_cents else ()
    return LineDecision(line, 0, adjustments, remark)


def _pick(policy: Policy, purpose: str, key: str, among: tuple[T, ...]) -> T:
    return among[int(draw(policy, purpose, key) * len(among))]


def _key(claim: Claim) -> str:
    key = f"{claim.number}|{claim.frequency}"
    return f"{key}|{claim.original_number}" if claim.frequency in AGAIN else key
