"""Batches of claims for the X12 tests: one readable, and any that a property may think of."""

from __future__ import annotations

import string
from datetime import date, datetime
from functools import partial
from typing import Literal

from hypothesis import strategies as st

from services.billing.x12.claims_837p import (
    Address,
    Attachment,
    BillingProvider,
    Demographics,
    DependentPatient,
    Payer,
    Person,
    ProfessionalClaim,
    ProfessionalClaims,
    Receiver,
    ReferringProvider,
    RenderingProvider,
    ServiceFacility,
    ServiceLine,
    Sex,
    Submitter,
    Subscriber,
)
from services.billing.x12.code_lists import (
    ATTACHMENT_TRANSMISSIONS,
    ATTACHMENT_TYPES,
    PLACES_OF_SERVICE,
    STATES,
)

ADDRESS = Address("12 ELM STREET", "SPRINGFIELD", "IL", "62701")
PATIENT = Demographics(ADDRESS, date(1980, 2, 29), "F")
SUBSCRIBER = Subscriber(Person("DOE", "JANE", "Q"), "MEM001", "CI", PATIENT, "GRP9")
CLINICIAN = RenderingProvider(Person("SMITH", "ANN"), "1912301953", "207Q00000X")
CHILD = DependentPatient(Person("DOE", "TIM"), "19", Demographics(ADDRESS, date(2015, 5, 1), "M"))


def line(number: int, cents: int = 12550, *, control_number: str = "") -> ServiceLine:
    """One line of a visit on 3 March 2025."""
    return ServiceLine(
        control_number or f"L{number}", "G0439", cents, 1, date(2025, 3, 3), (1,), ("25",)
    )


def claim(
    number: str = "CLAIM1", lines: int = 2, payer: str = "PAYER1", cents: int = 12550
) -> ProfessionalClaim:
    """A claim whose patient is the subscriber."""
    return ProfessionalClaim(
        control_number=number,
        charge_cents=lines * cents,
        place_of_service="11",
        subscriber=SUBSCRIBER,
        payer=Payer("SAMPLE HEALTH PLAN", payer),
        rendering_provider=CLINICIAN,
        diagnoses=("E11.9", "I10"),
        lines=tuple(line(n, cents, control_number=f"{number}-{n}") for n in range(1, lines + 1)),
    )


def batch(*claims: ProfessionalClaim, interchange: int = 7) -> ProfessionalClaims:
    """An interchange of the claims given, or of one."""
    return ProfessionalClaims(
        sender_id="MAINSTAY",
        receiver_id="CLEARING",
        interchange_control=interchange,
        group_control=interchange,
        transaction_control=1,
        written_at=datetime(2025, 3, 4, 9, 30),  # noqa: DTZ001 - X12 times carry no zone
        usage="T",
        submitter=Submitter("MAINSTAY MSO", "SUB1", "BILLING DESK", "8005550111"),
        receiver=Receiver("CLEARINGHOUSE", "CLR1"),
        billing_provider=BillingProvider("ELM FAMILY MEDICINE", "1234567893", "123456789", ADDRESS),
        claims=claims or (claim(),),
    )


_CHARACTERS = string.ascii_letters + string.digits + " !\"&'()+,-./;?=%@[]_{}\\|<>#$"


def _text(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    stripped = st.text(_CHARACTERS, min_size=shortest, max_size=longest).map(str.strip)
    return stripped.filter(lambda value: len(value) >= shortest)


def _alphanumeric(shortest: int, longest: int | None = None) -> st.SearchStrategy[str]:
    letters = string.ascii_uppercase + string.digits
    return st.text(letters, min_size=shortest, max_size=longest or shortest)


_days = st.dates(date(1900, 1, 1), date(2009, 12, 31))
_later_days = st.dates(date(2010, 1, 1), date(2099, 12, 31))
_digits = partial(st.text, string.digits)
_sexes: st.SearchStrategy[Sex] = st.sampled_from(["F", "M", "U"])
_addresses = st.builds(
    Address,
    line=_text(55),
    city=_text(30, 2),
    state=st.sampled_from(sorted(STATES - {"PW"})),  # the judge does not know Palau
    postal_code=st.one_of(_digits(min_size=5, max_size=5), _digits(min_size=9, max_size=9)),
)
_people = st.builds(Person, _text(60), st.none() | _text(35), st.none() | _text(25))
_demographics = st.builds(Demographics, _addresses, _days, _sexes)
_submitters = st.builds(
    Submitter, _text(60), _text(80, 2), _text(60), _digits(min_size=10, max_size=10)
)
_referring = st.builds(ReferringProvider, _people, _digits(min_size=10, max_size=10))
_facilities = st.builds(
    ServiceFacility, _text(60), _addresses, st.none() | _digits(min_size=10, max_size=10)
)
_attachments = st.one_of(
    st.just(Attachment("OZ", "AA")),
    st.builds(
        Attachment,
        st.sampled_from(sorted(ATTACHMENT_TYPES)),
        st.sampled_from(sorted(ATTACHMENT_TRANSMISSIONS)),
        _text(50, 2),
    ),
)
_frequencies: st.SearchStrategy[Literal["1", "7", "8"]] = st.sampled_from(["1", "7", "8"])
_diagnoses = st.from_regex(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", fullmatch=True)


@st.composite
def _claims(draw: st.DrawFn, number: str) -> ProfessionalClaim:
    diagnoses = tuple(draw(st.lists(_diagnoses, min_size=1, max_size=12)))
    pointers = st.lists(st.integers(1, len(diagnoses)), min_size=1, max_size=4).map(tuple)
    lines = tuple(
        ServiceLine(
            control_number=f"{index}/{draw(_alphanumeric(1, 20))}",
            procedure=draw(_alphanumeric(5)),
            charge_cents=draw(st.integers(0 if index else 1, 10**7)),
            units=draw(st.integers(1, 9999)),
            service_on=draw(_later_days),
            diagnosis_pointers=draw(pointers),
            modifiers=tuple(draw(st.lists(_alphanumeric(2), max_size=4))),
        )
        for index in range(draw(st.integers(1, 4)))
    )
    dependent = st.builds(DependentPatient, _people, st.sampled_from(["01", "19"]), _demographics)
    patient = draw(st.none() | dependent)
    frequency = draw(_frequencies)
    clinicians = st.builds(
        RenderingProvider, _people, _digits(min_size=10, max_size=10), _alphanumeric(10)
    )
    return ProfessionalClaim(
        control_number=number,
        charge_cents=sum(line.charge_cents for line in lines),
        place_of_service=draw(st.sampled_from(sorted(PLACES_OF_SERVICE))),
        subscriber=Subscriber(
            name=draw(_people),
            member_id=draw(_text(80, 2)),
            filing_code=draw(st.sampled_from(["CI", "MB", "MC"])),
            demographics=draw(_demographics if patient is None else st.none() | _demographics),
            group_number=draw(st.none() | _text(50)),
        ),
        payer=Payer(draw(_text(60)), draw(_alphanumeric(2, 30))),
        rendering_provider=draw(st.none() | clinicians),
        diagnoses=diagnoses,
        lines=lines,
        patient=patient,
        frequency=frequency,
        payer_claim_control_number=draw(_text(50) if frequency != "1" else st.none() | _text(50)),
        prior_authorization=draw(st.none() | _text(50)),
        referring_provider=draw(st.none() | _referring),
        service_facility=draw(st.none() | _facilities),
        attachments=tuple(draw(st.lists(_attachments, max_size=2))),
    )


@st.composite
def any_batch(draw: st.DrawFn) -> ProfessionalClaims:
    """Any batch that the writer accepts."""
    control = st.integers(1, 999_999_999)
    moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1))  # noqa: DTZ001
    claims = [draw(_claims(f"C{index}")) for index in range(draw(st.integers(1, 3)))]
    return ProfessionalClaims(
        sender_id=draw(_text(15, 2)),
        receiver_id=draw(_text(15, 2)),
        interchange_control=draw(control),
        group_control=draw(control),
        transaction_control=draw(control),
        written_at=draw(moments).replace(second=0, microsecond=0),
        usage=draw(st.sampled_from(["P", "T"])),
        submitter=draw(_submitters),
        receiver=Receiver(draw(_text(60)), draw(_text(80, 2))),
        billing_provider=BillingProvider(
            draw(_text(60)),
            draw(_digits(min_size=10, max_size=10)),
            draw(_digits(min_size=9, max_size=9)),
            draw(_addresses),
            draw(st.none() | _alphanumeric(10)),
        ),
        claims=tuple(claims),
        receiver_qualifier=draw(st.sampled_from(["ZZ", "30", "27"])),
    )
