"""The answer to a message: MSH, MSA and an ERR for each thing that is wrong.

Sources: HL7 v2.5.1 §2.9.2 (acknowledgement), §2.15.5 (ERR), §2.15.8 (MSA), tables 0008 and 0357.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.interop.messages.model import Refusal
from services.interop.mllp.header import VERSIONS, Header

Letter = Literal["A", "E", "R"]
Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
APPLICATION: dict[Letter, Literal["AA", "AE", "AR"]] = {"A": "AA", "E": "AE", "R": "AR"}
_ACCEPT: dict[Letter, Code] = {"A": "CA", "E": "CE", "R": "CR"}

INTERNAL_ERROR = "internal-error"
"""Has no condition in table 0357 that does not ask senders to try again, which would not help."""

_CONDITIONS = {
    "segment-missing": "100^Segment sequence error",
    "second-message": "100^Segment sequence error",
    "version-not-taken": "203^Unsupported version id",
    "processing-id": "202^Unsupported processing id",
    "message-type-not-taken": "200^Unsupported message type",
    "trigger-event-not-taken": "201^Unsupported event code",
    "control-id-reused": "205^Duplicate key identifier",
    "appointment-unknown": "204^Unknown key identifier",
    "appointment-already-booked": "205^Duplicate key identifier",
    "appointment-over": "206^Application record locked",
    "connection-suspended": "206^Application record locked",
    "connection-closed": "204^Unknown key identifier",
    "credit-without-charge": "204^Unknown key identifier",
    "try-again": "207^Application internal error",
    "survivor-unknown": "204^Unknown key identifier",
    "not-merged": "204^Unknown key identifier",
    "payer-unknown": "103^Table value not found",
}
_NO_HEADER = Header("", "", "", "", "")
_MISSING = "101^Required field missing"
_OTHER = "102^Data type error"

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\.(\d+))?)?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: accepted, in error, or rejected as such (table 0008)."""

    letter: Letter
    ack_id: UUID
    at: datetime
    refusals: Sequence[Refusal] = ()
    text: str = ""


def answers(verdict: Verdict, header: Header | None) -> list[bytes]:
    """What the sender is told, in the mode that it asks for (§2.9.2 original, §2.9.3 enhanced).

    Storing a message and taking it are one transaction here, so an accept acknowledgement carries
    the verdict as well: CE and CR end it, an application acknowledgement follows CA only.
    """
    letter, first, second = verdict.letter, verdict.ack_id.hex[:20], verdict.ack_id.hex[-20:]

    def told(code: Code, ack_id: str) -> bytes:
        return acknowledge(
            code,
            header,
            ack_id=ack_id,
            at=verdict.at,
            refusals=verdict.refusals,
            text=verdict.text,
        )

    if header is None or not (header.accept_when or header.application_when):
        return [told(APPLICATION[letter], first)]
    found: list[bytes] = []
    if _asked(header.accept_when, letter):
        found.append(told(_ACCEPT[letter], first))
    if _asked(header.application_when, letter) and (letter == "A" or not found):
        found.append(told(APPLICATION[letter], second))
    return found


def _asked(when: str, letter: Letter) -> bool:
    """Table 0155: always, never, on errors, on success; a word that it lacks is no "never"."""
    match when:
        case "NE" | "":
            return False
        case "ER":
            return letter != "A"
        case "SU":
            return letter == "A"
        case _:
            return True


def acknowledge(
    code: Code,
    header: Header | None,
    *,
    ack_id: str,
    at: datetime,
    refusals: Sequence[Refusal] = (),
    text: str = "",
) -> bytes:
    """An answer in UTF-8 with the usual separators; echoes the control id, no other value.

    It is of the message's own version and processing id (§2.14.9.11, §2.14.9.12), as interface
    engines write it; where that version is not taken here, of v2.5.1. Before v2.5, ERR had but its
    first field, and MSA told the rest (v2.4 §2.16.5, §2.16.8).
    """
    header = header or _NO_HEADER
    version = header.version if header.version in VERSIONS else "2.5.1"
    is_old = VERSIONS.index(version) < VERSIONS.index("2.5")
    processing_id = header.processing_id if header.processing_id in ("P", "T", "D") else "P"
    to = f"{escaped(header.sending_application)}|{escaped(header.sending_facility)}"
    control_id = escaped(header.control_id)
    kind = _kind(escaped(header.type.partition("^")[2]), version)
    charset = "" if f"{to}{kind}{control_id}".isascii() else "||||||UNICODE UTF-8"
    segments = [
        f"MSH|^~\\&|MAINSTAY||{to}|{at:%Y%m%d%H%M%S}+0000||{kind}|{ack_id}|{processing_id}|{version}"
        + charset
    ]
    if is_old and refusals:
        text = "; ".join(f"{one.code} at {one.where}: {one.fix}" for one in refusals)
        errors = "~".join(_location(one.where, _condition(one)) for one in refusals)
        condition = _condition(refusals[0])
        segments += [f"MSA|{code}|{control_id}|{escaped(text)}|||{condition}", f"ERR|{errors}"]
    else:
        segments.append(f"MSA|{code}|{control_id}|{escaped(text)}")
        segments += [_err(refusal) for refusal in refusals]
    return ("\r".join(segments) + "\r").encode()


def _kind(trigger: str, version: str) -> str:
    """MSH-9, whose third component came with v2.3.1."""
    if not trigger:
        return "ACK"
    return f"ACK^{trigger}" if version == "2.3" else f"ACK^{trigger}^ACK"


def _condition(refusal: Refusal) -> str:
    if refusal.code == INTERNAL_ERROR:
        return "500^Not understood by a mistake of ours^L"
    other = _MISSING if refusal.code.endswith("-missing") else _OTHER
    return _CONDITIONS.get(refusal.code, other) + "^HL70357"


def _err(refusal: Refusal) -> str:
    """ERR-2 location, ERR-3 condition, ERR-4 severity, ERR-5 our code, ERR-8 what to do."""
    return (
        f"ERR||{_location(refusal.where)}|{_condition(refusal)}|E|{escaped(refusal.code)}|||"
        f"{escaped(f'{refusal.where}: {refusal.fix}')}"
    )


def _location(where: str, condition: str = "") -> str:
    """ERL: segment, its sequence, field, repetition, component; with a condition, as ELD."""
    found = _PLACE.fullmatch(where)
    segment, sequence, number, component = found.groups() if found else ("", "", "", "")
    if condition:
        sequence = (sequence or "1") if segment else ""
        return f"{segment}^{sequence}^{number or ''}^{condition.replace('^', '&')}"
    location = f"{segment}^{sequence or 1}" if segment else ""
    if number:
        location += f"^{number}"
    if component:
        location += f"^1^{component}"
    return location


def escaped(text: str) -> str:
    """A text that its reader takes for nothing but text."""
    return "".join(_ESCAPES.get(c, c) for c in text)
