"""An account as the message that EHRs take for it: BAR^P05, update account.

Sources: HL7 v2.5.1 §6.4.5 (BAR^P05), §3.4.2 (PID), §3.4.3 (PV1): PV1-19 the EHR's own number of
the visit, PV1-41 how its claim stands, PV1-46 to 49 what the patient owes of it, what was charged,
taken off and paid. Claims have no message of their own in HL7 v2; DFT would post each payment as a
transaction, which an EHR that missed or doubled one would never get right again.
"""

from __future__ import annotations

from datetime import datetime

from services.interop.connections.model import Connection
from services.interop.patients.model import KnownPatient
from services.interop.writeback.lines import header, instant, line, message, patient_line, text
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
    """The whole account as it stands."""
    pv1 = {
        1: "1",
        2: "U",  # table 0004, unknown: the EHR knows it better
        19: text(reference),
        41: account.status,
        46: _dollars(account.patient_cents),
        47: _dollars(account.charge_cents),
        48: _dollars(account.adjusted_cents),
        49: _dollars(account.paid_cents),
    }
    return message(
        header(connection, "BAR^P05^BAR_P05", control_id, at),
        f"EVN|P05|{instant(at)}",
        patient_line(patient, account=reference),
        line("PV1", pv1),
    )


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
