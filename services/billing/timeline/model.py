"""A claim's way from its visit to cash, in words that whoever works it can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.billing.claims.model import AWAITING, Claim, State
from services.billing.money import dollars
from services.billing.x12 import in_words, meaning_of

Row = Mapping[str, Any]

_STATES: dict[str, str] = {
    State.HELD: "held",
    State.READY: "ready for the payer's next file",
    State.SUBMITTED: "sent to the payer",
    State.ACCEPTED: "taken in by the payer",
    State.REJECTED: "rejected by the payer before adjudication",
    State.PAID: "decided by the payer",
    State.DENIED: "denied by the payer",
    State.SELF_PAY: "the patient pays",
    State.VOIDED: "voided with its visit",
    State.VOID_SENT: "its void was sent to the payer",
}
_HOLDS = {
    "practice-unknown": "the practice is not onboarded yet",
    "provider-not-credentialed": "the clinician is not credentialed",
    "provider-not-enrolled": "the clinician is not enrolled with the payer on the day of service",
    "no-fee-schedule": "no fee schedule is in force on the day of service",
    "procedure-not-priced": "the fee schedule has no price for a procedure",
    "claim-edits": "rules found errors, to be mended or overridden",
    "claim-incomplete": "something that the claim must say is missing or cannot be written",
}
_HELD_ANSWERS = {
    "charge-differs": "the payer's answer names another charge",
    "claim-not-sent": "the payer answered before the claim was sent",
    "not-found": "the payer does not find the patient or the provider of the claim",
    "not-found-once-had": "the payer does not find the claim any more, though it had it",
    "not-found-again": "the payer does not find the claim, which was sent again before",
    "not-found-too-late": "the payer does not find the claim, and its days for filing are over",
    "information-requested": "the payer asked for information",
    "rejected-after-all": "the payer says that it rejected the claim",
    "cannot-be-asked": "the payer cannot be asked; something about the patient cannot be written",
}
_SOURCES = {
    "TA1": "TA1 on the interchange",
    "999": "999 on the set",
    "277CA": "277CA on the claim",
    "277": "277: the payer tells how it stands",
}
_ENTRIES = {
    "charge": "charged",
    "charge-reversal": "charge taken back",
    "payment": "payment posted",
    "reversal": "payment taken back",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `cents` where it is about money."""

    at: datetime
    kind: str
    words: str
    cents: int | None = None
    event_id: Any = None


def of_move(row: Row) -> Step:
    state, reason = str(row["state"]), row["reason"]
    words = _STATES.get(state, state)
    return Step(row["moved_at"], state, f"{words}: {_because(state, reason)}" if reason else words)


def _because(state: str, reason: str) -> str:
    """A hold's reason in words, with the place that it names; others as they stand."""
    if state != State.HELD:
        return reason.replace("-", " ")
    name, _, place = reason.partition(": ")
    words = _HOLDS.get(name, name.replace("-", " "))
    return f"{words} ({place})" if place else words


def of_edit(row: Row) -> Step:
    """What a rule found before the claim went out."""
    words = f"{row['severity']} by rule {row['rule_id']}: {row['explanation']}"
    if row["mended_at"] is not None:
        words += f" (mended {row['mended_at']:%Y-%m-%d})"
    return Step(row["found_at"], "edit", words)


def of_interchange(row: Row) -> Step:
    number = row["interchange_number"]
    words = f"interchange {number:09d}.{row['kind']}"
    written = row["sent_at"]
    words += f", written {written:%Y-%m-%d %H:%M}" if written else ", not written yet"
    return Step(row["made_at"], "interchange", words)


def of_answer(row: Row) -> Step:
    source, category = row["source"], row["category"]
    said = row["verdict"].replace("-", " ")
    if category:
        code = f"{category}:{row['code']}" if row["code"] else category
        said += f": {in_words(source, category, row['code'])} [{code}]"
    said += f", of {row['effective_on']}" if source.startswith("277") else ""
    cents = row["paid_cents"] if source == "277" else row["amount_cents"]
    return Step(row["received_at"], "answer", f"{_SOURCES[source]}: {said}", cents)


def of_question(row: Row) -> Step:
    if row["asked_at"] is None:
        words = "the payer is silent; it is asked with its next file (276)"
        return Step(row["due_at"], "question", words)
    words = f"the payer was silent and was asked (276 in interchange {row['interchange_number']})"
    answered = row["answered_at"]
    words += f", answered {answered:%Y-%m-%d}" if answered else ", no answer yet"
    return Step(row["asked_at"], "question", words)


def of_loss(row: Row) -> Step:
    number = row["lost_interchange"]
    words = f"the payer does not find the claim of interchange {number}; it goes there again, once"
    return Step(row["told_at"], "sent-again", words)


def of_decision(row: Row) -> Step:
    """What an 835 said of the claim, with each reason that it gave for paying less."""
    why: dict[tuple[str, str], int] = {}
    for group, reason, cents in row["adjustments"]:
        why[group, reason] = why.get((group, reason), 0) + cents
    reasons = [
        f"{group}-{reason} {meaning_of(group, reason).label} {dollars(cents)}"
        for (group, reason), cents in why.items()
    ]
    words = "; ".join([f"835 {row['trace_number']}, status {row['status']}: paid", *reasons])
    words += " (taken back since)" if row["reversed_by"] else ""
    return Step(row["posted_at"], "decision", words, row["paid_cents"])


def of_entries(rows: Sequence[Row]) -> list[Step]:
    """One step an entry of the journal, with its lines."""
    steps: dict[Any, Step] = {}
    for row in rows:
        line = f"{row['account']} {dollars(row['cents'])}"
        known = steps.get(row["entry_id"])
        kind = str(row["kind"])
        words = f"{known.words}, {line}" if known else f"{_ENTRIES.get(kind, kind)}: {line}"
        steps[row["entry_id"]] = Step(row["posted_at"], kind, words, None, row["event_id"])
    return list(steps.values())


def open_cents(rows: Sequence[Row], account: str) -> int:
    return sum(row["cents"] for row in rows if row["account"] == account)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a claim stands now, as far as what happens next depends on it."""

    claim: Claim
    reason: str | None
    """Of the last move."""
    held_answers: tuple[str, ...]
    questions: tuple[Row, ...]
    sent_at: datetime | None
    patient_cents: int
    payer_cents: int


def next_step(standing: Standing, first: timedelta, again: timedelta) -> str:
    """What happens next, and who does it. `first`, `again`: until a silent payer is asked."""
    claim = standing.claim
    if claim.state in AWAITING:
        return _awaited(standing, first, again)
    reason = _because(claim.state, standing.reason) if standing.reason else ""
    match claim.state:
        case State.HELD:
            return f"waits until this is mended, and goes out by itself then: {reason}"
        case State.READY:
            return "goes out with the payer's next file"
        case State.REJECTED:
            return f"is to be mended and sent again: {reason}"
        case State.DENIED:
            return f"the denial is to be worked: {reason}"
        case State.VOIDED:
            return "nothing"
        case State.VOID_SENT:
            return "the payer answers the void"
        case _:
            return _after_decision(standing)


def _awaited(standing: Standing, first: timedelta, again: timedelta) -> str:
    if standing.held_answers:
        words = [_HELD_ANSWERS.get(one, one) for one in standing.held_answers]
        return f"somebody has to look: {'; '.join(words)}"
    last = standing.questions[-1] if standing.questions else None
    if last is not None and last["asked_at"] is None:
        return "the payer is asked with its next file"
    since, wait = (last["asked_at"], again) if last else (standing.sent_at, first)
    if since is None:
        return "the payer decides"
    return f"the payer decides; it is asked on {since + wait:%Y-%m-%d} if it has not by then"


def _after_decision(standing: Standing) -> str:
    owed = []
    if standing.payer_cents > 0:
        owed.append(f"{dollars(standing.payer_cents)} is open with the payer")
    if standing.patient_cents > 0:
        owed.append(f"the patient owes {dollars(standing.patient_cents)}")
    return " and ".join(owed) or "nothing: it is settled"
