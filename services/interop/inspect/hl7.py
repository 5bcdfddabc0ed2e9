"""A file of HL7 v2 messages, each answered as the server would, in the file's order."""

from __future__ import annotations

from dataclasses import dataclass

from libs.events.contracts import Event
from services.interop.connections.model import Profile
from services.interop.inspect.desk import Desk, Taken
from services.interop.inspect.model import (
    InspectedHl7,
    InspectedMessage,
    ToMap,
    UnreadableError,
    reasons_of,
)
from services.interop.inspect.sandbox import Sandbox, sandbox
from services.interop.messages.model import Inbound, Refusal
from services.interop.mllp.acknowledge import APPLICATION
from services.interop.mllp.answer import (
    NOT_UNDERSTOOD,
    READER_FAULTS,
    inbound_of,
    letter_for,
    no_header,
)
from services.interop.mllp.batches import split_messages
from services.interop.mllp.header import read_header
from services.interop.mllp.understand import fields_read, understand

NO_MESSAGE = (
    "no line begins with MSH and a separator: give a file of HL7 v2 messages, of a batch "
    "(FHS, BHS), or of MLLP frames, in ASCII, UTF-8 or ISO 8859-1"
)

AN_ANSWER = Refusal(
    "message-type-not-taken", "MSH-9", "this answers a message, and is dropped; inspect the message"
)


@dataclass(frozen=True, slots=True)
class Hl7Inspection:
    """What was found, what a real profile would have to map, and the sandbox that was used."""

    found: InspectedHl7
    to_map: ToMap
    used: Sandbox


def inspect_hl7(
    file: str, raw: bytes, *, profile: Profile | None, time_zone: str, fill_in: bool = False
) -> Hl7Inspection:
    """As for a practice that knows nothing before the file; raises UnreadableError.

    `fill_in`: of a profile that names no payer or no clinician yet, each counts as known.
    """
    file_of = split_messages(raw)
    if not file_of.messages:
        raise UnreadableError(NO_MESSAGE)
    used = sandbox("hl7v2", profile, time_zone, fill_in=fill_in)
    desk = Desk(used.connection)
    found: list[InspectedMessage] = []
    events: list[Event] = []
    for message in file_of.messages:
        inspected, taken = _inspect(message, desk, file_of.refusals)
        found.append(inspected)
        events += taken.events
    to_map = used.to_map(events)
    lines = tuple(to_map.lines()) if fill_in else ()
    return Hl7Inspection(InspectedHl7(file=file, messages=tuple(found), to_map=lines), to_map, used)


def _inspect(
    raw: bytes, desk: Desk, of_file: tuple[Refusal, ...]
) -> tuple[InspectedMessage, Taken]:
    """Nothing of a file is taken whose batches are in disorder (`mllp/answer_batch.py`)."""
    header = read_header(raw)
    if of_file:
        taken = Taken(of_file)
    elif header is None:
        taken = Taken((Refusal("not-hl7", "MSH", no_header(raw)),))
    elif header.is_acknowledgement:
        taken = Taken((AN_ANSWER,))
    else:
        taken = _receive(inbound_of(raw, header), desk)
    inspected = InspectedMessage(
        control_id=header.control_id if header else "",
        type=header.type if header else "",
        version=header.version if header else "",
        ack="AR" if of_file else APPLICATION[letter_for(taken.refusals)],
        reasons=reasons_of(taken.refusals),
        events=tuple(event.type for event in taken.events),
        read_from=fields_read(raw, desk.connection),
    )
    return inspected, taken


def _receive(inbound: Inbound, desk: Desk) -> Taken:
    try:
        return desk.receive(inbound, lambda: understand(inbound.raw, desk.connection))
    except READER_FAULTS:
        return Taken((NOT_UNDERSTOOD,))
