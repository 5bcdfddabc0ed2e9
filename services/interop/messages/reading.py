"""A kept message read again, by the reader of its kind."""

from __future__ import annotations

from services.interop.connections.model import Connection
from services.interop.fhir.inspect import read_resources
from services.interop.messages.told import Told
from services.interop.mllp.understand import understand


def read_told(raw: bytes, connection: Connection) -> list[Told]:
    """What an HL7 v2 message or a FHIR body tells; raises RefusedError, ValidationError.

    A FHIR body is read as if nothing was sent before it.
    """
    if connection.kind == "fhir":
        return list(read_resources(raw, connection).told)
    return understand(raw, connection)
