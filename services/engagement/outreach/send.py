"""Hand a planned message over: intent, then the relay's answer, then what came of it.

At least once: a crash between the relay's answer and our note sends the same mail again, with the
same Message-ID. Consent is looked at in the transaction just before: whoever has been answered that
nothing goes out any more gets nothing that was not already on its way.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.engagement import MessageFailed, MessageSent
from libs.events.contracts.values import AppointmentId, MessageId, PatientId, PracticeId
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.engagement.consents import store as consents
from services.engagement.outreach import store
from services.engagement.outreach.mail import Mail, MailDelayedError, MailRefusedError, hand_over
from services.engagement.outreach.model import Cancelled, Message, NotSent, Pending, decide
from services.engagement.outreach.settings import MailSettings
from services.engagement.outreach.text import write_reminder
from services.engagement.patients import store as patients
from services.engagement.practices import store as practices


async def send_message(timer: Timer, work: Work) -> None:
    """Send what the timer's key names; raises OSError where it should be tried again later."""
    settings, message_id = MailSettings(), UUID(timer.key)
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        mail = await _begin(uow, message_id, settings)
    if mail is None:
        return
    failed: str | None = None
    try:
        await hand_over(mail, settings)
    except MailRefusedError as refused:
        failed = str(refused.code)
    except MailDelayedError as delayed:
        if delayed.code is not None:
            async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
                await store.note_reply(uow.db, uow.practice_id, message_id, str(delayed.code))
        raise
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        message = await store.find_message(uow.db, uow.practice_id, message_id)
        assert message is not None
        await _end(uow, message, failed)


async def _begin(uow: UnitOfWork, message_id: UUID, settings: MailSettings) -> Mail | None:
    """Note the intent and write the mail; None where nothing is to be sent (any more)."""
    found = await store.find_message(uow.db, uow.practice_id, message_id)
    assert found is not None
    patient = await patients.open_patient(uow, found.patient_id)
    message = await store.lock_message(uow.db, uow.practice_id, message_id)
    if message is None or message.state not in ("pending", "sending"):
        return None
    practice = await practices.find_practice(uow.db, uow.practice_id)
    consent = await consents.find_consent(
        uow.db, uow.practice_id, patient.patient_id, message.channel
    )
    state, token = consent or (None, "")
    now = decide(message, practice=practice, patient=patient, consent=state, now=uow.now)
    if not isinstance(now, Pending):
        await _give_up(uow, message, now.reason if isinstance(now, NotSent) else "no-address")
        return None
    charts = await patients.list_charts(uow.db, uow.practice_id, patient.patient_id)
    if await store.is_told_already(uow.db, uow.practice_id, message, charts):
        await store.cancel(uow.db, uow.practice_id, message_id, "told-already", uow.now)
        return None
    assert practice is not None
    assert patient.email is not None
    await store.begin_sending(uow.db, uow.practice_id, message_id)
    url = settings.unsubscribe_url(token)
    text = write_reminder(
        language=patient.language,
        given=patient.given or "",
        practice=practice.name,
        starts_at=message.starts_at,
        time_zone=practice.time_zone,
        unsubscribe_url=url,
    )
    return Mail(message_id, patient.email, practice.name, uow.now, text, url)


async def _give_up(uow: UnitOfWork, message: Message, reason: Cancelled) -> None:
    """It will not go out: it failed where the relay was asked before, else it is cancelled."""
    if message.state == "sending":
        await _end(uow, message, message.last_reply or "no-answer")
    else:
        await store.cancel(uow.db, uow.practice_id, message.message_id, reason, uow.now)


async def _end(uow: UnitOfWork, message: Message, failed: str | None) -> None:
    """Note what came of it and say so, once."""
    if not await store.end_sending(
        uow.db, uow.practice_id, message.message_id, failed=failed, at=uow.now
    ):
        return
    practice_id, origin = PracticeId(uow.practice_id), Origin.load(message.origin)
    message_id, patient_id = MessageId(message.message_id), PatientId(message.patient_id)
    appointment_id = AppointmentId(message.appointment_id)
    if failed is None:
        sent = MessageSent(
            practice_id=practice_id,
            message_id=message_id,
            patient_id=patient_id,
            appointment_id=appointment_id,
            channel=message.channel,
            purpose="appointment-reminder",
        )
        await uow.publish(sent, origin=origin)
        return
    not_sent = MessageFailed(
        practice_id=practice_id,
        message_id=message_id,
        patient_id=patient_id,
        appointment_id=appointment_id,
        channel=message.channel,
        purpose="appointment-reminder",
        reason=failed,
    )
    await uow.publish(not_sent, origin=origin)
