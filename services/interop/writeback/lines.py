"""The lines of a message to an EHR, in UTF-8 with the usual separators."""

from __future__ import annotations

from datetime import UTC, datetime

from services.interop.connections.model import Connection
from services.interop.mllp.acknowledge import escaped
from services.interop.patients.model import KnownPatient


def header(connection: Connection, kind: str, control_id: str, at: datetime) -> str:
    """MSH, to the application and facility that the EHR's own messages name."""
    to = text(connection.sending_application), text(connection.sending_facility)
    return (
        f"MSH|^~\\&|MAINSTAY||{to[0]}|{to[1]}|{instant(at)}||{kind}|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8"
    )


def patient_line(patient: KnownPatient, account: str = "") -> str:
    """PID with the chart's number; `account`: PID-18."""
    person = patient.person
    fields = {
        1: "1",
        3: f"{text(patient.mrn)}^^^^MR",
        5: f"{text(person.family)}^{text(person.given)}",
        7: f"{person.birth_on:%Y%m%d}",
        8: person.sex,
        18: text(account),
    }
    return line("PID", {number: told for number, told in fields.items() if told})


def line(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def text(value: str | None) -> str:
    """A value as one line; HL7's own characters escaped."""
    return escaped(" ".join((value or "").split()))


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}+0000"


def message(*lines: str) -> bytes:
    return ("\r".join(lines) + "\r").encode()
