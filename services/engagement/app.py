"""engagement: what patients are told, and whether they wish to be. The table of contents."""

from libs.events.transport import Service
from services.engagement.consents import api as consents
from services.engagement.consents import change, unsubscribe
from services.engagement.notices import api as notices
from services.engagement.notices.model import SEND_NOTICE
from services.engagement.notices.plan import tell_of_statement
from services.engagement.notices.send import send_notice
from services.engagement.outreach import api as outreach
from services.engagement.outreach import plan, send
from services.engagement.patients import handlers as patients
from services.engagement.patients import merges
from services.engagement.practices import api as policies
from services.engagement.practices import handlers as practices

# The handlers of one event run in this order: first the fact is kept, then what waited for it.
service = Service(
    name="engagement",
    handlers=[
        practices.know_practice,
        plan.resume_for_practice,
        patients.know_patient,
        change.take_intake_consent,
        plan.resume_for_patient,
        patients.know_changed_patient,
        plan.resume_for_changed_patient,
        merges.follow_merge,
        merges.follow_unmerge,
        plan.remind_of_appointment,
        plan.move_reminder,
        plan.cancel_reminder,
        plan.cancel_reminder_of_cancelled,
        plan.cancel_reminder_of_completed,
        tell_of_statement,
    ],
    transmissions={plan.SEND_MESSAGE: send.send_message, SEND_NOTICE: send_notice},
    routes=[
        policies.routes,
        consents.consents,
        consents.replies,
        unsubscribe.routes,
        outreach.routes,
        notices.routes,
    ],
)
