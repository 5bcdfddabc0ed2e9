"""engagement: what patients are told, and whether they wish to be. The table of contents."""

from libs.events.transport import Service
from services.engagement.consents import api as consents
from services.engagement.consents import change, unsubscribe
from services.engagement.notices import api as notices
from services.engagement.notices.model import Notice
from services.engagement.notices.plan import tell_of_statement
from services.engagement.notices.send import send_notice
from services.engagement.outreach import plan
from services.engagement.patients import handlers as patients
from services.engagement.patients import merges
from services.engagement.practices import api as policies
from services.engagement.practices import handlers as practices
from services.engagement.reminders import api as messages
from services.engagement.reminders import plan as reminders
from services.engagement.reminders.model import Reminder
from services.engagement.reminders.send import send_reminder

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
        reminders.remind_of_appointment,
        reminders.move_reminder,
        reminders.cancel_reminder,
        reminders.cancel_reminder_of_cancelled,
        reminders.cancel_reminder_of_completed,
        tell_of_statement,
    ],
    transmissions={Reminder.timer: send_reminder, Notice.timer: send_notice},
    routes=[
        policies.routes,
        consents.consents,
        consents.replies,
        unsubscribe.routes,
        messages.routes,
        notices.routes,
    ],
)
