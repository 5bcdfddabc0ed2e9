"""Whatever payers decide and take back, in whatever order, and whenever a biller tells of a further
payer or takes a denial for final: no cent is made, lost or asked twice."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.examples.billing_cob import SECOND_COVERAGE
from services.billing.claims.model import Claim, PayerSequence, State
from services.billing.coordination.model import (
    ORDER,
    asked_cents,
    decide_in_order,
    denial_forwarded,
    left_to_patient,
    lifted,
    next_payer,
    open_cents,
    why_not_forwarded,
)
from services.billing.remittances.model import Posting, Standing, closes, denial_of, obstacle
from services.billing.x12 import RemittedAdjustment, RemittedClaim
from tests.billing.coordination.desk import (
    FIRST,
    SECOND,
    THIRD,
    THIRD_COVERAGE,
    ask,
    enroll,
    open_by_payer,
    send_on,
)
from tests.billing.desk import Desk
from tests.billing.remittance import CHARGE, Said, payment

PAYERS: dict[PayerSequence, str] = {"P": FIRST, "S": SECOND, "T": THIRD}
FURTHER = (("secondary", SECOND_COVERAGE), ("tertiary", THIRD_COVERAGE))
FURTHER_FIRST = (SECOND_COVERAGE, THIRD_COVERAGE), (), (SECOND_COVERAGE,)
"""What the visit tells of further payers before a biller does."""
CAS = (("CO", "45"), ("PR", "1"), ("PR", "96"), ("CO", "197"), ("OA", "23"), ("OA", "94"))

_amounts = st.lists(st.tuples(st.sampled_from(CAS), st.integers(1, CHARGE)), max_size=4)
_kinds = st.sampled_from(["decides", "takes back", "is told of", "passes its denial on"])
_steps = st.tuples(st.sampled_from(ORDER), _kinds, st.integers(0, CHARGE), _amounts)


def _said(paid: int, wanted: list[tuple[tuple[str, str], int]]) -> RemittedClaim:
    """A balanced decision on the whole charge; what is left over is the contract's."""
    rest, cas = CHARGE - paid, list[RemittedAdjustment]()
    for (group, reason), cents in wanted:
        cents = min(cents, rest)
        rest -= cents
        cas.append(RemittedAdjustment(group, reason, cents, None))
    cas.append(RemittedAdjustment("CO", "45", rest, None))
    return RemittedClaim(
        control_number="C1", status="1", charge_cents=CHARGE, paid_cents=paid,
        patient_responsibility_cents=0, filing_code="12", payer_claim_control_number="PCN",
        facility_code="11", frequency="1", adjustments=tuple(cas), remarks=(), lines=(),
        service_from=None, service_to=None, received_on=None,
    )  # fmt: skip


def _sent() -> Standing:
    claim = Claim(
        practice_id=UUID(int=1), claim_id=UUID(int=2), encounter_id=UUID(int=3), patient_id=None,
        control_number="C1", payer_id=FIRST, provider_npi=None, service_on=date(2026, 3, 2),
        charge_cents=CHARGE, state=State.SUBMITTED, hold_reason=None, was_refused=False,
        interchange_number=1, payer_claim_number=None, origin="", payers=(FIRST,),
    )  # fmt: skip
    return Standing(claim)


def _goes(standing: Standing, place: PayerSequence, state: State) -> Standing:
    claim = replace(standing.claim, payer_sequence=place, payer_id=PAYERS[place], state=state)
    return replace(standing, claim=claim)


def _decides(standing: Standing, said: RemittedClaim) -> Standing:
    made = decide_in_order(standing, said)
    if made is None or obstacle(standing, said, made) is not None:
        return standing
    place = standing.claim.payer_sequence
    standing = standing.with_posting(Posting(uuid4(), made, None, 0, place))
    denied = denial_of(said, made) is not None
    return _goes_on(_goes(standing, place, State.DENIED if denied else State.PAID))


def _goes_on(standing: Standing) -> Standing:
    further = next_payer(standing.claim)
    if further is None or not asked_cents(standing, further[0]):
        return standing
    decided = any(closes(p.made) for p in standing.of(further[0]))
    return _goes(standing, further[0], State.PAID if decided else State.SUBMITTED)


def _with(standing: Standing, changed: Iterable[Posting]) -> Standing:
    for posting in changed:
        standing = standing.without(posting.payment_id).with_posting(posting)
    return standing


def _is_told_of(standing: Standing) -> Standing:
    """One more payer; what the one before it left to the patient is asked of it."""
    claim = standing.claim
    payers = tuple(PAYERS.values())[: len(claim.payers) + 1]
    standing = replace(standing, claim=replace(claim, payers=payers))
    left = left_to_patient(standing)
    if claim.state not in (State.PAID, State.DENIED) or next_payer(standing.claim) is None:
        return standing
    return _goes_on(_with(standing, map(lifted, left))) if left else standing


def _passes_its_denial_on(standing: Standing) -> Standing:
    if why_not_forwarded(standing, is_appealed=False, is_corrected=False) is not None:
        return standing
    return _goes_on(_with(standing, denial_forwarded(standing)))


def _takes_back(standing: Standing, place: PayerSequence) -> Standing:
    if not standing.of(place):
        return standing
    if place < standing.claim.payer_sequence:
        standing = _goes(standing, place, State.SUBMITTED)
    left = standing.without(standing.of(place)[0].payment_id)
    if place > standing.claim.payer_sequence or any(closes(p.made) for p in left.of(place)):
        return left
    return _goes(left, place, State.SUBMITTED)


@given(st.lists(_steps, max_size=12))
def test_what_is_open_is_each_payers_own_and_all_of_it(steps: list[Any]) -> None:
    standing = _sent()
    for place, kind, paid, wanted in steps:
        if kind == "takes back":
            standing = _takes_back(standing, place)
        elif kind == "is told of":
            standing = _is_told_of(standing)
        elif kind == "passes its denial on":
            standing = _passes_its_denial_on(standing)
        elif place == standing.claim.payer_sequence:
            standing = _decides(standing, _said(paid, wanted))
        each = [open_cents(standing, place) for place in ORDER]
        assert min(each) >= 0, (standing, each)
        assert sum(each) + standing.closed_cents == CHARGE
        assert all(p.made.patient_cents >= 0 for p in standing.postings)
        assert all(p.told.charge_cents == p.made.charge_cents for p in standing.postings)


class _Walk:
    """Payers that decide and take back by files, and a biller who tells of a payer or takes a
    denial for final, as a seed has it."""

    def __init__(self, desk: Desk, number: str, seed: int) -> None:
        self.desk, self.number, self.chance = desk, number, random.Random(seed)
        self.said: dict[str, list[Said]] = {payer: [] for payer in PAYERS.values()}
        self.done: list[int] = []

    async def step(self, trace: int) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            await self._biller(trace)
            return
        payer = chance.choice(list(PAYERS.values()))
        known = self.said[payer]
        if known and chance.random() < 0.4:
            said = known.pop(chance.randrange(len(known))).reversed()
        else:
            said = self._decision(payer)
            known.append(said)
        file = payment(said, trace=f"T{trace}", payer=payer)
        await self.desk.hear(f"{trace}.835", file)
        if chance.random() < 0.5:
            await send_on(self.desk)

    async def _biller(self, trace: int) -> None:
        """Refused as often as not; done it is posted, and never by halves."""
        request = str(UUID(int=trace))
        if self.chance.random() < 0.5:
            place, coverage = self.chance.choice(FURTHER)
            told = {"place": place, "coverage": coverage.model_dump(mode="json")}
            status = await ask(self.desk, "coverages", request_id=request, **told)
        else:
            status = await ask(self.desk, "forward", request_id=request, reason="not-covered")
        assert status in (202, 409)
        self.done.append(status)

    def _decision(self, payer: str) -> Said:
        chance, status = self.chance, {FIRST: "1", SECOND: "2", THIRD: "3"}[payer]
        paid = chance.choice([0, 500, 1_500, 5_000, 10_000])
        rest, cas = CHARGE - paid, list[tuple[str, str, int]]()
        for group, reason in chance.sample(CAS, 2):
            cents = min(rest, chance.choice([500, 2_000, 6_000, CHARGE]))
            rest -= cents
            cas += [(group, reason, cents)] if cents else []
        return Said(self.number, CHARGE, paid, [*cas, ("CO", "45", rest)], status=status)


@pytest.mark.parametrize("seed", range(4))
async def test_by_files_the_books_balance_and_nobody_is_billed_twice(desk: Desk, seed: int) -> None:
    await enroll(desk, SECOND, THIRD)
    await desk.see_patients(1, other_coverages=FURTHER_FIRST[seed % len(FURTHER_FIRST)])
    [number] = await desk.control_numbers()
    walk = _Walk(desk, number, seed)
    for trace in range(16):
        await walk.step(trace)
        assert all(cents > 0 for cents in (await open_by_payer(desk)).values())
        assert 0 <= (await desk.sums())["patient"] <= CHARGE
    sent = [claim for submission in desk.sent() for claim in submission.claims]
    originals = [claim.payer.identifier for claim in sent if claim.frequency == "1"]
    assert len(originals) == len(set(originals))  # what is sent again replaces (CLM05-3 7)
    assert originals[0] == FIRST
