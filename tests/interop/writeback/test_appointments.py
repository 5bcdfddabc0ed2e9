"""A schedule is told what others tell of its appointments, and what only this platform knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from libs.events.contracts.interop import AppointmentBooked, AppointmentCompleted
from libs.events.examples import engagement
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import CONNECTION
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, message
from tests.interop.writeback.conftest import OTHER, Listener, ask, open_hl7, send, told, waiting

SCH = "SCH|A77|F77|||||||||^^30^20260302150000+0000||||||||||||||"


@dataclass
class Interfaces:
    """Two of one EHR: its schedule's, which asks for results, and another."""

    interop: Harness
    schedule_key: str
    other_key: str

    async def schedule(self, *messages: str) -> None:
        await send(self.interop, self.schedule_key, *messages)

    async def other(self, *messages: str) -> None:
        """Another interface tells, and what comes back of that goes out."""
        await send(self.interop, self.other_key, *messages)
        await self.interop.fire_timers()

    async def appointment_id(self) -> UUID:
        return (await self.interop.published(AppointmentBooked))[0].appointment_id


def siu(trigger: str, status: str = "", sch: str = SCH) -> str:
    return message(
        f"SIU^{trigger}", sch + status, PID, PV1, "RGS|1", control_id=trigger + status[:3]
    )


def charges() -> str:
    return message("DFT^P03", PID, PV1, FT1, DG1, IN1, control_id="P03")


@pytest.fixture
async def ehr_interfaces(
    interop: Harness, open_connection: OpenConnection, ehr: Listener
) -> Interfaces:
    schedule = await open_hl7(open_connection)
    other = await open_hl7(open_connection, name="another EHR")
    assert (await ask(interop, ehr.port, appointments=True)).status_code == 200
    return Interfaces(interop, schedule, other)


def notices(ehr: Listener) -> list[tuple[str, str, str]]:
    """Of each SIU: its trigger event, why it was sent, and how the appointment stands."""
    found: list[tuple[str, str, str]] = []
    for one in ehr.read():
        sch = one.segment("SCH")
        found.append((str(one.segment("MSH")[9][0][1]), str(sch[6][0][0]), str(sch[25])))
    return found


async def test_charges_over_another_interface_complete_the_schedules_appointment(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    await ehr_interfaces.other(charges())
    assert len(await interop.published(AppointmentCompleted)) == 1
    assert notices(ehr) == [("S14", "COMPLETED", "Complete")]


@pytest.mark.parametrize(
    ("sent", "notice"),
    [
        (siu("S26"), ("S26", "MISSED", "Noshow")),
        (siu("S15"), ("S15", "CANCELLED", "Cancelled")),
        (siu("S17"), ("S17", "BOOKED-IN-ERROR", "Deleted")),
        (siu("S14", "Complete"), ("S14", "COMPLETED", "Complete")),
    ],
    ids=["missed", "cancelled", "deleted", "completed"],
)
async def test_what_another_interface_tells_of_it_goes_back_to_the_schedule(
    ehr_interfaces: Interfaces, ehr: Listener, sent: str, notice: tuple[str, str, str]
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    await ehr_interfaces.other(sent)
    assert notices(ehr) == [notice]
    assert await told(ehr_interfaces.interop) == [("AA", 1)]


async def test_the_notice_names_the_appointment_as_its_schedule_does(
    ehr_interfaces: Interfaces, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    await ehr_interfaces.other(siu("S26"))
    [notice] = ehr.read()
    msh, sch, pid = (notice.segment(name) for name in ("MSH", "SCH", "PID"))
    assert str(msh[9]) == "SIU^S26^SIU_S12"
    assert (str(msh[5]), str(msh[6])) == ("EHR", "MAIN")
    assert (str(sch[1]), str(sch[2]), str(sch[11])) == ("A77", "F77", "^^^20260302150000+0000")
    assert (str(pid[3]), str(pid[5])) == ("1001^^^^MR", "Rivera^Alma")
    assert [str(one[0]) for one in notice] == ["MSH", "SCH", "PID", "RGS"]


async def test_a_number_that_stands_elsewhere_comes_back_as_the_fillers(
    interop: Harness, open_connection: OpenConnection, ehr: Listener
) -> None:
    mapped = {**PROFILE, "fields": {"appointment_id": ["SCH-26"]}}
    schedule = await open_hl7(open_connection, profile=mapped)
    other = await open_hl7(open_connection, name="another EHR", profile=mapped)
    await ask(interop, ehr.port, appointments=True)
    interfaces = Interfaces(interop, schedule, other)
    await interfaces.schedule(siu("S12", "Booked|N5"))
    await interfaces.other(siu("S26", "Noshow|N5"))
    [notice] = ehr.read()
    assert (str(notice.segment("SCH")[1]), str(notice.segment("SCH")[2])) == ("A77", "N5")


async def test_what_the_schedule_tells_itself_does_not_come_back(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"), charges())
    await interop.fire_timers()
    assert len(await interop.published(AppointmentCompleted)) == 1
    assert [one.segment("MSH")[9] for one in ehr.read()] == []


async def test_a_schedule_that_asks_for_balances_only_is_told_of_no_appointment(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    await ask(interop, ehr.port)
    await ehr_interfaces.other(siu("S26"))
    assert await waiting(interop) == []
    assert ehr.got == []


async def test_a_schedule_that_asks_later_is_told_of_what_it_tells_of_again(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ask(interop, ehr.port)
    await ehr_interfaces.schedule(siu("S12"))
    await ask(interop, ehr.port, appointments=True)
    await ehr_interfaces.schedule(siu("S14"))
    await ehr_interfaces.other(siu("S15"))
    assert notices(ehr) == [("S15", "CANCELLED", "Cancelled")]


async def test_an_interface_in_testing_leads_to_nothing(
    interop: Harness, open_connection: OpenConnection, ehr: Listener
) -> None:
    schedule = await open_hl7(open_connection)
    testing = await open_hl7(open_connection, name="another EHR", state="testing")
    await ask(interop, ehr.port, appointments=True)
    interfaces = Interfaces(interop, schedule, testing)
    await interfaces.schedule(siu("S12"))
    await interfaces.other(siu("S26"))
    assert ehr.got == []
    async with interop.http(examples.PRACTICE) as client:
        await client.post(f"/connections/{OTHER}/go-live")
    await interfaces.other(siu("S26"))
    assert notices(ehr) == [("S26", "MISSED", "Noshow")]


@pytest.mark.parametrize(
    ("heard", "reason", "remark"),
    [
        (engagement.message_sent, "REMINDER-SENT", "Reminder sent by email"),
        (engagement.message_failed, "REMINDER-FAILED", "Reminder by email not delivered (550)"),
    ],
)
async def test_what_became_of_its_reminder_is_a_remark_on_the_appointment(
    ehr_interfaces: Interfaces,
    interop: Harness,
    ehr: Listener,
    heard: Any,
    reason: str,
    remark: str,
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    event = heard(appointment_id=await ehr_interfaces.appointment_id())
    await interop.receive(event, event)
    await interop.fire_timers()
    assert notices(ehr) == [("S14", reason, "Booked")]
    [notice] = ehr.read()
    assert (str(notice.segment("NTE")[3]), str(notice.segment("NTE")[4])) == (remark, "RE")


async def test_a_reminders_remark_leaves_an_appointment_that_is_over_as_it_is(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"), siu("S15"))
    about = await ehr_interfaces.appointment_id()
    await interop.receive(engagement.message_sent(appointment_id=about))
    await interop.fire_timers()
    assert notices(ehr) == [("S14", "REMINDER-SENT", "Cancelled")]


async def test_a_message_that_reminds_of_no_appointment_of_the_schedule_is_no_result(
    ehr_interfaces: Interfaces, interop: Harness, ehr: Listener
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    await interop.receive(
        engagement.message_sent(appointment_id=None),
        engagement.message_failed(),
    )
    await interop.fire_timers()
    assert ehr.got == []


async def test_the_schedules_numbers_are_kept_sealed(
    ehr_interfaces: Interfaces, interop: Harness
) -> None:
    await ehr_interfaces.schedule(siu("S12"))
    async with interop.uow(examples.PRACTICE) as uow:
        [kept] = await uow.db.fetch("SELECT connection_id, sealed FROM appointment_reference")
    assert kept["connection_id"] == CONNECTION
    assert json.loads(kept["sealed"]).keys() == {"alg", "kid", "iv", "ct"}
