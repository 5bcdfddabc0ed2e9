"""The kinds of messages, in the order in which those of one patient are looked at."""

from __future__ import annotations

from services.engagement.notices.model import Notice
from services.engagement.outreach.model import Message
from services.engagement.reminders.model import Reminder

KINDS: tuple[type[Message], ...] = (Reminder, Notice)
