"""The answer to a message: MSH, MSA and an ERR for each thing that is wrong.

Sources: HL7 v2.5.1 §2.9.2 (acknowledgement), §2.15.5 (ERR), §2.15.8 (MSA), tables 0008 and 0357.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from services.interop.messages.model import Refusal
from services.interop.mllp.header import Header

Code = Literal["AA", "AE", "AR"]

INTERNAL_ERROR = "internal-error"
"""Has no condition in table 0357 that does not ask senders to try again, which would not help."""

_CONDITIONS = {
    "segment-missing": "100^Segment sequence error",
    "message-type-not-taken": "200^Unsupported message type",
    "control-id-reused": "205^Duplicate key identifier",
    "appointment-unknown": "204^Unknown key identifier",
    "appointment-already-booked": "205^Duplicate key identifier",
    "encounter-already-posted": "205^Duplicate key identifier",
    "connection-suspended": "206^Application record locked",
    "connection-closed": "204^Unknown key identifier",
    "encounter-waiting": "206^Application record locked",
    "try-again": "207^Application internal error",
    "payer-unknown": "103^Table value not found",
}
_MISSING = "101^Required field missing"
_OTHER = "102^Data type error"

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\.(\d+))?)?")


def acknowledge(
    code: Code,
    header: Header | None,
    *,
    ack_id: str,
    at: datetime,
    refusals: Sequence[Refusal] = (),
    text: str = "",
) -> bytes:
    """An answer in UTF-8 with the usual separators; echoes the control id, no other value."""
    to_application = header.sending_application if header else ""
    to_facility = header.sending_facility if header else ""
    trigger = header.type.partition("^")[2] if header else ""
    kind = f"ACK^{_escaped(trigger)}^ACK" if trigger else "ACK"
    segments = [
        f"MSH|^~\\&|MAINSTAY||{_escaped(to_application)}|{_escaped(to_facility)}"
        f"|{at:%Y%m%d%H%M%S}+0000||{kind}|{ack_id}|P|2.5.1||||||UNICODE UTF-8",
        f"MSA|{code}|{_escaped(header.control_id) if header else ''}|{_escaped(text)}",
    ]
    segments += [_err(refusal) for refusal in refusals]
    return ("\r".join(segments) + "\r").encode()


def _err(refusal: Refusal) -> str:
    """ERR-2 location, ERR-3 condition, ERR-4 severity, ERR-5 our code, ERR-8 what to do."""
    other = _MISSING if refusal.code.endswith("-missing") else _OTHER
    condition = _CONDITIONS.get(refusal.code, other) + "^HL70357"
    if refusal.code == INTERNAL_ERROR:
        condition = "500^Not understood by a mistake of ours^L"
    return (
        f"ERR||{_location(refusal.where)}|{condition}|E|{_escaped(refusal.code)}|||"
        f"{_escaped(f'{refusal.where}: {refusal.fix}')}"
    )


def _location(where: str) -> str:
    """ERL: segment, its sequence, field, repetition, component."""
    found = _PLACE.fullmatch(where)
    if found is None:
        return ""
    segment, sequence, number, component = found.groups()
    location = f"{segment}^{sequence or 1}"
    if number:
        location += f"^{number}"
    if component:
        location += f"^1^{component}"
    return location


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(c, c) for c in text)
