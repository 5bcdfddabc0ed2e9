"""engagement: what patients are told, and whether they wish to be. The table of contents."""

from libs.events.transport import Service
from services.engagement.consents import api as consents
from services.engagement.consents import change, unsubscribe
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
    ],
    transmissions={plan.SEND_MESSAGE: send.send_message},
    routes=[
        policies.routes,
        consents.consents,
        consents.replies,
        unsubscribe.routes,
        outreach.routes,
    ],
)
