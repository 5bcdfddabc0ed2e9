"""An account as the message that EHRs take for it: BAR^P05, update account.

Sources: HL7 v2.5.1 §6.4.5 (BAR^P05), §3.4.2 (PID), §3.4.3 (PV1): PV1-19 the EHR's own number of
the visit, PV1-41 how its claim stands, PV1-46 to 49 what the patient owes of it, what was charged,
taken off and paid. Claims have no message of their own in HL7 v2; DFT would post each payment as a
transaction, which an EHR that missed or doubled one would never get right again.
"""

from __future__ import annotations

from datetime import datetime

from services.interop.connections.model import Connection
from services.interop.mllp.acknowledge import escaped
from services.interop.patients.model import KnownPatient
from services.interop.writeback.model import Account


def write_bar(
    account: Account,
    patient: KnownPatient,
    reference: str,
    connection: Connection,
    *,
    control_id: str,
    at: datetime,
) -> bytes:
    """The whole account as it stands, in UTF-8 with the usual separators."""
    to = _text(connection.sending_application), _text(connection.sending_facility)
    when = f"{at:%Y%m%d%H%M%S}+0000"
    person = patient.person
    pid = {
        1: "1",
        3: f"{_text(patient.mrn)}^^^^MR",
        5: f"{_text(person.family)}^{_text(person.given)}",
        7: f"{person.birth_on:%Y%m%d}",
        8: person.sex,
        18: _text(reference),
    }
    pv1 = {
        1: "1",
        2: "U",  # table 0004, unknown: the EHR knows it better
        19: _text(reference),
        41: account.status,
        46: _dollars(account.patient_cents),
        47: _dollars(account.charge_cents),
        48: _dollars(account.adjusted_cents),
        49: _dollars(account.paid_cents),
    }
    segments = [
        f"MSH|^~\\&|MAINSTAY||{to[0]}|{to[1]}|{when}||BAR^P05^BAR_P05|{control_id}|P|2.5.1"
        "||||||UNICODE UTF-8",
        f"EVN|P05|{when}",
        _segment("PID", pid),
        _segment("PV1", pv1),
    ]
    return ("\r".join(segments) + "\r").encode()


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _text(value: str | None) -> str:
    """A value as one line; HL7's own characters escaped."""
    return escaped(" ".join((value or "").split()))


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
