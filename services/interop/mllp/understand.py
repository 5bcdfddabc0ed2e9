"""What an HL7 v2 message tells, from its bytes: the same for a live message and for a file."""

from __future__ import annotations

from services.interop.connections.model import Connection, Profile
from services.interop.messages.model import RefusedError
from services.interop.messages.told import Told
from services.interop.mllp.header import VERSIONS
from services.interop.mllp.mapped import read_from
from services.interop.mllp.read import read_message
from services.interop.mllp.segments import Hl7Message, parse, refuse

_PRODUCTION, _PROCESSING_IDS = "P", ("P", "T", "D", "")
"""Table 0103; a sender that leaves MSH-11 empty has no test system to tell from."""


def understand(raw: bytes, connection: Connection) -> list[Told]:
    """Decides without a database; raises RefusedError."""
    message = parse(raw)
    check_header(message, connection.profile)
    return read_message(message, connection)


def fields_read(raw: bytes, connection: Connection) -> dict[str, str]:
    """Fact → the path of the profile that it was read from."""
    fields = connection.profile.fields
    try:
        return read_from(parse(raw), fields) if fields.mapped else {}
    except RefusedError:
        return {}


def check_header(message: Hl7Message, profile: Profile) -> None:
    """Version and processing id (HL7 v2.5.1 §2.9.2.2: what a receiver looks at first)."""
    if message.msh.get(12) not in VERSIONS:
        refuse("version-not-taken", "MSH-12", f"send one of the versions {', '.join(VERSIONS)}")
    processing_id = message.msh.get(11)
    if processing_id not in _PROCESSING_IDS:
        refuse("processing-id", "MSH-11", "send P for production, T for training, D for debugging")
    if profile.production_only and processing_id != _PRODUCTION:
        refuse("processing-id", "MSH-11", "this connection takes production messages only: send P")
