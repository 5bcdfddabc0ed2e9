"""Follows a visit's claim as billing tells it, and has each change told to the visit's EHR.

Followed are the visits of an EHR that asks to be told, over HL7 v2 or by a FHIR subscription, and
all that came over FHIR: their EHR may read its claims, and whoever subscribes later finds whole
sums. An account holds ids and cents, nothing of a person.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from libs.events.contracts.billing import (
    ChargesPosted,
    ChargesReversed,
    ClaimAccepted,
    ClaimDenied,
    ClaimPaid,
    ClaimRejected,
    ClaimSubmitted,
    PaymentPosted,
    PaymentReversed,
)
from libs.events.contracts.billing_balances import (
    PatientPaymentApplied,
    PatientPaymentUnapplied,
)
from libs.events.contracts.billing_claims import ClaimReplaced, ClaimVoided, ClaimVoidSent
from libs.events.contracts.billing_cob import ClaimForwarded, ClaimRecalled, PatientShareLifted
from libs.events.contracts.billing_holds import ClaimHeld, ClaimReleased
from libs.events.contracts.billing_ledger import BalanceWrittenOff, WriteOffReversed
from libs.events.transport import UnitOfWork
from services.interop.connections.model import Connection
from services.interop.connections.store import find_connection
from services.interop.subscriptions.tell import is_subscribed, tell_subscribers
from services.interop.writeback import store
from services.interop.writeback.bar import write_bar
from services.interop.writeback.model import (
    Account,
    Told,
    ToldOfPatient,
    decide_account,
    patients_money,
    with_patients_money,
)
from services.interop.writeback.people import find_person
from services.interop.writeback.send import set_sending


async def write_back_charges(told: ChargesPosted, uow: UnitOfWork) -> None:
    """Begin to follow a visit's claim, where the visit's connection asks for it."""
    await _begin(told, told.encounter_id, uow)


async def write_back_reversed_charges(told: ChargesReversed, uow: UnitOfWork) -> None:
    """The visit was voided or corrected; corrected, its charges are posted anew."""
    await _follow(told, uow)


async def write_back_hold(told: ClaimHeld, uow: UnitOfWork) -> None:
    """A claim may be held before it is priced."""
    await _begin(told, told.encounter_id, uow)


async def write_back_release(told: ClaimReleased, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_submission(told: ClaimSubmitted, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_acceptance(told: ClaimAccepted, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_rejection(told: ClaimRejected, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_replacement(told: ClaimReplaced, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_void_sent(told: ClaimVoidSent, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_void(told: ClaimVoided, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_payment(told: PaymentPosted, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_reversal(told: PaymentReversed, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_settlement(told: ClaimPaid, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_denial(told: ClaimDenied, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_given_up_balance(told: BalanceWrittenOff, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_balance_again(told: WriteOffReversed, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_patient_payment(told: PatientPaymentApplied, uow: UnitOfWork) -> None:
    await _follow_patient(told, uow)


async def write_back_patient_return(told: PatientPaymentUnapplied, uow: UnitOfWork) -> None:
    await _follow_patient(told, uow)


async def write_back_lifted_share(told: PatientShareLifted, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_next_payer(told: ClaimForwarded, uow: UnitOfWork) -> None:
    await _follow(told, uow)


async def write_back_recall(told: ClaimRecalled, uow: UnitOfWork) -> None:
    await _follow(told, uow)


HANDLERS = (
    write_back_charges,
    write_back_reversed_charges,
    write_back_hold,
    write_back_release,
    write_back_submission,
    write_back_acceptance,
    write_back_rejection,
    write_back_replacement,
    write_back_void_sent,
    write_back_void,
    write_back_payment,
    write_back_reversal,
    write_back_settlement,
    write_back_denial,
    write_back_given_up_balance,
    write_back_balance_again,
    write_back_patient_payment,
    write_back_patient_return,
    write_back_lifted_share,
    write_back_next_payer,
    write_back_recall,
)


async def _begin(
    told: ChargesPosted | ClaimHeld, encounter_id: UUID | None, uow: UnitOfWork
) -> None:
    """A claim is followed from its beginning on, or not at all: so its sums are whole."""
    if encounter_id is None:
        return
    account = await store.lock_account(uow.db, uow.practice_id, told.claim_id)
    if account is None:
        account = await store.new_account(uow.db, uow.practice_id, told.claim_id, encounter_id)
        if account is None or not await _is_followed(account, uow):
            return
        early = await store.add_patients_money(uow.db, uow.practice_id, told.claim_id, 0)
        account = with_patients_money(account, early)
    await _tell(account, told, uow)


async def _follow(told: Told, uow: UnitOfWork) -> None:
    account = await store.lock_account(uow.db, uow.practice_id, told.claim_id)
    if account is not None:
        await _tell(account, told, uow)


async def _follow_patient(told: ToldOfPatient, uow: UnitOfWork) -> None:
    """Kept for a claim that was not heard of yet, and told of one that is followed."""
    cents = patients_money(told)
    await store.add_patients_money(uow.db, uow.practice_id, told.claim_id, cents)
    account = await store.lock_account(uow.db, uow.practice_id, told.claim_id)
    if account is not None:
        await _tell(account, told, uow)


async def _tell(account: Account, told: Told | ToldOfPatient, uow: UnitOfWork) -> None:
    """Save what changed, with the message that tells it, where the EHR still asks for one."""
    changed = decide_account(account, told)
    if changed == account:
        return
    await store.save_account(uow, changed)
    connection = await _connection(account, uow)
    await tell_subscribers(changed, connection.source_system, uow)
    if connection.write_back is None:
        return
    control_id = uuid5(told.event_id, str(account.claim_id)).hex[:20]  # MSH-10 holds no more
    content = write_bar(
        changed,
        await find_person(uow, account.patient_id),
        await store.find_reference(uow, account.encounter_id),
        connection,
        control_id=control_id,
        at=uow.now,
    )
    number = await store.add_message(
        uow, account.connection_id, control_id, content, claim_id=account.claim_id
    )
    await set_sending(uow, account.connection_id, number)


async def _is_followed(account: Account, uow: UnitOfWork) -> bool:
    connection = await _connection(account, uow)
    return (
        connection.write_back is not None
        or connection.kind == "fhir"
        or await is_subscribed(connection.source_system, uow)
    )


async def _connection(account: Account, uow: UnitOfWork) -> Connection:
    connection = await find_connection(uow.db, uow.practice_id, account.connection_id)
    assert connection is not None
    return connection
