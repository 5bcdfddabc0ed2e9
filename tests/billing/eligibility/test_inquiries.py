"""A question about coverage goes out, and what the payer says of it is known and told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from libs.events.contracts.billing_eligibility import (
    CoverageEnded,
    CoverageVerified,
    InquiryRefused,
)
from libs.events.contracts.people import Coverage, Subscriber
from libs.events.examples.interop import (
    APPOINTMENT,
    NAMESPACE,
    OTHER_CHART,
    PATIENT,
    PERSON,
    appointment_booked,
    appointment_cancelled,
    appointment_changed,
    patient_merged,
    patient_registered,
    patient_updated,
)
from libs.local.payer.coverage import read_enquiries
from services.billing.eligibility.store import coverage_on
from tests.billing.desk import Desk
from tests.billing.eligibility.asking import (
    COVERED,
    ENDED,
    UNKNOWN,
    ask,
    asked,
    files,
    get,
    hear,
    inquiry_id,
    move_clock,
)

ON = date(2026, 3, 5)


async def standing(desk: Desk, on: date = ON, patient: UUID = PATIENT) -> str:
    async with desk.billing.uow(desk.practice_id) as uow:
        return await coverage_on(uow.db, desk.practice_id, patient, "BUCKEYE01", on)


async def test_a_payer_is_asked_and_the_coverage_is_known_told_and_shown(desk: Desk) -> None:
    said = await asked(desk)
    [patient] = said.patients
    assert (patient.member, patient.subscriber.family, patient.on) == (
        "BM4471",
        "Rivera",
        "20260305",
    )
    assert patient.trace == inquiry_id(1).hex.upper()
    shown = await get(desk, f"/eligibility-inquiries/{inquiry_id(1)}")
    assert (shown["state"], shown["interchange_number"]) == ("asked", 1)
    assert await standing(desk) == "unknown"

    await hear(desk, said, COVERED)

    [told] = await desk.billing.published(CoverageVerified)
    assert (told.patient_id, told.payer_id, told.service_on) == (PATIENT, "BUCKEYE01", ON)
    assert told.starts_on == date(2026, 1, 1)
    assert await standing(desk) == "active"
    [coverage] = await get(desk, f"/patients/{PATIENT}/coverages", on="2026-03-05")
    assert (coverage["standing"], coverage["starts_on"]) == ("active", "2026-01-01")
    money = {
        (b["kind"], b["network"], b["period"]): (b["cents"], b["basis_points"])
        for b in coverage["benefits"]
    }
    assert money["deductible", "in", "calendar-year"] == (150_000, None)
    assert money["coinsurance", "in", "visit"] == (None, 2_000)
    assert money["out-of-pocket", "in", "calendar-year"] == (600_000, None)
    [imaging] = [b for b in coverage["benefits"] if b["kind"] == "coverage-basis"]
    assert (imaging["service_types"], imaging["authorization_required"]) == (["4"], True)


async def test_a_coverage_that_ended_is_told_with_its_last_day(desk: Desk) -> None:
    await hear(desk, await asked(desk), ENDED)
    [told] = await desk.billing.published(CoverageEnded)
    assert told.ends_on == date(2026, 2, 28)
    assert await standing(desk) == "inactive"
    assert await standing(desk, date(2026, 2, 28)) == "unknown"


async def test_a_member_who_is_not_found_is_no_coverage_that_ended(desk: Desk) -> None:
    await hear(desk, await asked(desk), UNKNOWN)
    [refused] = await desk.billing.published(InquiryRefused)
    assert (refused.reason, refused.may_ask_again) == ("member-not-found", True)
    assert await standing(desk) == "unknown"
    shown = await get(desk, "/eligibility-inquiries", reason="member-not-found")
    assert [(one["state"], one["notes"]) for one in shown] == [("refused", ["75/C"])]


async def test_a_dependent_is_asked_about_below_the_subscriber(desk: Desk) -> None:
    coverage = Coverage(
        payer_id="BUCKEYE01", payer_name="Buckeye Mutual", member_id="BM9", relationship="child",
        subscriber=Subscriber(family="Rivera", given="Noé"),
    )  # fmt: skip
    await desk.billing.receive(patient_registered(coverage=coverage))
    await ask(desk, service_on="2026-03-05")
    await desk.billing.fire_timers()
    said = read_enquiries(files(desk)[0])
    [patient] = said.patients
    assert patient.dependent is not None
    assert (patient.subscriber.given, patient.dependent.given) == ("Noe", "Alma")
    await hear(desk, said, COVERED)
    assert await standing(desk) == "active"


async def test_a_question_travels_as_was_agreed_with_the_payer(desk: Desk) -> None:
    receiver = {"interchange_id": "CLEAR1", "qualifier": "30", "application_id": "CLEARAPP",
                "name": "CLEARINGHOUSE", "identifier": "CLR1"}  # fmt: skip
    terms = {"receiver": receiver, "submitter_id": "MSO1", "usage": "P", "name": "BUCKEYE"}
    async with desk.billing.http(desk.practice_id) as client:
        assert (await client.put("/payers/BUCKEYE01", json=terms)).status_code == 200
    said = await asked(desk)
    assert (said.sender, said.receiver, said.usage) == ("MSO1", "CLEAR1", "P")
    assert said.payer == ("BUCKEYE", "BUCKEYE01")
    assert b"*30*CLEAR1 " in files(desk)[0]
    assert b"GS*HS*MSO1*CLEARAPP*" in files(desk)[0]


async def test_the_same_question_asks_once_and_another_under_its_id_is_refused(desk: Desk) -> None:
    await asked(desk)
    again = await ask(desk, service_on="2026-03-05")
    assert again.status_code == 202
    assert again.json()["state"] == "asked"
    assert (await ask(desk, service_on="2026-03-06")).status_code == 409
    await desk.billing.fire_timers()
    assert len(files(desk)) == 1


async def test_nobody_is_asked_about_who_is_not_known_or_not_insured(desk: Desk) -> None:
    assert (await ask(desk)).status_code == 404
    await desk.billing.receive(patient_registered(coverage=None))
    assert (await ask(desk)).status_code == 404
    await desk.billing.receive(patient_updated())
    assert (await ask(desk, payer_id="SOMEELSE")).status_code == 404
    assert (await ask(desk, appointment_id=str(APPOINTMENT))).status_code == 404
    assert (await ask(desk)).status_code == 202


async def test_a_member_number_that_a_270_cannot_carry_refuses_its_own_question_alone(
    desk: Desk,
) -> None:
    other = uuid5(NAMESPACE, "somebody else")
    bad = Coverage(payer_id="BUCKEYE01", payer_name="Buckeye Mutual", member_id="B*1")
    await desk.billing.receive(
        patient_registered(), patient_registered(patient_id=other, coverage=bad)
    )
    await ask(desk, 1)
    await ask(desk, 2, patient_id=str(other))
    await desk.billing.fire_timers()
    assert [p.member for p in read_enquiries(files(desk)[0]).patients] == ["BM4471"]
    [refused] = await desk.billing.published(InquiryRefused)
    assert (refused.patient_id, refused.reason) == (other, "member-data")
    shown = await get(desk, f"/eligibility-inquiries/{inquiry_id(2)}")
    assert shown["notes"] == ["2100C NM109"]


async def test_everybody_who_is_expected_tomorrow_is_asked_about_in_one_file(desk: Desk) -> None:
    others = [uuid5(NAMESPACE, f"patient {n}") for n in range(3)]
    for number, patient in enumerate(others):
        await desk.billing.receive(
            patient_registered(patient_id=patient, mrn=f"M{number}"),
            appointment_booked(appointment_id=uuid5(patient, "visit"), patient_id=patient),
        )
    await desk.billing.receive(
        patient_registered(coverage=None),
        appointment_booked(),
        appointment_cancelled(
            appointment_id=uuid5(others[1], "visit"), patient_id=others[1], starts_on=ON
        ),
        appointment_changed(appointment_id=uuid5(others[2], "visit"), patient_id=others[2]),
    )
    await move_clock(desk, datetime(2026, 3, 4, 5, 59, tzinfo=UTC))
    assert files(desk) == []
    await move_clock(desk, datetime(2026, 3, 4, 6, 0, tzinfo=UTC))
    [said] = [read_enquiries(content) for content in files(desk)]
    assert [p.on for p in said.patients] == ["20260305"]
    await move_clock(desk, datetime(2026, 3, 11, 6, 0, tzinfo=UTC))
    assert [p.on for p in read_enquiries(files(desk)[1]).patients] == ["20260312"]


async def test_who_was_asked_about_some_days_ago_is_not_asked_about_again(desk: Desk) -> None:
    await asked(desk, service_on="2026-03-04")
    await desk.billing.receive(appointment_booked())
    await move_clock(desk, datetime(2026, 3, 4, 6, 0, tzinfo=UTC))
    assert len(files(desk)) == 1


async def test_a_history_of_appointments_asks_nobody(desk: Desk) -> None:
    await desk.billing.receive(patient_registered(), appointment_booked(starts_on=date(2026, 3, 1)))
    await move_clock(desk, timedelta(days=30))
    assert files(desk) == []


async def test_a_question_without_an_answer_ends_after_two_days(desk: Desk) -> None:
    await asked(desk)
    await move_clock(desk, timedelta(days=2))
    [refused] = await desk.billing.published(InquiryRefused)
    assert (refused.reason, refused.may_ask_again) == ("no-answer", True)


async def test_an_answer_that_comes_late_is_taken_after_all(desk: Desk) -> None:
    said = await asked(desk)
    await move_clock(desk, timedelta(days=2))
    await hear(desk, said, COVERED)
    assert await standing(desk) == "active"


async def test_a_coverage_is_the_patients_under_each_of_their_charts(desk: Desk) -> None:
    await hear(desk, await asked(desk), COVERED)
    await desk.billing.receive(patient_merged())
    assert await standing(desk, patient=OTHER_CHART) == "active"
    assert (await ask(desk, 2, patient_id=str(OTHER_CHART))).status_code == 202


async def test_nothing_that_names_a_patient_stands_open_in_a_table_or_an_event(desk: Desk) -> None:
    await hear(desk, await asked(desk), COVERED)
    marked = (PERSON.family, PERSON.given, "BM4471", "1984-05-17", "19840517")
    for table in ("member", "expected_visit", "eligibility_inquiry", "coverage_answer"):
        for row in await desk.fetch(f"SELECT {table}::text AS row FROM {table}"):
            assert not [m for m in marked if m.lower() in row["row"].lower()], table
    for event in await desk.billing.published_all():
        assert not [m for m in marked if m in event.model_dump_json()]
