"""Hand a planned message over: intent, then the relay's answer, then what came of it.

At least once: a crash between the relay's answer and our note sends the same mail again, with the
same Message-ID. Consent is looked at in the transaction just before: whoever has been answered that
nothing goes out any more gets nothing that was not already on its way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from libs.events.contracts.values import PracticeId
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.engagement.consents import store as consents
from services.engagement.outreach import store
from services.engagement.outreach.mail import Mail, MailDelayedError, MailRefusedError, hand_over
from services.engagement.outreach.model import Cancelled, Message, NotSent, Pending, decide
from services.engagement.outreach.settings import MailSettings
from services.engagement.patients import store as patients
from services.engagement.patients.model import Patient
from services.engagement.practices import store as practices

M = TypeVar("M", bound=Message)
ToldAlready = Callable[[M, Patient, UnitOfWork], Awaitable[bool]]


async def send(
    of: type[M], timer: Timer, work: Work, *, is_told_already: ToldAlready[M] | None = None
) -> None:
    """Send what the timer's key names; raises OSError where it should be tried again later.

    `is_told_already`: True where another message told the patient the same.
    """
    settings, message_id = MailSettings(), UUID(timer.key)
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        mail = await _begin(uow, of, message_id, settings, is_told_already)
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
                await store.note_reply(uow.db, uow.practice_id, of, message_id, str(delayed.code))
        raise
    async with work.unit_of_work(timer.practice_id, origin=timer.origin) as uow:
        message = await store.find_message(uow.db, uow.practice_id, of, message_id)
        assert message is not None
        await _end(uow, message, failed)


async def _begin(
    uow: UnitOfWork,
    of: type[M],
    message_id: UUID,
    settings: MailSettings,
    is_told_already: ToldAlready[M] | None,
) -> Mail | None:
    """Note the intent and write the mail; None where nothing is to be sent (any more)."""
    found = await store.find_message(uow.db, uow.practice_id, of, message_id)
    assert found is not None
    patient = await patients.open_patient(uow, found.patient_id)
    message = await store.lock_message(uow.db, uow.practice_id, of, message_id)
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
    if is_told_already is not None and await is_told_already(message, patient, uow):
        await store.cancel(uow.db, uow.practice_id, message, "told-already", uow.now)
        return None
    assert practice is not None
    assert patient.email is not None
    await store.begin_sending(uow.db, uow.practice_id, message)
    url = settings.unsubscribe_url(token)
    text = message.write(patient, practice, url)
    return Mail(message_id, patient.email, practice.name, uow.now, text, url)


async def _give_up(uow: UnitOfWork, message: Message, reason: Cancelled) -> None:
    """It will not go out: it failed where the relay was asked before, else it is cancelled."""
    if message.state == "sending":
        await _end(uow, message, message.last_reply or "no-answer")
    else:
        await store.cancel(uow.db, uow.practice_id, message, reason, uow.now)


async def _end(uow: UnitOfWork, message: Message, failed: str | None) -> None:
    """Note what came of it and say so, once."""
    if not await store.end_sending(uow.db, uow.practice_id, message, failed=failed, at=uow.now):
        return
    practice_id = PracticeId(uow.practice_id)
    told = message.sent(practice_id) if failed is None else message.failed(practice_id, failed)
    await uow.publish(told, origin=Origin.load(message.origin))
