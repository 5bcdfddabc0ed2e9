"""A fact is read from the field that the profile names, and a refusal names that field."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.interop.appointments.model import ToldAppointment, appointment_id_of
from services.interop.appointments.schedule import ToldVisitEnd
from services.interop.connections.model import Connection, Profile
from services.interop.encounters.model import ToldVisit, encounter_id_of
from services.interop.messages.mapping import mapping_of
from services.interop.messages.model import RefusedError
from services.interop.messages.told import Told, ToldMerges, ToldPatient
from services.interop.mllp.understand import fields_read, understand
from services.interop.patients.model import patient_id_of
from tests.interop.hl7v2.reading import CONNECTION
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, SCH, message

PRACTICE = CONNECTION.practice_id


def mapped(profile: dict[str, Any] | None = None, **fields: list[str]) -> Connection:
    told = {**PROFILE, **(profile or {}), "fields": fields}
    return replace(CONNECTION, profile=Profile.model_validate_json(json.dumps(told)))


def read(raw: str, connection: Connection) -> list[Told]:
    return understand(raw.encode(), connection)


def patient_of(raw: str, connection: Connection) -> ToldPatient:
    return next(one for one in read(raw, connection) if isinstance(one, ToldPatient))


def visit_of(raw: str, connection: Connection) -> ToldVisit:
    return next(one for one in read(raw, connection) if isinstance(one, ToldVisit))


def appointment_of(raw: str, connection: Connection) -> ToldAppointment:
    return next(one for one in read(raw, connection) if isinstance(one, ToldAppointment))


def refused(raw: str, connection: Connection) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as caught:
        read(raw, connection)
    return [(one.code, one.where, one.fix) for one in caught.value.refusals]


def chart(number: str, authority: str = "ehr") -> UUID:
    return patient_id_of(PRACTICE, authority, number)


def visit(number: str) -> UUID:
    return encounter_id_of(PRACTICE, "ehr", number)


MANY = (
    "PID|1|P2|L77^^^LAB^PI~1001^^^MAIN^MR~55^^^STATE&2.16.840.1.1&ISO^XX|A4|Rivera^Alma||19840517"
)


@pytest.mark.parametrize(
    ("path", "patient_id"),
    [
        ("PID-2", chart("P2")),
        ("PID-4", chart("A4")),
        ("PID-3", chart("1001", "MAIN")),
        ("PID-3[PI].1", chart("L77", "LAB")),
        ("PID-3[LAB]", chart("L77", "LAB")),
        ("PID-3[2.16.840.1.1].1", chart("55", "STATE")),
    ],
)
def test_a_chart_number_is_the_one_of_the_field_type_or_authority_that_is_named(
    path: str, patient_id: UUID
) -> None:
    told = patient_of(message("ADT^A04", MANY), mapped(chart_number=[path]))
    assert told.patient.patient_id == patient_id


def test_the_first_place_that_holds_a_value_is_taken() -> None:
    fields = ["PID-3[NONE].1", "PID-4", "PID-2"]
    assert patient_of(message("ADT^A04", MANY), mapped(chart_number=fields)).patient.mrn == "A4"
    without = message("ADT^A04", MANY.replace("|A4|", "||"))
    assert patient_of(without, mapped(chart_number=fields)).patient.mrn == "P2"
    [(code, where, _)] = refused(without, mapped(chart_number=["PID-4", "PID-3[NONE].1"]))
    assert (code, where) == ("chart-number-missing", "PID-4")


@pytest.mark.parametrize(
    ("path", "mrg", "merged", "where"),
    [
        ("PID-2", "MRG|||| 900", "900", "MRG-4"),
        ("PID-4", "MRG||900", "900", "MRG-2"),
        ("PID-3[MR].1", "MRG|7^^^^PI~900^^^^MR", "900", "MRG-1.1"),
    ],
)
def test_a_merged_chart_is_numbered_in_the_field_of_mrg_that_goes_with_the_patients(
    path: str, mrg: str, merged: str, where: str
) -> None:
    connection = mapped(chart_number=[path])
    *_, told = read(message("ADT^A40", MANY, mrg), connection)
    assert isinstance(told, ToldMerges)
    assert [one.merged_id for one in told.merges] == [chart(merged)]
    [(code, at, _)] = refused(message("ADT^A40", MANY, "MRG|"), connection)
    assert (code, at) == ("chart-number-missing", where)


def test_a_visits_number_is_one_for_its_charges_its_booking_and_its_end() -> None:
    connection = mapped(visit_number=["ZVN-1.2", "PV1-50"])
    zvn = "ZVN|x^V77"
    charged = visit_of(message("DFT^P03", PID, PV1, FT1, DG1, IN1, zvn), connection)
    booked = appointment_of(message("SIU^S12", SCH, PID, PV1, zvn), connection)
    [ended] = read(message("ADT^A03", PID, PV1 + "|" * 25 + "20260302", zvn), connection)
    assert booked.booking is not None
    assert isinstance(ended, ToldVisitEnd)
    assert {charged.encounter_id, booked.booking.visit_id, ended.visit_id} == {visit("V77")}
    fallback = PV1 + "|" * 31 + "W5"
    assert visit_of(message("DFT^P03", PID, fallback, FT1, DG1), connection).encounter_id == visit(
        "W5"
    )
    [told] = refused(message("DFT^P03", PID, PV1, FT1, DG1), connection)
    assert told == (
        "visit-number-missing", "ZVN-1.2", "send the visit number in ZVN-1.2 or PV1-50"
    )  # fmt: skip


def test_the_place_of_a_visit_may_stand_in_another_field_than_its_class() -> None:
    connection = mapped(
        {"places_of_service": {"MainOffice": "11", "TELE": "02"}}, visit_class=["FT1-16.4", "PV1-3"]
    )
    at_home = FT1.replace("178.00|||||", "178.00|||||^^^TELE")
    told = visit_of(message("DFT^P03", PID, PV1, at_home, DG1), connection)
    assert told.visit.place_of_service == "02"
    in_office = PV1.replace("PV1|1|O|", "PV1|1|O|MainOffice^Room 2")
    told = visit_of(message("DFT^P03", PID, in_office, FT1, DG1), connection)
    assert told.visit.place_of_service == "11"


def test_a_payer_and_a_member_may_stand_in_other_fields_and_a_refusal_names_them() -> None:
    in1 = "IN1|1|XX9988|BAV|Blue"
    connection = mapped(payer=["IN1-3"], member_id=["IN1-2"])
    told = visit_of(message("DFT^P03", PID, PV1, FT1, DG1, in1), connection)
    assert told.visit.coverage is not None
    assert (told.visit.coverage.payer_id, told.visit.coverage.member_id) == ("BLUEADV", "XX9988")
    [(code, where, _)] = refused(
        message("ADT^A04", PID, in1), mapped(payer=["IN1-4"], member_id=["IN1-2"])
    )
    assert (code, where) == ("payer-unknown", "IN1-4")
    nobody = message("ADT^A04", PID, "IN1|1||BAV")
    [(code, where, _)] = refused(nobody, connection)
    assert (code, where) == ("member-id-missing", "IN1-2")
    long = message("ADT^A04", PID, f"IN1|1|{'9' * 300}|BAV")
    assert [where for _, where, _ in refused(long, connection)] == ["IN1-2"]


def test_each_charge_is_numbered_in_the_field_that_is_named() -> None:
    connection = mapped({"charges_are": "additive"}, transaction_id=["FT1-23"])
    numbered = FT1.replace("||||||G0439", "|||||T1||G0439".replace("|||||T1||", "||||T1||"))
    assert numbered.split("|")[23] == "T1"
    told = visit_of(message("DFT^P03", PID, PV1, numbered, DG1), connection)
    assert [line.transaction_id for line in told.visit.lines] == ["T1"]
    twice = message("DFT^P03", PID, PV1, numbered, numbered, DG1)
    assert [(c, w) for c, w, _ in refused(twice, connection)] == [
        ("transaction-id-twice", "FT1[2]-23")
    ]


def test_a_clinician_may_be_an_appointments_resource_and_an_npi_may_stand_apart() -> None:
    practitioners = {"practitioners": {"gone": "1234567893", "adaeze": "1245319599"}}
    aig = "AIG|1||adaeze^Okafor, Adaeze"
    booked = message("SIU^S12", SCH, PID, "AIG|1|D|gone", aig)
    told = appointment_of(booked, mapped(practitioners, provider=["AIG-3"]))
    assert told.booking is not None
    assert told.booking.provider_npi == "1245319599"
    usual = appointment_of(booked, mapped(practitioners))
    assert usual.booking is not None
    assert usual.booking.provider_npi is None
    apart = "PV1|1|O|||||^Okafor^Adaeze^^^^^^&1245319599&NPI||||||||||||V9"
    charged = message("DFT^P03", PID, apart, FT1, DG1)
    told_visit = visit_of(charged, mapped(practitioners, provider_npi=["PV1-7.9.2"]))
    assert told_visit.visit.provider_npi == "1245319599"
    assert visit_of(charged, mapped(practitioners)).visit.provider_npi is None


def test_an_appointments_id_and_start_may_stand_in_other_fields() -> None:
    aig = "AIG|1||room||||| 20260307140000+0000"
    connection = mapped(appointment_id=["SCH-1"], appointment_start=["AIG-8"])
    told = appointment_of(message("SIU^S12", SCH, PID, aig), connection)
    assert told.appointment_id == appointment_id_of(PRACTICE, "ehr", "A77")
    assert told.booking is not None
    assert told.booking.starts_at.isoformat() == "2026-03-07T14:00:00+00:00"
    [(code, where, _)] = refused(message("SIU^S12", SCH, PID), connection)
    assert (code, where) == ("start-missing", "AIG-8")
    bad = message("SIU^S12", SCH, PID, aig.replace("140000", "940000"))
    assert [(c, w) for c, w, _ in refused(bad, connection)] == [("not-a-time", "AIG-8")]
    [(code, where, _)] = refused(message("SIU^S12", SCH.replace("A77", ""), PID, aig), connection)
    assert (code, where) == ("appointment-id-missing", "SCH-1")


@pytest.mark.parametrize(
    ("trigger", "status", "acts"),
    [
        ("S14", "Checked Out", ("change", "complete")),
        ("S14", "checked out", ("change", "complete")),
        ("S14", "No Show - Called", ("miss",)),
        ("S14", "Noshow", ("miss",)),
        ("S14", "Roomed", ("change",)),
        ("S15", "No Show - Called", ("miss",)),
        ("S15", "Noshow", ("cancel",)),
        ("S15", "", ("cancel",)),
        ("S12", "Checked Out", ("book",)),
        ("S26", "Checked Out", ("miss",)),
    ],
)
def test_a_status_of_the_ehr_says_what_the_profile_says(
    trigger: str, status: str, acts: tuple[str, ...]
) -> None:
    statuses = {"Checked Out": "completed", "No Show - Called": "missed"}
    connection = mapped({"appointment_statuses": statuses}, appointment_status=["AIL-12"])
    ail = f"AIL|1|||||||||||{status}"
    assert appointment_of(message(f"SIU^{trigger}", SCH, PID, ail), connection).acts == acts


def test_a_sex_may_be_written_as_a_word() -> None:
    spelled = message("ADT^A04", PID.replace("|F|", "|Female|"))
    connection = mapped({"sexes": {"Female": "F", "Male": "M"}})
    assert patient_of(spelled, connection).patient.person.sex == "F"
    assert patient_of(message("ADT^A04", PID), connection).patient.person.sex == "F"
    assert patient_of(spelled, mapped()).patient.person.sex == "U"


def test_codes_without_a_system_are_billable_where_the_profile_says_so() -> None:
    unnamed = {"codes_without_system_are_billable": True, "codes": []}
    bare = FT1.replace("^^HCPCS", "^Wellness visit").replace("^^I10C", "^Some words")
    charged = message("DFT^P03", PID, PV1, bare, "DG1|1||Z00.00")
    for profile, targets in ((unnamed, {"Z00.00", "E11.9", "G0439"}), ({}, set[str]())):
        connection = mapped(profile)
        rows = mapping(charged, connection)
        assert {row for row in rows if row in {"Z00.00", "E11.9", "G0439"}} == targets
    ninth = charged.replace("Z00.00", "780.4")
    assert "780.4" not in mapping(ninth, mapped(unnamed))


def mapping(raw: str, connection: Connection) -> set[str]:
    return {row.mapped for row in mapping_of(raw.encode(), connection)}


def test_the_places_that_were_read_are_told_without_what_they_hold() -> None:
    connection = mapped(
        chart_number=["PID-4", "PID-3[MR].1"], visit_number=["PV1-50", "PV1-19"], payer=["IN1-3"]
    )
    raw = message("ADT^A04", PID, PV1).encode()
    assert fields_read(raw, connection) == {
        "chart_number": "PID-3[MR].1",
        "visit_number": "PV1-19",
    }
    assert fields_read(raw, CONNECTION) == {}
    assert fields_read(b"MSH|", connection) == {}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"visit_number": ["PV1.19"]},
            "this is no place in a message; write a field as PV1-19",
        ),
        ({"visit_number": ["PV1-0"]}, "no place in a message"),
        ({"visit_number": ["pv1-19"]}, "no place in a message"),
        ({"visit_number": ["PVI-19"]}, "visit_number is not read from PVI-19 but from PID, PV1"),
        ({"payer": ["PID-5"]}, "payer is not read from PID-5 but from IN1, IN2 or a Z segment"),
        ({"transaction_id": ["ZFT-1"]}, "transaction_id is not read from ZFT-1 but from FT1"),
        ({"chart_number": ["PID-5[MR].1"]}, "PID-5 holds no identifiers of several types"),
        ({"chart_number": ["PID-3[].1"]}, "no place in a message"),
        ({"visit": ["PV1-19"]}, "Extra inputs are not permitted"),
    ],
)
def test_a_mistake_in_a_field_map_is_told_when_it_is_saved(
    fields: dict[str, list[str]], says: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        Profile.model_validate_json(json.dumps({"fields": fields}))


def test_a_new_key_that_is_not_used_leaves_a_profiles_version_as_it_was() -> None:
    plain = CONNECTION.profile_version
    assert replace(CONNECTION, profile=mapped().profile).profile_version == plain
    assert mapped(payer=["IN1-3"]).profile_version != plain
