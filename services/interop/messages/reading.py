"""A kept message read again, by the reader of its kind."""

from __future__ import annotations

from services.interop.bundles.model import read_bundle
from services.interop.bundles.read import read_transaction
from services.interop.connections.model import Connection
from services.interop.messages.told import Told
from services.interop.mllp.understand import understand


def read_told(raw: bytes, connection: Connection) -> list[Told]:
    """What an HL7 v2 message or a FHIR bundle tells; raises RefusedError, ValidationError."""
    if connection.kind == "fhir":
        return read_transaction(read_bundle(raw), connection)
    return understand(raw, connection)
