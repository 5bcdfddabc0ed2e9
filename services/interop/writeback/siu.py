"""What became of an appointment as schedules take it: SIU, a notification about an appointment.

Sources: HL7 v2.5.1 §10.4 (S14 modification, S15 cancellation, S17 deletion, S26 no-show), §10.6.1
(SCH): SCH-1 and SCH-2 the schedule's own numbers, SCH-6 why this is sent, SCH-11.4 the start,
SCH-25 how the appointment stands. SCH-16 and SCH-20 are required; who enters it is this platform.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.interop.appointments.model import State
from services.interop.connections.model import Connection
from services.interop.patients.model import KnownPatient
from services.interop.writeback.lines import header, instant, line, message, patient_line, text
from services.interop.writeback.results import FILLER_STATUS, Result


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as its schedule is told of it; `numbers`: SCH-1 and SCH-2 as it wrote them."""

    appointment_id: UUID
    connection_id: UUID
    patient_id: UUID
    starts_at: datetime
    state: State
    numbers: tuple[str, str] = field(repr=False)


def write_siu(
    result: Result,
    booking: Booking,
    patient: KnownPatient,
    connection: Connection,
    *,
    control_id: str,
    at: datetime,
) -> bytes:
    """The appointment with what became of it, and a remark where that is all that is new."""
    sch = {
        1: text(booking.numbers[0]),
        2: text(booking.numbers[1]),
        6: f"{result.reason}^{text(result.text)}",
        11: f"^^^{instant(booking.starts_at)}",
        16: "^MAINSTAY",
        20: "^MAINSTAY",
        25: FILLER_STATUS[result.state or booking.state],
    }
    remark = [f"NTE|1||{text(result.text)}|RE"] if result.state is None else []
    return message(
        header(connection, f"SIU^{result.trigger}^SIU_S12", control_id, at),
        line("SCH", sch),
        *remark,
        patient_line(patient),
        "RGS|1|U",  # required by the structure; nothing is told of its resources
    )
