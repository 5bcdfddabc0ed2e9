"""Synthetic practice days as HL7 v2.5.1 messages: registrations, appointments, visits.

The same seed gives the same messages. A practice's panel of patients is fixed by its seed; each
day draws who comes, who was booked and did not come, what was done and who pays.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from libs.local.demo.practices import PAYERS, Clinician, Payer, Practice

APPLICATION = "SAMPLEHR"
PANEL = 60
VISITS_A_DAY = (2, 5)
NO_SHOW_SHARE = 0.09

_FAMILIES = (
    "Abernathy", "Brandt", "Coulibaly", "Delacroix", "Eriksen", "Fujimoto", "Galvez", "Hartono",
    "Iversen", "Jankowski", "Kowalczyk", "Lefebvre", "Moreau", "Nakagawa", "Oyelaran", "Pacheco",
    "Quispe", "Rasmussen", "Szabo", "Thibault", "Uribe", "Vasquez", "Whitlock", "Zielinski",
)  # fmt: skip
_GIVEN = (
    "Amara", "Bruno", "Celia", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira",
    "Leon", "Mara", "Nadia", "Oscar", "Paula", "Rafael", "Sonia", "Tomas", "Vera",
)  # fmt: skip
# What a visit was for: diagnoses (ICD-10-CM) and services, with the weight it is drawn by.
_REASONS: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = (
    (30, ("Z00.00",), ("G0439", "G0444")),
    (18, ("I10",), ("G0463", "G2211")),
    (14, ("E11.9", "I10"), ("G0463", "G2211")),
    (10, ("J06.9",), ("G0463",)),
    (8, ("E66.9", "Z68.32"), ("G0447",)),
    (7, ("Z01.419",), ("G0101", "Q0091")),
    (6, ("M54.50",), ("G0463",)),
    (4, ("Z00.00", "F10.10"), ("G0438", "G0442")),
    (3, ("R05.9",), ("G2012",)),
)


@dataclass(frozen=True, slots=True)
class Patient:
    """A member of a practice's panel."""

    mrn: str
    family: str
    given: str
    birth_on: date
    sex: str
    email: str
    language: str
    payer: Payer | None
    member_id: str
    second_payer: Payer | None = None
    """Pays after `payer`, under the same number with an S in front."""


@dataclass(frozen=True, slots=True)
class Message:
    """One HL7 v2 message of the sample EHR, without its MSH-8 key."""

    practice: Practice
    control_id: str
    kind: str
    segments: tuple[str, ...]
    at: datetime

    def encode(self, key: str) -> bytes:
        """The message's bytes, with the connection's key in MSH-8 (Security)."""
        msh = "|".join((
            "MSH", "^~\\&", APPLICATION, self.practice.facility, "MAINSTAY", "MSO",
            f"{self.at:%Y%m%d%H%M%S}+0000", key, self.kind, self.control_id, "P", "2.5.1",
        ))  # fmt: skip
        return "\r".join((msh, *self.segments, "")).encode()


def panel(practice: Practice, seed: int) -> list[Patient]:
    """The practice's patients."""
    rng = random.Random(f"{seed}/{practice.practice_id}/panel")
    patients: list[Patient] = []
    for number in range(PANEL):
        family, given = rng.choice(_FAMILIES), rng.choice(_GIVEN)
        payer = rng.choices((*PAYERS, None), weights=(45, 25, 24, 6))[0]
        patients.append(
            Patient(
                mrn=f"{practice.facility}-{10_000 + number}",
                family=family,
                given=given,
                birth_on=date(1940, 1, 1) + timedelta(days=rng.randrange(24_000)),
                sex=rng.choice("FM"),
                email=f"{given}.{family}.{number}@patients.example".lower(),
                language=rng.choices(("en", "es"), weights=(4, 1))[0],
                payer=payer,
                member_id=f"M{rng.randrange(10**8):08d}",
                second_payer=PAYERS[0] if payer is PAYERS[1] and number % 3 == 0 else None,
            )
        )
    return patients


def registrations(practice: Practice, seed: int) -> Iterator[Message]:
    """One ADT^A04 per patient of the panel."""
    at = datetime(2025, 12, 31, 15, tzinfo=UTC)
    for patient in panel(practice, seed):
        segments = (_evn("A04", at), *_patient(patient), _pv1(practice.clinicians[0], "REG"),
                    *_insurance(patient))  # fmt: skip
        control = f"{practice.facility}A{patient.mrn[-5:]}"
        yield Message(practice, control, "ADT^A04^ADT_A01", segments, at)


def day(practice: Practice, on: date, seed: int, *, round_: int = 0) -> Iterator[Message]:
    """A day's messages: bookings, visits with their charges, and who did not come.

    Nobody comes twice in a round. `round_` makes further visits of the same day, for a demo that
    has caught up with today; their services say that they are another encounter's.
    """
    if on.weekday() >= 5:
        return
    rng = random.Random(f"{seed}/{practice.practice_id}/{on}/{round_}")
    patients = panel(practice, seed)
    for seat, patient in enumerate(rng.sample(patients, rng.randint(*VISITS_A_DAY))):
        clinician = rng.choice(practice.clinicians)
        starts = datetime.combine(on, time(14 + seat), UTC)
        visit = f"{practice.facility}V{on:%y%m%d}{round_:02d}{seat:02d}"
        yield _booking(practice, patient, clinician, visit, starts, starts - timedelta(days=7))
        if rng.random() < NO_SHOW_SHARE:
            yield _missed(practice, patient, clinician, visit, starts)
        else:
            yield _visit(practice, patient, clinician, visit, starts, rng, "XE" if round_ else "")


def upcoming(practice: Practice, now: datetime, seed: int, count: int) -> Iterator[Message]:
    """Bookings for tomorrow, by the real clock: what reminders are sent for."""
    rng = random.Random(f"{seed}/{practice.practice_id}/upcoming/{now.date()}")
    for seat, patient in enumerate(rng.sample(panel(practice, seed), count)):
        starts = (now + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
        starts += timedelta(minutes=15 * seat)
        visit = f"{practice.facility}U{now:%y%m%d}{seat:02d}"
        yield _booking(practice, patient, practice.clinicians[0], visit, starts, now)


def _booking(
    practice: Practice, patient: Patient, clinician: Clinician, visit: str, starts: datetime,
    at: datetime,
) -> Message:  # fmt: skip
    return Message(
        practice, f"{visit}B", "SIU^S12^SIU_S12",
        (_sch(visit, starts, "Booked"), *_patient(patient), _pv1(clinician, visit),
         "RGS|1", _aip(clinician, starts)), at,
    )  # fmt: skip


def _missed(
    practice: Practice, patient: Patient, clinician: Clinician, visit: str, starts: datetime
) -> Message:
    return Message(
        practice, f"{visit}M", "SIU^S26^SIU_S12",
        (_sch(visit, starts, "Noshow"), *_patient(patient), _pv1(clinician, visit),
         "RGS|1", _aip(clinician, starts)), starts + timedelta(minutes=30),
    )  # fmt: skip


def _visit(
    practice: Practice, patient: Patient, clinician: Clinician, visit: str, starts: datetime,
    rng: random.Random, modifier: str,
) -> Message:  # fmt: skip
    at = starts + timedelta(hours=1)
    _, diagnoses, services = rng.choices(_REASONS, weights=[r[0] for r in _REASONS])[0]
    segments = [_evn("P03", at), *_patient(patient), _pv1(clinician, visit)]
    listed = "~".join(f"{code}^^I10C" for code in diagnoses)
    for number, code in enumerate(services, 1):
        segments.append("|".join((
            "FT1", str(number), visit, "", f"{starts:%Y%m%d}", f"{starts:%Y%m%d}", "CG",
            f"{code}^^HCPCS", "", "", "1", "", "", "", "", "", "", "", "", listed,
            _xcn(clinician), "", "", "", "", f"{code}^^HCPCS", modifier,
        )))  # fmt: skip
    segments += [f"DG1|{n}||{code}^^I10C|||F" for n, code in enumerate(diagnoses, 1)]
    segments += _insurance(patient)
    return Message(practice, f"{visit}C", "DFT^P03^DFT_P03", tuple(segments), at)


def _evn(trigger: str, at: datetime) -> str:
    return f"EVN|{trigger}|{at:%Y%m%d%H%M%S}+0000"


def _patient(patient: Patient) -> tuple[str, ...]:
    fields = [""] * 16
    fields[0] = "PID"
    fields[1] = "1"
    fields[3] = f"{patient.mrn}^^^{APPLICATION}^MR"
    fields[5] = f"{patient.family}^{patient.given}"
    fields[7] = f"{patient.birth_on:%Y%m%d}"
    fields[8] = patient.sex
    fields[11] = "12 Sample Street^^Springfield^MA^01101"
    fields[13] = f"^PRN^PH^^1^413^5550123~^NET^Internet^{patient.email}"
    fields[15] = patient.language
    return ("|".join(fields),)


def _pv1(clinician: Clinician, visit: str) -> str:
    fields = [""] * 20
    fields[0], fields[1], fields[2] = "PV1", "1", "O"
    fields[7] = _xcn(clinician)
    fields[19] = visit
    return "|".join(fields)


def _xcn(clinician: Clinician) -> str:
    authority = "&2.16.840.1.113883.4.6&ISO"
    return f"{clinician.npi}^{clinician.family}^{clinician.given}^^^^^^{authority}^L^^^NPI"


def _sch(visit: str, starts: datetime, status: str) -> str:
    fields = [""] * 26
    fields[0], fields[1], fields[2] = "SCH", visit, visit
    fields[11] = (
        f"^^30^{starts:%Y%m%d%H%M%S}+0000^{starts + timedelta(minutes=30):%Y%m%d%H%M%S}+0000"
    )
    fields[25] = status
    return "|".join(fields)


def _aip(clinician: Clinician, starts: datetime) -> str:
    return f"AIP|1||{_xcn(clinician)}|||{starts:%Y%m%d%H%M%S}+0000|||30|min"


def _insurance(patient: Patient) -> tuple[str, ...]:
    plans = ((patient.payer, patient.member_id), (patient.second_payer, f"S{patient.member_id}"))
    told = [(payer, member_id) for payer, member_id in plans if payer is not None]
    return tuple(
        _in1(number, patient, payer, member_id) for number, (payer, member_id) in enumerate(told, 1)
    )


def _in1(number: int, patient: Patient, payer: Payer, member_id: str) -> str:
    fields = [""] * 37
    fields[0], fields[1] = "IN1", str(number)
    fields[2] = payer.ehr_code
    fields[3] = payer.ehr_code
    fields[4] = payer.name
    fields[16] = f"{patient.family}^{patient.given}"
    fields[17] = "SEL^Self^HL70063"
    fields[22] = str(number)
    fields[36] = member_id
    return "|".join(fields)
