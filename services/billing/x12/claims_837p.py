"""What an 837P says (005010X222A1): one interchange, one billing provider, any number of claims.

Amounts are cents, days are dates; element limits are checked when the file is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.billing.x12.claims_837p_cob import OtherPayer, PayerSequence
from services.billing.x12.enclose import Addressed
from services.billing.x12.remittance import Unbalanced

Sex = Literal["F", "M", "U"]
Frequency = Literal["1", "7", "8"]
"""CLM05-3: an original, a replacement, a void."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the United States; `postal_code` has 5 or 9 digits."""

    line: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who sends the file (1000A); `identifier` was agreed with the receiver."""

    name: str
    identifier: str
    contact_name: str
    contact_phone: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the file: a clearinghouse or the payer (1000B)."""

    name: str
    identifier: str


@dataclass(frozen=True, slots=True)
class BillingProvider:
    """The practice as it bills (2000A, 2010AA); `employer_number` is its EIN, nine digits.

    `taxonomy` (PRV*BI, a NUCC code) is written where the payer decides by it.
    """

    name: str
    npi: str
    employer_number: str
    address: Address
    taxonomy: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person's name as the payer knows it."""

    last_name: str
    first_name: str | None
    middle_name: str | None = None


@dataclass(frozen=True, slots=True)
class Demographics:
    """What a payer needs to recognise a patient beside the name."""

    address: Address
    born_on: date
    sex: Sex


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The insured person (2000B, 2010BA).

    `filing_code` is SBR09 (CI commercial, MB Medicare B, MC Medicaid…). `demographics` are left
    out only where the patient is somebody else: then they are not asked for (2010BA N3).
    """

    name: Person
    member_id: str
    filing_code: str
    demographics: Demographics | None = None
    group_number: str | None = None
    insurance_type: str | None = None
    """SBR05: why Medicare is not asked first; of no other payer."""


@dataclass(frozen=True, slots=True)
class DependentPatient:
    """A patient who is not the subscriber (2000C, 2010CA); `relationship` is PAT01 (19 child…)."""

    name: Person
    relationship: str
    demographics: Demographics


@dataclass(frozen=True, slots=True)
class Payer:
    """The payer (2010BB); `identifier` is its id at the receiver (NM109, qualifier PI)."""

    name: str
    identifier: str


@dataclass(frozen=True, slots=True)
class RenderingProvider:
    """The clinician who did the work (2310B); `taxonomy` is a NUCC code."""

    name: Person
    npi: str
    taxonomy: str


@dataclass(frozen=True, slots=True)
class ReferringProvider:
    """Who sent the patient (2310A)."""

    name: Person
    npi: str


@dataclass(frozen=True, slots=True)
class ServiceFacility:
    """Where the service was given, where that is not the practice's address (2310C)."""

    name: str
    address: Address
    npi: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Paper or a file that goes to the payer another way (PWK); the claim only announces it."""

    report_type: str
    """PWK01, such as OZ (support data for the claim) or RR (radiology reports)."""
    transmission: str
    """PWK02: AA on request, BM mail, EL electronically, EM e-mail, FT file transfer, FX fax."""
    control_number: str | None = None
    """PWK06, ours, which is on the attachment too; None only where it is sent on request."""


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One charge (2400); `diagnosis_pointers` count from 1 into the claim's diagnoses."""

    control_number: str
    """Ours, echoed in the 835 (REF*6R); unique in its claim."""
    procedure: str
    charge_cents: int
    units: int
    service_on: date
    diagnosis_pointers: tuple[int, ...]
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfessionalClaim:
    """One claim (2300), its patient, payer, clinician and lines."""

    control_number: str
    """Ours, echoed in 277CA and 835 (CLM01, at most 20 characters); unique in its file."""
    charge_cents: int
    place_of_service: str
    subscriber: Subscriber
    payer: Payer
    rendering_provider: RenderingProvider | None
    """None: the billing provider did the work (2310B is then not sent)."""
    diagnoses: tuple[str, ...]
    """ICD-10-CM codes, principal first, with or without the point."""
    lines: tuple[ServiceLine, ...]
    patient: DependentPatient | None = None
    frequency: Frequency = "1"
    """1 original, 7 replaces and 8 voids the claim named by `payer_claim_control_number`."""
    payer_claim_control_number: str | None = None
    prior_authorization: str | None = None
    referring_provider: ReferringProvider | None = None
    service_facility: ServiceFacility | None = None
    attachments: tuple[Attachment, ...] = ()
    sequence: PayerSequence = "P"
    """Which of the patient's payers it goes to; each that comes before has decided (`others`)."""
    others: tuple[OtherPayer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfessionalClaims(Addressed):
    """One interchange with one group and one 837P; all control numbers are the caller's."""

    interchange_control: int
    group_control: int
    transaction_control: int
    submitter: Submitter
    receiver: Receiver
    billing_provider: BillingProvider
    claims: tuple[ProfessionalClaim, ...]


@dataclass(frozen=True, slots=True)
class ClaimsTrailer:
    """What one transaction set comes to, and the claims whose lines do not add up."""

    claims: int
    service_lines: int
    charged_cents: int
    unbalanced_count: int
    unbalanced: tuple[Unbalanced, ...]
    """The first hundred: CLM02 is not the sum of the claim's SV102 (005010X222A1, CLM02)."""
