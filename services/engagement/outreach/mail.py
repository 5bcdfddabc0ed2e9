"""A message as mail, and handing it to the relay (RFC 5321)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

import aiosmtplib

from services.engagement.outreach.model import Text
from services.engagement.outreach.settings import MailSettings

# A folded URL would be written as encoded words, which no mail software reads as a link.
UNFOLDED = SMTP.clone(max_line_length=990)


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes out. `date` is ours to say, so that the clock is injected here too."""

    message_id: UUID
    to: str
    from_name: str
    date: datetime
    text: Text
    unsubscribe_url: str


class MailRefusedError(Exception):
    """The relay will never take this message; `code` is its reply code, such as 550."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class MailDelayedError(OSError):
    """The relay does not take it now; `code` is its reply code, None where it gave none."""

    def __init__(self, code: int | None) -> None:
        super().__init__(str(code))
        self.code = code


def compose(mail: Mail, settings: MailSettings) -> bytes:
    """The message in Internet Message Format (RFC 5322), the same Message-ID each time.

    Auto-Submitted (RFC 3834 §5) keeps vacation replies away; the List-Unsubscribe pair is one-click
    (RFC 8058 §3.1).
    """
    message = EmailMessage()
    message["From"] = Address(" ".join(mail.from_name.split()), addr_spec=settings.sender)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.text.subject
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = f"<{mail.message_id}@{settings.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text.body, cte="quoted-printable")
    return message.as_bytes(policy=UNFOLDED)


async def hand_over(mail: Mail, settings: MailSettings) -> None:
    """Give the mail to the relay; returns when the relay has taken it (250 to the end of DATA).

    Raises MailRefusedError for a 5yz answer about this message, MailDelayedError for everything
    else: also for a relay that refuses us ourselves (greeting, HELO, AUTH), which a person mends.
    """
    try:
        await aiosmtplib.send(
            compose(mail, settings),
            sender=settings.sender,
            recipients=[mail.to],
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user,
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
            start_tls=True if settings.smtp_require_tls else None,
            local_hostname=settings.domain,
            timeout=settings.smtp_timeout_seconds,
        )
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise _about_message(refused.recipients[0].code) from None
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as refused:
        raise _about_message(refused.code) from None
    except aiosmtplib.SMTPResponseException as refused:
        raise MailDelayedError(refused.code) from None
    except (aiosmtplib.SMTPException, OSError):
        raise MailDelayedError(None) from None


def _about_message(code: int) -> Exception:
    return MailRefusedError(code) if 500 <= code < 600 else MailDelayedError(code)
