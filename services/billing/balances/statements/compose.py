"""Gathers what a statement says: the visits as they were posted, and what became of their money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from libs.events.contracts.billing_balances import Notice
from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.balances.dunning.model import earliest_hand_off
from services.billing.balances.model import Balance
from services.billing.balances.payments.store import list_applied_since
from services.billing.balances.policy.model import BalancePolicy
from services.billing.balances.statements import store
from services.billing.balances.statements.model import (
    Content,
    Offer,
    Paid,
    Party,
    Reason,
    Service,
    Visit,
    new_charges,
    reasons_of,
    spoken,
)
from services.billing.balances.statements.notices import estimate_of, protection_of
from services.billing.balances.store import PatientAccount, shares_in_force
from services.billing.claims import store as claims
from services.billing.facts.store import find_providers


async def compose(
    uow: UnitOfWork,
    policy: BalancePolicy,
    practice: Mapping[str, Any],
    account: PatientAccount,
    due: Sequence[Balance],
    notice: Notice,
) -> Content:
    """All that the statement says, of these claims, which the patient may be asked for."""
    shares = await shares_in_force(uow.db, uow.practice_id, [claim.claim_id for claim in due])
    estimates = await store.read_estimates(uow.db, uow.practice_id, account.charts)
    visits: list[Visit] = []
    latest: EncounterPosted | None = None
    for balance in due:
        claim = await claims.find(uow.db, uow.practice_id, balance.claim_id)
        assert claim is not None
        latest = await claims.read_encounter(uow, claim)
        lines = await claims.read_lines(uow.db, claim)
        reasons = reasons_of(balance, shares.get(balance.claim_id, {}))
        expected = estimates.get(balance.service_on) if balance.payer_id is None else None
        visits.append(await _visit(uow, policy, balance, latest, lines, reasons, expected))
    assert latest is not None, "no statement is made of nothing"
    offer = await _offer(uow, policy, account, due, notice)
    return await _content(uow, policy, practice, account, visits, latest, notice, offer)


async def _visit(
    uow: UnitOfWork,
    policy: BalancePolicy,
    balance: Balance,
    encounter: EncounterPosted,
    lines: list[dict[str, Any]],
    reasons: tuple[Reason, ...],
    expected_cents: int | None,
) -> Visit:
    # Who pays alone may have been seen by somebody whose file is not complete.
    npi = encounter.provider_npi
    provider = (await find_providers(uow.db, uow.practice_id, [npi])).get(npi)
    assert balance.owed_since is not None
    return Visit(
        claim_id=balance.claim_id,
        service_on=balance.service_on,
        clinician=f"{provider['given']} {provider['family']}" if provider else None,
        payer=encounter.coverage.payer_name if encounter.coverage else None,
        services=tuple(
            Service(
                procedure_code=line["procedure_code"],
                units=line["units"],
                charge_cents=line["charge_cents"],
            )
            for line in lines
        ),
        charge_cents=balance.charge_cents,
        insurance_paid_cents=balance.insurance_paid_cents,
        adjusted_cents=balance.adjusted_cents,
        patient_paid_cents=balance.patient_paid_cents,
        forgiven_cents=balance.forgiven_cents,
        open_cents=balance.patient_cents,
        owed_since=balance.owed_since,
        reasons=reasons,
        estimate=estimate_of(balance.charge_cents, expected_cents),
        protection=protection_of(
            out_of_network=balance.payer_id in policy.out_of_network,
            place_of_service=encounter.place_of_service,
        ),
    )


async def _content(
    uow: UnitOfWork,
    policy: BalancePolicy,
    practice: Mapping[str, Any],
    account: PatientAccount,
    visits: list[Visit],
    latest: EncounterPosted,
    notice: Notice,
    offer: Offer | None,
) -> Content:
    before = await store.find_before(uow, account.charts)
    since = before.issued_on if before else None
    paid = await list_applied_since(uow.db, uow.practice_id, account.charts, since)
    count = await store.count_statements(uow.db, uow.practice_id, account.account_id)
    account_number = account.account_id.hex[:8].upper()
    today = uow.now.date()
    return Content(
        statement_number=f"{account_number}-{count + 1}",
        account_number=account_number,
        language=spoken(latest.person.language),
        notice=notice,
        issued_on=today,
        due_on=today + timedelta(days=policy.due_days),
        practice=Party(
            name=practice["name"],
            address=_address(
                practice["line"], practice["city"], practice["state"], practice["postal_code"]
            ),
        ),
        patient=_patient(latest),
        phone=policy.phone,
        portal_url=policy.portal_url,
        visits=tuple(visits),
        payments=tuple(
            Paid(on=row["received_on"], method=row["method"], cents=row["cents"]) for row in paid
        ),
        previous_cents=before.balance_cents if before else 0,
        new_cents=new_charges(visits, before),
        balance_cents=sum(visit.open_cents for visit in visits),
        assistance=bool(policy.assistance_scale),
        offer=offer,
    )


async def _offer(
    uow: UnitOfWork,
    policy: BalancePolicy,
    account: PatientAccount,
    due: Sequence[Balance],
    notice: Notice,
) -> Offer | None:
    hospital = policy.hospital_policy
    if hospital is None:
        return None
    hand_off_from = None
    if notice == "final-notice" and policy.agency is not None:
        billed = await store.first_billed(uow, account.charts)
        hand_off_from = earliest_hand_off(policy, due, billed, uow.now.date())
    return Offer(
        hospital=hospital.hospital,
        phone=hospital.phone,
        url=hospital.url,
        hand_off_from=hand_off_from,
    )


def _patient(encounter: EncounterPosted) -> Party:
    """As the latest visit knew the patient; an address that was not told is left out."""
    person = encounter.person
    return Party(
        name=f"{person.given} {person.family}",
        address=_address(person.address_line, person.city, person.state, person.postal_code),
    )


def _address(
    line: str | None, city: str | None, state: str | None, postal_code: str | None
) -> tuple[str, ...]:
    code = postal_code or ""
    if len(code) == 9:
        code = f"{code[:5]}-{code[5:]}"
    place = " ".join(part for part in (state or "", code) if part)
    second = ", ".join(part for part in (city or "", place) if part)
    return tuple(part for part in (line or "", second) if part)
