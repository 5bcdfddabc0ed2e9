"""The practice's books as billing keeps them, in memory: its own decisions and journal entries.

What the services' handlers load, decide and save, without the database: decisions are pure, so a
hundred thousand steps take seconds. The same on PostgreSQL, through files, is in desk_books.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

from libs.events.contracts.billing_ledger import OwedBy
from services.billing.claims.model import Claim, State, may_move
from services.billing.coordination.model import decide_in_order, speaker
from services.billing.ledger import model as ledger
from services.billing.ledger.model import Account, Entry
from services.billing.remittances.model import (
    Posting,
    Standing,
    closes,
    denial_of,
    obstacle,
    to_reverse,
)
from services.billing.writeoffs.model import (
    OpenBalance,
    Wanted,
    WriteOff,
    WriteOffRefusedError,
    decide,
    entry_of,
)
from services.billing.x12 import RemittedAdjustment, RemittedClaim
from tests.billing.oracle.pencil import Parts

PRACTICE, EVENT = UUID(int=1), UUID(int=2)
PAYER, DAY, NOW = "BUCKEYE01", date(2026, 3, 2), datetime(2026, 3, 20, tzinfo=UTC)
_GIVEN_UP = (
    Account.ADMINISTRATIVE_WRITE_OFF,
    Account.BAD_DEBT,
    Account.CHARITY_CARE,
    Account.SMALL_BALANCE,
)
KEPT_BACK = (Account.PAYER_ADVANCE, Account.INTEREST, Account.PROVIDER_ADJUSTMENT)


def said(number: str, parts: Parts, *, taken_back: bool = False) -> RemittedClaim:
    """The claim as an 835 says it; a reversal has every sign turned (CLP02 22)."""
    sign = -1 if taken_back else 1
    cas = (("CO", "45", parts.adjusted), ("PR", "1", parts.patient), ("CO", "50", parts.denied))
    return RemittedClaim(
        control_number=number, status="22" if taken_back else "1",
        charge_cents=sign * parts.charge, paid_cents=sign * parts.paid,
        patient_responsibility_cents=0, filing_code="12", payer_claim_control_number="",
        facility_code="11", frequency="1",
        adjustments=tuple(RemittedAdjustment(g, r, sign * c, None) for g, r, c in cas if c),
        remarks=(), lines=(), service_from=None, service_to=None, received_on=None,
    )  # fmt: skip


def in_the_pencils_words(at: Counter[Account]) -> dict[str, int]:
    """The journal's sums by account, as the pencil calls them."""
    kept_back = sum(at[account] for account in KEPT_BACK)
    return {
        "charges": -at[Account.CHARGES],
        "payments": at[Account.CASH] + at[Account.UNAPPLIED_CASH] + kept_back,
        "adjustments": at[Account.CONTRACTUAL_ADJUSTMENT],
        "given up": sum(at[account] for account in _GIVEN_UP),
        "payers owe": at[Account.PAYER_RECEIVABLE],
        "patients owe": at[Account.PATIENT_RECEIVABLE],
        "strangers": -at[Account.UNAPPLIED_CASH],
        "kept back": kept_back,
    }


@dataclass
class Books:
    """Standings by control number, and the sums of the journal: all of it, and by claim."""

    standings: dict[str, Standing] = field(default_factory=dict[str, Standing])
    journal: Counter[Account] = field(default_factory=Counter[Account])
    of_claim: dict[UUID, Counter[Account]] = field(default_factory=dict[UUID, Counter[Account]])
    _count: int = 100

    def charge(self, number: str, cents: int) -> None:
        claim = Claim(
            practice_id=PRACTICE, claim_id=self._next(), encounter_id=None, patient_id=None,
            control_number=number, payer_id=PAYER, provider_npi=None, service_on=DAY,
            charge_cents=cents, state=State.SUBMITTED, hold_reason=None, was_refused=False,
            interchange_number=1, payer_claim_number=None, origin="",
        )  # fmt: skip
        self.standings[number] = Standing(claim)
        self._post(
            ledger.charge(PRACTICE, claim.claim_id, DAY, cents, payer_id=PAYER, event_id=EVENT)
        )

    def hear(self, remitted: RemittedClaim) -> bool:
        """A remitted claim; False: it fits none, and its money stands apart."""
        standing = self.standings.get(remitted.control_number)
        take = self._take_back if remitted.status == "22" else self._decide
        if standing is not None and take(standing, remitted):
            return True
        if remitted.paid_cents:
            self._post(
                ledger.unapplied(
                    PRACTICE, self._next(), 1, remitted.paid_cents, payer_id=PAYER, event_id=EVENT
                )
            )
        return False

    def refund(self, cents: int) -> int:
        """A payer gets back what no claim took; gives how much."""
        self._post(
            ledger.unapplied_no_more(
                PRACTICE, self._next(), 1, cents, kind="cash-refunded", payer_id=PAYER,
                event_id=EVENT,
            )
        )  # fmt: skip
        return cents

    def adjust_provider(self, account: Account, cents: int) -> None:
        self._post(
            ledger.provider_adjustment(
                PRACTICE, self._next(), 1, account, cents, payer_id=PAYER, event_id=EVENT
            )
        )

    def give_up(self, number: str, owed_by: OwedBy, cents: int) -> WriteOff | None:
        standing = self.standings[number]
        claim, sums = standing.claim, self.of_claim[standing.claim.claim_id]
        balance = OpenBalance(sums[Account.PAYER_RECEIVABLE], sums[Account.PATIENT_RECEIVABLE], 0)
        wanted = Wanted(self._next(), claim.claim_id, owed_by, "bad-debt", cents)
        try:
            written = decide(wanted, claim, balance, limit=10**9, by="one", at=NOW)
        except WriteOffRefusedError:
            return None
        self._give_up(number, written, undo=False)
        return written

    def give_up_no_more(self, number: str, written: WriteOff) -> None:
        self._give_up(number, written, undo=True)

    def owed_no_more(self, number: str, written: WriteOff) -> None:
        """By balances/settle.py, where there is a database."""
        self.give_up_no_more(number, written)

    def accounts(self) -> Counter[Account]:
        return self.journal

    def sums(self) -> dict[str, int]:
        return in_the_pencils_words(self.journal)

    def _decide(self, standing: Standing, remitted: RemittedClaim) -> bool:
        made = decide_in_order(standing, remitted)
        if made is None or obstacle(standing, remitted, made) is not None:
            return False
        posting = Posting(self._next(), made, None, 0)
        self._post(self._entry(standing, posting, undo=False))
        to = State.DENIED if denial_of(remitted, made) else State.PAID
        self._put(standing.with_posting(posting), to)
        return True

    def _take_back(self, standing: Standing, remitted: RemittedClaim) -> bool:
        place = speaker(standing.claim, PAYER, remitted.status)
        found = to_reverse(standing, remitted, place)
        if found is None:
            return False
        self._post(self._entry(standing, found, undo=True))
        left = standing.without(found.payment_id)
        stands = any(closes(posting.made) for posting in left.postings)
        self._put(left, left.claim.state if stands else State.SUBMITTED)
        return True

    def _give_up(self, number: str, written: WriteOff, *, undo: bool) -> None:
        self._post(entry_of(written, DAY, EVENT, undo=undo))
        if written.owed_by == "payer":
            standing = self.standings[number]
            cents = standing.written_off.get(PAYER, 0) + (-written.cents if undo else written.cents)
            self.standings[number] = replace(standing, written_off={PAYER: cents})

    def _entry(self, standing: Standing, posting: Posting, *, undo: bool) -> Entry:
        return ledger.decision(
            PRACTICE, standing.claim.claim_id, DAY, posting.payment_id, posting.made,
            payer_id=PAYER, event_id=EVENT, undo=undo,
        )  # fmt: skip

    def _put(self, standing: Standing, to: State) -> None:
        claim = standing.claim
        if may_move(claim.state, to):
            standing = replace(standing, claim=replace(claim, state=to))
        self.standings[claim.control_number] = standing

    def _post(self, entry: Entry) -> None:
        self.journal.update(entry.lines)
        if entry.claim_id is not None:
            self.of_claim.setdefault(entry.claim_id, Counter[Account]()).update(entry.lines)

    def _next(self) -> UUID:
        self._count += 1
        return UUID(int=self._count)
