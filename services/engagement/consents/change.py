"""Consent is given explicitly and withdrawn by a word; messages follow in the transaction."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.engagement import ConsentGiven, ConsentWithdrawn
from libs.events.contracts.interop import PatientRegistered
from libs.events.contracts.values import PatientId, PracticeId
from libs.events.transport import UnitOfWork
from services.engagement.consents import store
from services.engagement.consents.model import Channel, ConsentState, How, new_token
from services.engagement.outreach import plan
from services.engagement.patients import store as patients
from services.engagement.patients.model import usable_address
from services.engagement.practices import store as practices


async def take_intake_consent(registered: PatientRegistered, uow: UnitOfWork) -> None:
    """The practice's intake form asks for consent: registering with an address gives it, once.

    A patient who has said anything about it before, and so also one who said STOP, is left alone.
    """
    if not await practices.has_intake_consent(uow.db, uow.practice_id):
        return
    if usable_address(registered.person.email) is None:
        return
    await practices.share_practice(uow.db, uow.practice_id)
    await patients.lock_patient(uow.db, uow.practice_id, registered.patient_id)
    known = await store.find_consent(uow.db, uow.practice_id, registered.patient_id, "email")
    if known is None:
        await give_consent(uow, registered.patient_id, "email", "intake")


async def give_consent(uow: UnitOfWork, patient_id: UUID, channel: Channel, how: How) -> None:
    """Note that the patient may be written to; publishes ConsentGiven where that is new."""
    await practices.share_practice(uow.db, uow.practice_id)
    patient_id = await patients.lock_patient(uow.db, uow.practice_id, patient_id)
    if not await _set(uow, patient_id, channel, "given", how):
        return
    await uow.publish(
        ConsentGiven(
            practice_id=PracticeId(uow.practice_id),
            patient_id=PatientId(patient_id),
            channel=channel,
        )
    )
    await plan.resume_messages(uow, patient_id)


async def withdraw_consent(uow: UnitOfWork, patient_id: UUID, channel: Channel, how: How) -> None:
    """Nothing goes out on the channel any more; publishes ConsentWithdrawn where that is new.

    It holds for all charts of the patient, also once they are parted.
    """
    await practices.share_practice(uow.db, uow.practice_id)
    patient_id = await patients.lock_patient(uow.db, uow.practice_id, patient_id)
    for chart_id in await patients.list_charts(uow.db, uow.practice_id, patient_id):
        if not await _set(uow, chart_id, channel, "withdrawn", how):
            continue
        await uow.publish(
            ConsentWithdrawn(
                practice_id=PracticeId(uow.practice_id),
                patient_id=PatientId(chart_id),
                channel=channel,
            )
        )
        await plan.cancel_messages(uow, chart_id, channel)


async def _set(
    uow: UnitOfWork, patient_id: UUID, channel: Channel, state: ConsentState, how: How
) -> bool:
    """The patient is locked already."""
    token = new_token(uow.practice_id)
    if not await store.set_consent(uow.db, uow.practice_id, patient_id, channel, state, token):
        return False
    await store.note_change(uow.db, uow.practice_id, patient_id, channel, state, how, uow.now)
    return True
