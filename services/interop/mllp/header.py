"""What a message's first segment says of its sender, read before anything in it is trusted.

Source: HL7 v2.5.1 §2.14.9 (MSH). Works on bytes, so that it also reads what no parser takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SENT_AT = 7
"""MSH-7, when the message was sent (§2.14.9.7)."""
SECURITY = 8
"""MSH-8, which carries the connection's key (§2.14.9.8)."""

FIELDS_READ = 20
"""Further ones stay together: a header of a million fields costs no more than another."""

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
"""Of table 0104, those that are taken here."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of MSH that tell who sends what; empty where the message has none."""

    sending_application: str
    sending_facility: str
    security: str = field(repr=False)
    type: str
    control_id: str
    processing_id: str = ""
    version: str = ""
    accept_when: str = ""
    """MSH-15: when an accept acknowledgement is asked for (table 0155)."""
    application_when: str = ""
    """MSH-16: when an application acknowledgement is."""
    is_acknowledgement: bool = False
    """An answer itself, so that it is never answered (§2.9.2)."""


def read_header(raw: bytes) -> Header | None:
    """The header of a message, or None where it does not begin with MSH and its separators."""
    parts = _parts(raw)
    if parts is None:
        return None
    component = parts[1][:1] or b"^"

    def first(number: int) -> str:
        return _text(_field(parts, number).split(component)[0])

    kind = _field(parts, 9).split(component)
    return Header(
        sending_application=first(3),
        sending_facility=first(4),
        security=_text(_field(parts, SECURITY)),
        type="^".join(_text(part) for part in kind[:2])[:100],
        control_id=_text(_field(parts, 10))[:200],
        processing_id=first(11),
        version=first(12),
        accept_when=first(15).upper(),
        application_when=first(16).upper(),
        is_acknowledgement=kind[0].strip() in (b"ACK", b"MCF") or _answers(raw),
    )


def _answers(raw: bytes) -> bool:
    """Whether the segment behind MSH is MSA, as in every answer (§2.9.2)."""
    start = _start(raw)
    behind = start + len(_line(raw, start))
    return raw[behind : behind + 16].lstrip(b"\r\n").startswith(b"MSA")


def _line(raw: bytes, start: int = 0) -> bytes:
    """Up to the first line end."""
    ends = [at for at in (raw.find(b"\r", start), raw.find(b"\n", start)) if at >= 0]
    return raw[start : min(ends, default=len(raw))]


def without_key(raw: bytes) -> bytes:
    """The message as it is kept: its key taken out of MSH-8, all else as it came."""
    return _without(raw, SECURITY)


def without_time_sent(raw: bytes) -> bytes:
    """The message as it is compared with one of the same id: senders that send it again write anew
    when they did (MSH-7)."""
    return _without(raw, SENT_AT)


def _without(raw: bytes, number: int) -> bytes:
    """The message with this field of MSH emptied, all else as it came."""
    parts = _parts(raw)
    if parts is None or len(parts) < number:
        return raw
    start = _start(raw)
    separator = raw[start + 3 : start + 4]
    segment = separator.join(parts)
    parts[number - 1] = b""
    return raw[:start] + separator.join(parts) + raw[start + len(segment) :]


def header_field(segment: bytes, number: int) -> str:
    """The first component of a field of a segment that names its separators: MSH, BHS or FHS."""
    parts = _line(segment).split(segment[3:4])
    component = parts[1][:1] if len(parts) > 1 else b""
    return _text(_field(parts, number).split(component or b"^")[0])[:200]


def _start(raw: bytes) -> int:
    """Some senders put a byte order mark or line ends before the first segment."""
    return len(raw) - len(raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))


def _parts(raw: bytes) -> list[bytes] | None:
    segment = _line(raw, _start(raw))
    if not segment.startswith(b"MSH") or len(segment) < 8:
        return None
    return segment.split(segment[3:4], FIELDS_READ)


def _field(parts: list[bytes], number: int) -> bytes:
    """MSH-1 is the separator itself, so field n stands at n - 1."""
    return parts[number - 1] if len(parts) >= number else b""


def _text(part: bytes) -> str:
    shown = part.decode("utf-8", "replace").strip()
    return "".join(c if c.isprintable() else "\ufffd" for c in shown)
