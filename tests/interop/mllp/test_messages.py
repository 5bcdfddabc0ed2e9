"""HL7 v2 over a real socket: what each message becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentMissed,
    ChargeLine,
    EncounterCorrected,
    EncounterPosted,
    EncounterReplaced,
    PatientRegistered,
    PatientUpdated,
)
from libs.events.contracts.people import Coverage, Person
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import said
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PID_MOVED, PV1, SCH, Connect, message

PERSON = Person(
    family="Rivera",
    given="Alma",
    birth_on=date(1984, 5, 17),
    sex="F",
    address_line="12 Orchard Street",
    city="Columbus",
    state="OH",
    postal_code="43004",
    phone="6145550142",
    email="alma.rivera@mail.example",
    language="es",
)
COVERAGE = Coverage(
    payer_id="BLUEADV", payer_name="Blue Advantage", member_id="BM4471", group_number="G100"
)


async def test_a_new_patient_is_registered_then_updated_only_where_something_changed(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    for number, (kind, pid, *rest) in enumerate(
        [("A04", PID, IN1), ("A08", PID), ("A08", PID_MOVED), ("A04", PID_MOVED, IN1)]
    ):
        answer = await ehr.send(message(f"ADT^{kind}", pid, *rest, control_id=f"m{number}"))
        assert answer[1][:3] == ["MSA", "AA", f"m{number}"]
    [registered] = await interop.published(PatientRegistered)
    [updated] = await interop.published(PatientUpdated)
    assert (registered.person, registered.coverage, registered.mrn) == (PERSON, COVERAGE, "1001")
    assert updated.person == PERSON.model_copy(update={"address_line": "7 Mill Lane"})
    assert updated.coverage == COVERAGE
    assert updated.patient_id == registered.patient_id


async def test_what_a_message_says_nothing_of_stays_and_two_quotes_delete_it(
    interop: Harness, connect: Connect
) -> None:
    """HL7 v2.5.1 §2.5.3: a field that is absent and a field that says "none" are not the same."""
    ehr = await connect()
    bare = "|".join(PID.split("|")[:9]).replace("|F", "|")
    for number, pid in enumerate(
        [
            PID,
            bare,
            bare + '|||^^^^||||""',
            bare + '|||""||""',
            bare + "|||9 New Road^^Dayton||^PRN^PH^^1^937^5550100",
        ]
    ):
        answer = await ehr.send(message("ADT^A08", pid, control_id=f"m{number}"))
        assert answer[1][1] == "AA", answer
    [registered] = await interop.published(PatientRegistered)
    assert registered.person == PERSON
    english, gone, moved = [event.person for event in await interop.published(PatientUpdated)]
    assert english == PERSON.model_copy(update={"language": "en"})
    none = ("address_line", "city", "state", "postal_code", "phone", "email")
    assert gone == english.model_copy(update=dict.fromkeys(none))
    assert moved == gone.model_copy(
        update={"address_line": "9 New Road", "city": "Dayton", "phone": "9375550100"}
    )


async def test_an_address_is_told_as_a_whole(interop: Harness, connect: Connect) -> None:
    ehr = await connect()
    await ehr.send(message("ADT^A04", PID, control_id="1"))
    line_only = "|".join(PID.split("|")[:11]) + "|9 New Road"
    await ehr.send(message("ADT^A08", line_only, control_id="2"))
    [updated] = await interop.published(PatientUpdated)
    moved = {"address_line": "9 New Road", "city": None, "state": None, "postal_code": None}
    assert updated.person == PERSON.model_copy(update=moved)


async def test_an_appointment_is_booked_and_missed_on_the_connections_day(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    aip = "AIP|1||1245319599^Okafor^Adaeze^^^^^^NPI^L^^^NPI"
    booked = await ehr.send(message("SIU^S12", SCH, PID, aip, control_id="b"))
    again = await ehr.send(message("SIU^S12", SCH, PID, aip, control_id="b2"))
    missed = await ehr.send(message("SIU^S26", SCH, PID, aip, control_id="m"))
    again_missed = await ehr.send(message("SIU^S26", SCH, PID, aip, control_id="m2"))
    assert [a[1][1] for a in (booked, again, missed, again_missed)] == ["AA"] * 4
    [booking] = await interop.published(AppointmentBooked)
    [miss] = await interop.published(AppointmentMissed)
    assert booking.starts_at == datetime(2026, 3, 6, 1, 30, tzinfo=UTC)
    assert booking.starts_on == miss.starts_on == date(2026, 3, 5)  # the evening before, Eastern
    assert booking.provider_npi == "1245319599"
    assert (miss.appointment_id, miss.patient_id) == (booking.appointment_id, booking.patient_id)


async def test_a_miss_of_an_appointment_never_booked_is_refused_and_leaves_no_trace(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    answer = await ehr.send(message("SIU^S26", SCH, PID))
    assert answer[1][1] == "AE"
    assert answer[2][2:6] == ["SCH^1^2", "204^Unknown key identifier^HL70357", "E",
                              "appointment-unknown"]  # fmt: skip
    assert await interop.published_all() == []  # not even the patient: all or nothing


async def test_an_appointment_moved_under_its_own_id_is_refused(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await ehr.send(message("SIU^S12", SCH, PID, control_id="1"))
    moved = SCH.replace("20260306", "20260307")
    answer = await ehr.send(message("SIU^S12", moved, PID, control_id="2"))
    assert (answer[1][1], answer[2][5]) == ("AE", "appointment-already-booked")


async def test_a_charged_visit_is_posted_exactly(interop: Harness, connect: Connect) -> None:
    ehr = await connect()
    answer = await ehr.send(message("DFT^P03", PID, PV1, FT1, DG1, IN1))
    assert answer[1][:3] == ["MSA", "AA", "1"], answer
    registered, posted = await interop.published_all()
    assert isinstance(registered, PatientRegistered)
    assert isinstance(posted, EncounterPosted)
    expected = EncounterPosted(
        practice_id=registered.practice_id,
        encounter_id=posted.encounter_id,
        patient_id=registered.patient_id,
        provider_npi="1245319599",
        service_on=date(2026, 3, 2),
        place_of_service="11",
        diagnoses=("Z00.00", "E11.9"),
        lines=(
            ChargeLine(
                line_number=1,
                procedure_code="G0439",
                modifiers=("25",),
                units=2,
                diagnosis_pointers=(1, 2),
            ),
        ),
        person=PERSON,
        coverage=COVERAGE,
        source="hl7v2",
        ehr_charge_cents=17_800,
    )
    assert said([posted]) == said([expected])


async def test_a_visit_without_insurance_is_paid_as_the_patient_is_covered(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await ehr.send(message("ADT^A04", PID, IN1, control_id="1"))
    await ehr.send(message("DFT^P03", PID, PV1, FT1, DG1, control_id="2"))
    [posted] = await interop.published(EncounterPosted)
    assert posted.coverage == COVERAGE


async def test_the_same_visit_again_does_nothing_and_a_changed_one_is_corrected(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    first = await ehr.send(message("DFT^P03", PID, PV1, FT1, DG1, control_id="1"))
    same = await ehr.send(message("DFT^P03", PID, PV1, FT1, DG1, control_id="2"))
    more = FT1.replace("|2|178.00", "|3|267.00")
    changed = await ehr.send(message("DFT^P03", PID, PV1, more, DG1, control_id="3"))
    assert [a[1][1] for a in (first, same, changed)] == ["AA", "AA", "AA"]
    [posted] = await interop.published(EncounterPosted)
    [corrected] = await interop.published(EncounterCorrected)
    assert corrected.lines[0].units == 3
    assert corrected.replaces == EncounterReplaced(
        event_id=posted.event_id, service_on=posted.service_on, provider_npi=posted.provider_npi
    )


async def test_a_visit_that_lacks_something_waits_and_asks(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    unsigned = PV1.replace("1245319599^Okafor^Adaeze^^^^^^NPI^L^^^NPI", "77^Okafor^Adaeze")
    odd = FT1.replace("Z00.00^^I10C", "Z00.00^^I10C~4711^^SCT")
    answer = await ehr.send(message("DFT^P03", PID, unsigned, odd, DG1, IN1))
    assert answer[1][1] == "AA"
    assert await interop.published(EncounterPosted) == []
    async with interop.http(examples.PRACTICE) as client:
        queries = (await client.get("/queries", params={"state": "open"})).json()
        [shown] = (await client.get("/messages")).json()
    assert {(q["reason"], q["code_system"], q["code"]) for q in queries} == {
        ("missing-provider", None, None),
        ("unmapped-diagnosis", "http://snomed.info/sct", "4711"),
    }
    assert shown["fate"] == "waiting"
