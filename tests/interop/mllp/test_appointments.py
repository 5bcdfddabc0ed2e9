"""The life of an appointment, as an EHR's schedule and its visits tell it over HL7 v2."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentCompleted,
    AppointmentMissed,
    PatientUpdated,
)
from tests.harness import Harness
from tests.interop.mllp.conftest import (
    DG1,
    FT1,
    IN1,
    PID,
    PID_MOVED,
    PV1,
    SCH,
    Connect,
    Ehr,
    message,
)

AIP = "AIP|1||1245319599^Okafor^Adaeze^^^^^^NPI^L^^^NPI"
LATER = SCH.replace("20260306", "20260309")
# The appointment of the visit that PV1 and FT1 charge: on the same day, under its number.
OF_VISIT = SCH.replace("20260306013000", "20260302150000")
A03 = (
    "EVN|A03|20260302161000-0500",
    PID,
    PV1 + "|" * 25 + "20260302100500-0500|20260302160500-0500",
)


async def send(ehr: Ehr, *messages: tuple[str, ...]) -> list[str]:
    """Send each (type, segments); AA, or the code of the refusal."""
    answers: list[str] = []
    for number, (kind, *segments) in enumerate(messages):
        answer = await ehr.send(message(kind, *segments, control_id=f"{kind}/{number}"))
        answers.append(answer[1][1] if len(answer) == 2 else answer[2][5])
    return answers


async def kinds(interop: Harness) -> Counter[str]:
    names = [event.type.split(".")[1] for event in await interop.published_all()]
    return Counter(name for name in names if name.startswith("appointment"))


async def test_an_appointment_is_moved_and_each_change_is_told_once(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    other = AIP.replace("1245319599", "1234567893")
    answers = await send(
        ehr,
        ("SIU^S12", SCH, PID, AIP),
        ("SIU^S13", LATER, PID, AIP),
        ("SIU^S13", LATER, PID, AIP),
        ("SIU^S14", LATER, PID),
        ("SIU^S14", LATER, PID, other),
        ("SIU^S14", LATER, PID, other.replace("AIP|1|", "AIP|2|D"), AIP.replace("|1|", "|1|A")),
    )
    assert answers == ["AA"] * 6
    [booked] = await interop.published(AppointmentBooked)
    moved, handed, back = await interop.published(AppointmentChanged)
    assert (moved.appointment_id, moved.patient_id) == (booked.appointment_id, booked.patient_id)
    assert moved.starts_at == datetime(2026, 3, 9, 1, 30, tzinfo=UTC)
    assert moved.starts_on == date(2026, 3, 8)  # the evening before, Eastern
    npis = [booked.provider_npi, moved.provider_npi, handed.provider_npi, back.provider_npi]
    assert npis == ["1245319599", "1245319599", "1234567893", "1245319599"]


@pytest.mark.parametrize("kind", ["S13", "S14", "S15", "S17", "S26"])
async def test_nothing_is_made_up_of_an_appointment_that_was_never_booked(
    interop: Harness, connect: Connect, kind: str
) -> None:
    answer = await (await connect()).send(message(f"SIU^{kind}", SCH, PID))
    assert (answer[1][1], answer[2][2], answer[2][5]) == ("AE", "SCH^1^2", "appointment-unknown")
    assert "send its booking (S12) first" in answer[2][8]
    assert await interop.published_all() == []


@pytest.mark.parametrize(("kind", "reason"), [("S15", "cancelled"), ("S17", "booked-in-error")])
async def test_what_ends_an_appointment_needs_no_time_and_it_may_be_booked_again(
    interop: Harness, connect: Connect, kind: str, reason: str
) -> None:
    ehr = await connect()
    ended = (f"SIU^{kind}", "SCH|A77|F77", PID)
    answers = await send(
        ehr, ("SIU^S12", SCH, PID), ended, ended, ("SIU^S26", SCH, PID), ("SIU^S12", LATER, PID)
    )
    assert answers == ["AA", "AA", "AA", "appointment-over", "AA"]
    [cancelled] = await interop.published(AppointmentCancelled)
    assert (cancelled.reason, cancelled.starts_on) == (reason, date(2026, 3, 5))
    _, again = await interop.published(AppointmentBooked)
    assert (again.starts_on, again.appointment_id) == (date(2026, 3, 8), cancelled.appointment_id)


async def test_a_no_show_that_is_edited_later_stays_one_and_is_not_moved(
    interop: Harness, connect: Connect
) -> None:
    answers = await send(
        await connect(),
        ("SIU^S12", SCH, PID),
        ("SIU^S26", SCH, PID),
        ("SIU^S14", SCH, PID),
        ("SIU^S13", LATER, PID),
    )
    assert answers == ["AA", "AA", "AA", "appointment-over"]
    assert await kinds(interop) == {"appointment-booked": 1, "appointment-missed": 1}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Complete", AppointmentCompleted),
        ("Noshow", AppointmentMissed),
        ("Cancelled", AppointmentCancelled),
        ("Deleted", AppointmentCancelled),
        ("Started", None),
        ("our own word", None),
    ],
)
async def test_a_modification_says_what_its_filler_status_says(
    interop: Harness, connect: Connect, status: str, said: type | None
) -> None:
    """HL7 table 0278, in SCH-25."""
    noted = SCH + "|" * 14 + status
    assert await send(await connect(), ("SIU^S12", SCH, PID), ("SIU^S14", noted, PID)) == ["AA"] * 2
    *_, last = await interop.published_all()
    assert isinstance(last, said or AppointmentBooked)


@pytest.mark.parametrize("visit", [("ADT^A03", *A03), ("DFT^P03", PID, PV1, FT1, DG1, IN1)])
@pytest.mark.parametrize("late", [False, True])
async def test_the_visit_that_was_booked_took_place_also_after_a_no_show(
    interop: Harness, connect: Connect, visit: tuple[str, ...], late: bool
) -> None:
    missed = [("SIU^S26", OF_VISIT, PID)] if late else []
    answers = await send(
        await connect(), ("SIU^S12", OF_VISIT, PID, PV1), *missed, visit, ("SIU^S26", OF_VISIT, PID)
    )
    assert answers == ["AA"] * (len(answers) - 1) + ["appointment-over"]
    [booked] = await interop.published(AppointmentBooked)
    [completed] = await interop.published(AppointmentCompleted)
    assert completed.appointment_id == booked.appointment_id
    assert completed.starts_on == date(2026, 3, 2)


async def test_a_visit_that_was_charged_before_its_booking_was_heard_completes_it(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    answers = await send(ehr, ("DFT^P03", PID, PV1, FT1, DG1, IN1), ("SIU^S12", OF_VISIT, PID, PV1))
    assert answers == ["AA", "AA"]
    assert await kinds(interop) == {"appointment-booked": 1, "appointment-completed": 1}


@pytest.mark.parametrize(
    "booking",
    [
        (OF_VISIT, PID),
        (OF_VISIT, PID, PV1.replace("V9", "V8")),
        (OF_VISIT.replace("20260302", "20260303"), PID, PV1),
        (OF_VISIT, PID.replace("1001^", "1002^"), PV1),
    ],
    ids=["no number", "another number", "another day", "another patient"],
)
async def test_a_visit_completes_nothing_that_was_not_booked_for_it(
    interop: Harness, connect: Connect, booking: tuple[str, ...]
) -> None:
    answers = await send(
        await connect(),
        ("SIU^S12", *booking),
        ("ADT^A03", *A03),
        ("DFT^P03", PID, PV1, FT1, DG1, IN1),
        ("SIU^S14", *booking),
    )
    assert answers == ["AA"] * 4
    assert await kinds(interop) == {"appointment-booked": 1}


async def test_a_visit_is_charged_though_its_appointment_was_cancelled(
    interop: Harness, connect: Connect
) -> None:
    answers = await send(
        await connect(),
        ("SIU^S12", OF_VISIT, PID, PV1),
        ("SIU^S15", OF_VISIT, PID),
        ("DFT^P03", PID, PV1, FT1, DG1, IN1),
    )
    assert answers == ["AA"] * 3
    assert await interop.published(AppointmentCompleted) == []


async def test_a_visits_end_and_what_is_taken_back_change_no_patient_and_no_appointment(
    interop: Harness, connect: Connect
) -> None:
    """HL7 v2.5.1 §3.3.11: what changed of the patient is told by an A08."""
    moved = (A03[0], PID_MOVED, A03[2])
    answers = await send(
        await connect(),
        ("ADT^A11", *moved),
        ("SIU^S12", OF_VISIT, PID, PV1),
        ("ADT^A03", *moved),
        ("ADT^A13", *moved),
        ("ADT^A11", *moved),
        ("ADT^A03", *moved),
    )
    assert answers == ["AA"] * 6
    assert await interop.published(PatientUpdated) == []
    assert await kinds(interop) == {"appointment-booked": 1, "appointment-completed": 1}


async def test_a_visit_end_without_a_day_is_refused_and_without_a_number_is_nothing(
    connect: Connect,
) -> None:
    answers = await send(
        await connect(), ("ADT^A03", PID, PV1), ("ADT^A03", PID, "PV1|1|O"), ("ADT^A03", PID)
    )
    assert answers == ["visit-date-missing", "AA", "segment-missing"]


@pytest.mark.parametrize("kind", ["ADT^A01", "ADT^A04", "ADT^A05", "ADT^A08", "ADT^A28", "ADT^A31"])
async def test_every_message_about_a_person_registers_and_then_updates(
    interop: Harness, connect: Connect, kind: str
) -> None:
    assert await send(await connect(), (kind, PID), (kind, PID), (kind, PID_MOVED)) == ["AA"] * 3
    names = [event.type.split(".")[1] for event in await interop.published_all()]
    assert names == ["patient-registered", "patient-updated"]


@pytest.mark.parametrize("kind", ["ORU^R01", "MDM^T01", "MDM^T11"])
async def test_results_and_documents_are_acknowledged_kept_and_say_nothing(
    interop: Harness, connect: Connect, kind: str
) -> None:
    ehr = await connect()
    assert await send(ehr, (kind, PID, "OBX|1|TX|||not for us"), ("MDM^T12", PID)) == [
        "AA", "trigger-event-not-taken",
    ]  # fmt: skip
    assert await interop.published_all() == []
