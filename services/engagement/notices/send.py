"""Hand a notice over, as a reminder is: intent, the relay's answer, what came of it."""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.engagement import StatementNoticeFailed, StatementNoticeSent
from libs.events.contracts.values import MessageId, PatientId, PracticeId
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.engagement.consents import store as consents
from services.engagement.notices import store
from services.engagement.notices.model import Notice, NoticeSettings, decide, write_notice
from services.engagement.outreach.mail import Mail, MailDelayedError, MailRefusedError, hand_over
from services.engagement.outreach.model import NotSent, Pending
from services.engagement.outreach.settings import MailSettings
from services.engagement.patients import store as patients
from services.engagement.practices import store as practices


async def send_notice(timer: Timer, work: Work) -> None:
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
        notice = await store.find_notice(uow.db, uow.practice_id, message_id)
        assert notice is not None
        await _end(uow, notice, failed)


async def _begin(uow: UnitOfWork, message_id: UUID, settings: MailSettings) -> Mail | None:
    """Note the intent and write the mail; None where nothing is to be sent (any more)."""
    found = await store.find_notice(uow.db, uow.practice_id, message_id)
    assert found is not None
    patient = await patients.open_patient(uow, found.patient_id)
    notice = await store.lock_notice(uow.db, uow.practice_id, message_id)
    if notice is None or notice.state not in ("pending", "sending"):
        return None
    practice = await practices.find_practice(uow.db, uow.practice_id)
    consent = await consents.find_consent(
        uow.db, uow.practice_id, patient.patient_id, notice.channel
    )
    state, token = consent or (None, "")
    now = decide(
        notice,
        practice=practice,
        patient=patient,
        consent=state,
        now=uow.now,
        hours=NoticeSettings(),
    )
    if not isinstance(now, Pending):
        await _give_up(uow, notice, now.reason if isinstance(now, NotSent) else "no-address")
        return None
    assert practice is not None
    assert patient.email is not None
    await store.begin_sending(uow.db, uow.practice_id, message_id)
    url = settings.unsubscribe_url(token)
    text = write_notice(
        language=patient.language,
        given=patient.given or "",
        practice=practice.name,
        portal_url=notice.portal_url,
        unsubscribe_url=url,
    )
    return Mail(message_id, patient.email, practice.name, uow.now, text, url)


async def _give_up(uow: UnitOfWork, notice: Notice, reason: str) -> None:
    """It will not go out: it failed where the relay was asked before, else it is cancelled."""
    if notice.state == "sending":
        await _end(uow, notice, notice.last_reply or "no-answer")
    else:
        await store.cancel(uow.db, uow.practice_id, notice.message_id, reason, uow.now)


async def _end(uow: UnitOfWork, notice: Notice, failed: str | None) -> None:
    """Note what came of it and say so, once."""
    if not await store.end_sending(
        uow.db, uow.practice_id, notice.message_id, failed=failed, at=uow.now
    ):
        return
    practice_id, origin = PracticeId(uow.practice_id), Origin.load(notice.origin)
    message_id, patient_id = MessageId(notice.message_id), PatientId(notice.patient_id)
    if failed is None:
        sent = StatementNoticeSent(
            practice_id=practice_id,
            message_id=message_id,
            patient_id=patient_id,
            statement_id=notice.statement_id,
            channel=notice.channel,
        )
        await uow.publish(sent, origin=origin)
        return
    not_sent = StatementNoticeFailed(
        practice_id=practice_id,
        message_id=message_id,
        patient_id=patient_id,
        statement_id=notice.statement_id,
        channel=notice.channel,
        reason=failed,
    )
    await uow.publish(not_sent, origin=origin)
