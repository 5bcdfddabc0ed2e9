"""An EHR over MLLP, and what merges are made of."""

from __future__ import annotations

from uuid import UUID

from libs.events.examples import interop as examples
from services.interop.patients.model import patient_id_of
from tests.interop.mllp.conftest import PID, connect, message

__all__ = ["connect"]

OLD = PID.replace("1001^^^EHR", "2002^^^EHR").replace("12 Orchard", "7 Mill")


def chart(mrn: str, authority: str = "EHR") -> UUID:
    return patient_id_of(examples.PRACTICE, authority, mrn)


def a40(pid: str, prior: str, control_id: str) -> str:
    return message("ADT^A40^ADT_A39", "EVN|A40", pid, f"MRG|{prior}", control_id=control_id)


def a37(one: str, other: str, control_id: str) -> str:
    pids = (f"PID|1||{one}", f"PID|2||{other}")
    return message("ADT^A37^ADT_A37", "EVN|A37", *pids, control_id=control_id)
