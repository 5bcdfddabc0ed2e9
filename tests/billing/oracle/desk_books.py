"""The practice's books on PostgreSQL: visits, 835 files and HTTP commands, and the journal's rows.

A walk is plain code in a thread of its own; what it does is done on the tests' event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

import httpx

from libs.events.contracts.billing_ledger import OwedBy
from libs.events.contracts.interop import ChargeLine
from libs.events.examples.interop import NAMESPACE, line
from services.billing.ledger.model import Account
from services.billing.x12 import RemittedClaim
from tests.billing.desk import Desk, open_practice, set_fee_schedule, visit
from tests.billing.oracle.books import PAYER, in_the_pencils_words
from tests.billing.oracle.walk import DifferenceError
from tests.billing.remittance import Said, payment

T = TypeVar("T")
PRICES = {"G0439": 100, "G0444": 1}
"""A claim of any charge is units of the two."""
REASONS = {Account.PAYER_ADVANCE: "WO", Account.INTEREST: "L6", Account.PROVIDER_ADJUSTMENT: "CS"}
SUM_ACCOUNTS = "SELECT account, sum(cents)::bigint AS cents FROM journal_line GROUP BY account"
READ_VERDICT = "SELECT verdict, code FROM inbound_file WHERE name = $1"
LIST_UNMATCHED = """
SELECT u.remittance_id, u.place FROM unmatched_remittance u
  JOIN remittance r USING (practice_id, remittance_id) WHERE r.trace_number = $1
"""


class DeskBooks:
    """One practice; what a payment takes of more than it gives is carried to its next one."""

    def __init__(
        self, desk: Desk, client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._desk, self._client, self._loop = desk, client, loop
        self._numbers: dict[str, tuple[UUID, str]] = {}
        """The walk's number for a claim → the claim and ours."""
        self._strangers: list[tuple[str, int]] = []
        """Where a payer's money waits that no claim took, and how much."""
        self._payments = 0
        self.forwarded: tuple[str, int] = ("", 0)
        """The payment that carried a balance on, and how much."""
        self.banked = 0
        """What payers' payments brought, less what they got back."""
        self._at = Counter[Account]()

    def charge(self, number: str, cents: int) -> None:
        self._run(self._see(number, cents))

    def hear(self, remitted: RemittedClaim) -> bool:
        trace = self._pay([self._as_said(remitted)])
        unmatched = self._run(self._desk.fetch(LIST_UNMATCHED, trace))
        for row in unmatched:
            if remitted.paid_cents > 0:
                place = f"{row['remittance_id']}/{row['place']}"
                self._strangers.append((place, remitted.paid_cents))
        return not unmatched

    def refund(self, cents: int) -> int:
        """One payment's money, whole: the first that is as much, or the first of all."""
        place, paid = next((x for x in self._strangers if x[1] >= cents), self._strangers[0])
        self._strangers.remove((place, paid))
        answer = self._post(f"/unmatched-remittances/{place}/refund", {"reason": "payer-asked"})
        assert answer.status_code == 200, answer.text
        self.banked -= paid
        return paid

    def adjust_provider(self, account: Account, cents: int) -> None:
        self._pay([], [(f"{REASONS[account]}:A{self._payments}", cents)])

    def give_up(self, number: str, owed_by: OwedBy, cents: int) -> str | None:
        self._desk.billing.clock.advance(timedelta(seconds=1))  # the latest is taken back first
        written = str(uuid4())
        told = {"write_off_id": written, "claim_id": str(self._numbers[number][0])}
        told |= {"owed_by": owed_by, "reason": "bad-debt"}
        answer = self._post("/write-offs", {**told, "cents": cents})
        assert answer.status_code in (201, 409), answer.text
        return written if answer.status_code == 201 else None

    def give_up_no_more(self, number: str, written: str) -> None:
        answer = self._post(f"/write-offs/{written}/reverse")
        assert answer.status_code == 200, answer.text

    def owed_no_more(self, number: str, written: str) -> None:
        """Billing has seen it by itself."""

    def accounts(self) -> Counter[Account]:
        return self._at

    def sums(self) -> dict[str, int]:
        """A balance that is carried on is kept back by nobody: the next payment brings it."""
        rows = self._run(self._desk.fetch(SUM_ACCOUNTS))
        self._at = Counter({Account(row["account"]): row["cents"] for row in rows})
        if self._at[Account.CASH] != self.banked:
            raise DifferenceError("the journal's cash is not the bank's")
        told = in_the_pencils_words(self._at)
        told["kept back"] += self.forwarded[1]
        return told

    async def _see(self, number: str, cents: int) -> None:
        """A visit of this charge, and its claim goes out."""
        practice_id = self._desk.practice_id
        encounter_id = uuid5(practice_id, number)
        patient_id = uuid5(practice_id, f"patient of {number}")
        seen = visit(
            0,
            practice_id=practice_id,
            encounter_id=encounter_id,
            patient_id=patient_id,
            lines=_lines(cents),
        )
        await self._desk.billing.receive(seen)
        await self._desk.send()
        [claim] = await self._desk.fetch(
            "SELECT claim_id, control_number FROM claim WHERE encounter_id = $1", encounter_id
        )
        self._numbers[number] = claim["claim_id"], claim["control_number"]

    def _as_said(self, remitted: RemittedClaim) -> Said:
        _, number = self._numbers.get(remitted.control_number, (None, remitted.control_number))
        return Said(
            number,
            remitted.charge_cents,
            remitted.paid_cents,
            [(a.group, a.reason, a.cents) for a in remitted.adjustments],
            status=remitted.status,
            payer_number=f"P{number}",
        )

    def _pay(self, claims: Sequence[Said], plb: Sequence[tuple[str, int]] = ()) -> str:
        """One 835; it takes what the one before carried forward (005010X221A1, 1.10.2.12)."""
        self._payments += 1
        trace = f"T{self._payments}"
        before, carried = self.forwarded
        plb = [*plb, (f"FB:{before}", carried)] if carried else [*plb]
        total = sum(said.paid for said in claims) - sum(cents for _, cents in plb)
        if total < 0:
            plb.append((f"FB:{trace}", total))
        self.forwarded = (trace, max(-total, 0))
        self.banked += max(total, 0)
        content = payment(*claims, trace=trace, payer=PAYER, plb=plb)
        self._run(self._desk.hear(f"{trace}.835", content))
        [kept] = self._run(self._desk.fetch(READ_VERDICT, f"{trace}.835"))
        assert kept["verdict"] == "posted", kept
        return trace

    def _post(self, path: str, command: dict[str, Any] | None = None) -> httpx.Response:
        return self._run(self._client.post(path, json=command or {}))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def open_books(desk: Desk, client: httpx.AsyncClient, practice: int) -> DeskBooks:
    """A further practice at the desk, with nothing in its books; one person may give up much."""
    at = Desk(desk.billing, desk.exchange, uuid5(NAMESPACE, f"walk {practice}"))
    client.headers["x-practice-id"] = str(at.practice_id)
    await open_practice(at)
    await set_fee_schedule(
        at.billing, PRICES, effective_on="2026-01-02", practice_id=at.practice_id
    )
    answer = await client.put("/write-off-policy", json={"alone_cents": 10**9})
    assert answer.status_code == 200, answer.text
    return DeskBooks(at, client, asyncio.get_running_loop())


def _lines(cents: int) -> tuple[ChargeLine, ...]:
    units = zip(PRICES, divmod(cents, 100), strict=True)
    wanted = [(code, count) for code, count in units if count]
    return tuple(
        line(line_number=place, procedure_code=code, units=count)
        for place, (code, count) in enumerate(wanted, 1)
    )
